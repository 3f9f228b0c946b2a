"""Picture files: every common mode becomes white ink on black in 28x28, and what is no picture is refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fastnet.datasets import load_dataset
from fastnet.errors import DataError
from fastnet.pictures import FORMATS, MOST_PIXELS, read_picture

WHITE_ON_BLACK = np.zeros((28, 28), np.uint8)
WHITE_ON_BLACK[4:24, 12:16] = 255  # a one
BLACK_ON_WHITE = 255 - WHITE_ON_BLACK


@pytest.fixture
def save(tmp_path):
    def save(picture, name="picture.png", **kwargs):
        picture.save(tmp_path / name, **kwargs)
        return tmp_path / name

    return save


def sentence_of(path):
    with pytest.raises(DataError) as caught:
        read_picture(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def black_on_transparent(mode):
    """The one in black ink, on a ground that is black too but transparent."""
    alpha = Image.fromarray(WHITE_ON_BLACK)
    ink = Image.new(mode.removesuffix("A"), (28, 28), 0)
    ink.putalpha(alpha)
    assert ink.mode == mode
    return ink


def palette_with_transparent_ground():
    picture = Image.fromarray(WHITE_ON_BLACK // 255).convert("P")  # 0: ground, 1: ink
    picture.putpalette([255, 0, 0, 0, 0, 0])  # the ground is red where transparency is not heeded
    return picture


# ---- Modes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [WHITE_ON_BLACK, BLACK_ON_WHITE], ids=["white on black", "black on white"])
@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("1", "png"),
        ("L", "png"),
        ("LA", "png"),
        ("P", "png"),
        ("RGB", "png"),
        ("RGBA", "png"),
        ("1", "tif"),
        ("CMYK", "tif"),
        ("L", "bmp"),
        ("P", "gif"),
    ],
)
def test_modes_and_both_colours_of_ink(save, pixels, mode, suffix):
    path = save(Image.fromarray(pixels).convert(mode), f"picture.{suffix}")
    read = read_picture(path)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, WHITE_ON_BLACK)


@pytest.mark.parametrize("pixels", [WHITE_ON_BLACK, BLACK_ON_WHITE], ids=["white on black", "black on white"])
@pytest.mark.parametrize(("mode", "suffix"), [("CMYK", "jpg"), ("RGB", "jpg"), ("L", "jpg"), ("RGB", "webp")])
def test_lossy_formats(save, pixels, mode, suffix):
    path = save(Image.fromarray(pixels).convert(mode), f"picture.{suffix}", quality=95)
    assert np.abs(read_picture(path).astype(int) - WHITE_ON_BLACK).mean() < 3


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bits_a_pixel(save, suffix):
    grey = np.zeros((28, 28), np.uint16)
    grey[4:24] = np.arange(28) * 1000
    read = read_picture(save(Image.fromarray(grey), f"picture.{suffix}"))
    np.testing.assert_array_equal(read, grey // 256)


def test_16_bits_a_pixel_black_on_white(save):
    read = read_picture(save(Image.fromarray(BLACK_ON_WHITE.astype(np.uint16) * 257)))
    np.testing.assert_array_equal(read, WHITE_ON_BLACK)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_black_ink_on_transparent_ground(save, mode):
    np.testing.assert_array_equal(read_picture(save(black_on_transparent(mode))), WHITE_ON_BLACK)


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_palette_with_a_transparent_colour(save, suffix):
    path = save(palette_with_transparent_ground(), f"picture.{suffix}", transparency=0)
    np.testing.assert_array_equal(read_picture(path), WHITE_ON_BLACK)


def test_half_transparent_ink_is_grey(save):
    picture = black_on_transparent("RGBA")
    picture.putalpha(Image.fromarray(WHITE_ON_BLACK // 2))
    read = read_picture(save(picture))
    assert abs(int(read.max()) - 127) <= 1


def test_colours_become_luminance(save):
    picture = np.zeros((28, 28, 3), np.uint8)
    picture[4:24, 8:12], picture[4:24, 16:20] = (0, 255, 0), (0, 0, 255)
    read = read_picture(save(Image.fromarray(picture)))
    assert read[10, 9] == 150  # ITU-R 601: 0.587 of green
    assert read[10, 17] == 29  # 0.114 of blue


def test_extension_does_not_matter(save):
    path = save(Image.fromarray(WHITE_ON_BLACK), "picture.txt", format="PNG")
    np.testing.assert_array_equal(read_picture(path), WHITE_ON_BLACK)


def test_first_picture_of_an_animation_is_read(save):
    frames = [Image.fromarray(pixels) for pixels in (WHITE_ON_BLACK, WHITE_ON_BLACK.T)]
    path = save(frames[0], "picture.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_picture(path), WHITE_ON_BLACK)


# ---- Digits ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return load_dataset().test.images[:10].reshape(10, 28, 28).copy()


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "gif"])
@pytest.mark.parametrize("number", [0, 1, 2, 8])
def test_digit_of_mnist_comes_back_pixel_for_pixel(save, digits, number, suffix):
    digit = digits[number]
    np.testing.assert_array_equal(read_picture(save(Image.fromarray(digit), f"digit.{suffix}")), digit)


@pytest.mark.parametrize("number", [0, 1, 2, 8])
def test_digit_in_black_ink_comes_back_pixel_for_pixel(save, digits, number):
    digit = digits[number]
    np.testing.assert_array_equal(read_picture(save(Image.fromarray(255 - digit))), digit)


# ---- Sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2, 10])
@pytest.mark.parametrize("pixels", [WHITE_ON_BLACK, BLACK_ON_WHITE], ids=["white on black", "black on white"])
def test_enlarged_picture_shrinks_back_to_the_same(save, pixels, factor):
    large = np.kron(pixels, np.ones((factor, factor), np.uint8))
    np.testing.assert_array_equal(read_picture(save(Image.fromarray(large))), WHITE_ON_BLACK)


def test_shrinking_takes_the_mean_of_the_pixels(save):
    fine = np.zeros((56, 56), np.uint8)
    fine[8:48:2, 8:48] = 255  # every other line of a square
    read = read_picture(save(Image.fromarray(fine)))
    assert abs(int(read[14, 14]) - 127) <= 1
    assert len(np.unique(read)) == 2


@pytest.mark.parametrize("size", [(1, 1), (14, 14), (8, 8), (27, 29), (28, 56), (3, 500), (500, 3), (1000, 900)])
@pytest.mark.parametrize("ground", [0, 255])
def test_any_size_becomes_28x28(save, size, ground):
    picture = Image.new("L", size, ground)
    picture.paste(255 - ground, (size[0] // 4, size[1] // 4, size[0] - size[0] // 4, size[1] - size[1] // 4))
    read = read_picture(save(picture))
    assert read.shape == (28, 28)
    if min(size) > 3:
        assert read[14, 14] == 255
        assert read[0].max() == 0


@pytest.mark.parametrize("value", [0, 255])
def test_blank_paper_is_black(save, value):
    assert read_picture(save(Image.new("L", (40, 30), value))).max() == 0


# ---- What is no picture ---------------------------------------------------------------------------------------------

NO_PICTURE = f"is not a sound picture ({', '.join(FORMATS)} are read)"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"seven", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="PNG signature alone"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", id="PDF"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' width='28' height='28'/>", id="SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n", id="PostScript, which would be run"),
        pytest.param(b"P5 28 28 255\n" + bytes(784), id="PGM, which is not among the formats"),
    ],
)
def test_file_that_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    assert sentence_of(path) == NO_PICTURE


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif", "tif"])
def test_truncated_picture_is_refused(save, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    path = save(Image.fromarray(noise), f"picture.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert sentence_of(path) == NO_PICTURE


def test_broken_picture_is_refused(save, digits):
    path = save(Image.fromarray(digits[0]))
    content = bytearray(path.read_bytes())
    position = content.index(b"IDAT") + 10
    content[position : position + 20] = bytes(20)
    path.write_bytes(content)
    assert sentence_of(path) == NO_PICTURE


def test_tags_of_the_wrong_type_are_refused(save):
    path = save(Image.fromarray(WHITE_ON_BLACK), "picture.tif")
    strip_offsets, long, rational = 273, 4, 5
    tag = struct.pack("<HHI", strip_offsets, long, 1)
    content = path.read_bytes()
    assert tag in content
    path.write_bytes(content.replace(tag, struct.pack("<HHI", strip_offsets, rational, 1)))
    assert sentence_of(path) == NO_PICTURE


def test_directory_is_no_picture(tmp_path):
    assert sentence_of(tmp_path) == NO_PICTURE


def test_missing_file_is_named(tmp_path):
    assert sentence_of(tmp_path / "seven.png") == "no such file"


def png_header(width, height):
    """The first bytes of a PNG of that size: enough to be opened, nothing to decode."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(4001, 4000), (10_000, 10_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, size):
    assert size[0] * size[1] > MOST_PIXELS
    path = tmp_path / "large.png"
    path.write_bytes(png_header(*size))
    assert sentence_of(path) == "has more than 16 megapixels"


def test_picture_of_just_few_enough_pixels_is_read(save):
    path = save(Image.new("1", (4000, 4000), 1))
    assert read_picture(path).shape == (28, 28)
