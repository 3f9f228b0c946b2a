"""Opening pictures: every common mode and source becomes upright pixels, and what is no picture is refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from benchmarks.studies.fuzz import fuzz
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError
from fastnet.reading.pictures import FORMATS, Limits, prepare
from fastnet.reading.pictures.reading import open_picture

WHITE_ON_BLACK = np.zeros((28, 28), np.uint8)
WHITE_ON_BLACK[4:24, 12:16] = 255  # a one
BLACK_ON_WHITE = 255 - WHITE_ON_BLACK


@pytest.fixture
def save(tmp_path):
    def save(picture, name="picture.png", **kwargs):
        picture.save(tmp_path / name, **kwargs)
        return tmp_path / name

    return save


def read_picture(source):
    """The 28x28 pixels of the first digit; all black without any."""
    parts = prepare(source).parts
    return parts[0].pixels if parts else np.zeros((28, 28), np.uint8)


def opened(source):
    """The upright pixels."""
    return np.asarray(open_picture(source, str(source), Limits()).image)


def sentence_of(path):
    with pytest.raises(DataError) as caught:
        prepare(path)
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
@pytest.mark.parametrize(("white", "bits"), [(255, 8), (4095, 12), (65535, 16)])
def test_16_bits_a_pixel_hold_8_12_or_16(save, suffix, white, bits):
    grey = np.linspace(0, white, 28 * 30).reshape(30, 28).astype(np.uint16)
    np.testing.assert_allclose(opened(save(Image.fromarray(grey), f"picture.{suffix}")), grey * (255 / white), atol=1)


@pytest.mark.parametrize("white", [1, 255])
def test_floating_point_tiff(save, white):
    grey = np.linspace(0, white, 28 * 30, dtype=np.float32).reshape(30, 28)
    np.testing.assert_allclose(opened(save(Image.fromarray(grey), "picture.tif")), grey * (255 / white), atol=1)


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


def test_white_ink_on_transparent_ground(save):
    picture = Image.new("L", (28, 28), 255)
    picture.putalpha(Image.fromarray(WHITE_ON_BLACK))
    np.testing.assert_array_equal(read_picture(save(picture)), WHITE_ON_BLACK)


def test_a_page_with_transparent_corners_goes_on_beyond_them(save):
    page = np.full((60, 50, 4), (200, 210, 190, 255), np.uint8)
    page[15:45, 20:28, :3] = 10
    page[:8, :8, 3] = 0
    assert opened(save(Image.fromarray(page)))[2, 2].tolist() == [200, 210, 190]


def test_a_picture_that_is_all_transparent_is_blank(save):
    assert prepare(save(Image.new("RGBA", (40, 30)))).flags == ("blank",)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_is_held_any_way(save, orientation):
    upright = np.zeros((30, 40), np.uint8)
    upright[:10, :5] = 200
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how Pillow numbers what the camera did
    picture = Image.fromarray(upright)
    if orientation > 1:
        picture = picture.transpose(Image.Transpose(turn[orientation]))
    exif = Image.Exif()
    exif[274] = orientation
    np.testing.assert_array_equal(opened(save(picture, exif=exif)), upright)


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


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 28), (14, 14), (8, 8), (27, 29), (28, 56), (3, 500), (500, 3), (999, 900)]
)
@pytest.mark.parametrize("ground", [0, 255])
def test_any_size_is_read(save, size, ground):
    picture = Image.new("L", size, ground)
    picture.paste(255 - ground, (size[0] // 4, size[1] // 4, size[0] - size[0] // 4, size[1] - size[1] // 4))
    for part in prepare(save(picture)).parts:
        assert part.pixels.shape == (28, 28)
        assert part.pixels[0].max() == 0
        x0, y0, x1, y1 = part.box
        assert 0 <= x0 < x1 <= size[0]
        assert 0 <= y0 < y1 <= size[1]


@pytest.mark.parametrize("value", [0, 255])
def test_blank_paper_is_black(save, value):
    assert read_picture(save(Image.new("L", (40, 30), value))).max() == 0


# ---- What is no picture ---------------------------------------------------------------------------------------------

READ = f"({', '.join(FORMATS)} are read)"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "is empty (0 bytes)", id="empty"),
        pytest.param(b"seven", f"is text, not a picture {READ}", id="text"),
        pytest.param(
            b"<!DOCTYPE html><title>Not found</title>",
            f"is a web page (HTML), as a download that failed leaves it, not a picture {READ}",
            id="HTML",
        ),
        pytest.param(b"PK\x03\x04", f"is a zip archive, not a picture {READ}", id="zip"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "is a picture that is cut short", id="PNG signature alone"),
        pytest.param(
            b"<svg xmlns='http://www.w3.org/2000/svg' width='28' height='28'/>",
            f"is an SVG drawing, not a picture {READ}",
            id="SVG",
        ),
        pytest.param(
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n",
            f"is a PostScript document, not a picture {READ}",
            id="PostScript, which would be run",
        ),
        pytest.param(
            b"P5 28 28 255\n" + bytes(784),
            f"is no picture by its content, though its name ends in .png {READ}",
            id="PGM, which is not among the formats",
        ),
        pytest.param(
            b"\0\0\0\x1cftypavif" + bytes(16),
            "is an AVIF picture, which is not read; make PNG or JPEG of it",
            id="AVIF",
        ),
    ],
)
def test_a_file_that_is_no_picture_is_told_what_it_is(tmp_path, content, what):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    assert sentence_of(path) == what


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "gif"])
def test_a_picture_that_is_cut_short_is_told_as_that(save, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    path = save(Image.fromarray(noise), f"picture.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert sentence_of(path) == "is a picture that is cut short"


def test_broken_picture_is_refused(save, digits):
    path = save(Image.fromarray(digits[0]))
    content = bytearray(path.read_bytes())
    position = content.index(b"IDAT") + 10
    content[position : position + 20] = bytes(20)
    path.write_bytes(content)
    assert sentence_of(path) == "is a picture that is damaged"


def test_tags_of_the_wrong_type_are_refused(save):
    path = save(Image.fromarray(WHITE_ON_BLACK), "picture.tif")
    strip_offsets, long, rational = 273, 4, 5
    tag = struct.pack("<HHI", strip_offsets, long, 1)
    content = path.read_bytes()
    assert tag in content
    path.write_bytes(content.replace(tag, struct.pack("<HHI", strip_offsets, rational, 1)))
    assert sentence_of(path) == "is a picture that is damaged"


def test_half_a_tiff_file_is_refused(save):
    path = save(Image.fromarray(WHITE_ON_BLACK), "picture.tif")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    assert sentence_of(path) == "is a picture that is damaged"


def test_directory_is_no_picture(tmp_path):
    assert sentence_of(tmp_path) == "cannot be read (Is a directory)"


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
    assert size[0] * size[1] > 16_000_000
    path = tmp_path / "large.png"
    path.write_bytes(png_header(*size))
    assert sentence_of(path).startswith("has more than 16 megapixels")


def test_picture_of_just_few_enough_pixels_is_read(save):
    assert prepare(save(Image.new("1", (4000, 4000), 1))).flags == ("blank",)


def test_limits_can_be_chosen(save):
    path = save(Image.new("RGB", (100, 100)))
    with pytest.raises(DataError, match=r"has more than 0\.009 megapixels \(100 x 100 pixels\)$"):
        prepare(path, limits=Limits(megapixels=0.009))
    with pytest.raises(DataError, match=r"is larger than 5e-05 MB$"):
        prepare(path, limits=Limits(megabytes=5e-5))


def test_a_file_too_large_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse
    assert sentence_of(path) == "is larger than 20 MB"


# ---- Sources --------------------------------------------------------------------------------------------------------


def test_a_path_bytes_a_file_a_picture_and_an_array_are_the_same(save, digits):
    path = save(Image.fromarray(digits[0]))
    with path.open("rb") as file:
        sources = [path, str(path), path.read_bytes(), file, Image.open(path), digits[0], digits[0] / 255]
        for source in sources:
            np.testing.assert_allclose(read_picture(source), digits[0], atol=1)
        sources[4].close()


@pytest.mark.parametrize(
    "source", [None, 7, ["a.png", "b.png"], io.StringIO("a.png")], ids=lambda source: type(source).__name__
)
def test_what_is_no_picture_is_told_by_its_type(source):
    accepted = "a path, bytes, a binary file, a Pillow image or an array of pixels"
    with pytest.raises(DataError) as caught:
        prepare(source)
    assert str(caught.value) == f"picture: must be {accepted}, not {type(source).__name__}"


def test_a_picture_that_was_given_is_not_changed(digits):
    picture = Image.fromarray(255 - digits[0]).convert("RGBA")
    before = picture.copy()
    prepare(picture)
    assert picture == before


@pytest.mark.parametrize(
    ("array", "fault"),
    [
        (np.zeros((0, 5), np.uint8), "has no pixels"),
        (np.zeros(5, np.uint8), "an array of pixels must be (H, W), (H, W, 3) or (H, W, 4), not (5,)"),
        (np.zeros((5, 5, 2), np.uint8), "an array of pixels must be (H, W), (H, W, 3) or (H, W, 4), not (5, 5, 2)"),
        (np.full((5, 5), np.nan), "holds NaN or infinite pixels"),
        (np.full((5, 5), "a"), "pixels must be numbers, not <U1"),
        (np.zeros((5000, 5000), np.uint8), "has more than 16 megapixels (5000 x 5000 pixels)"),
    ],
)
def test_arrays_that_are_no_picture(array, fault):
    with pytest.raises(DataError) as caught:
        prepare(array)
    assert str(caught.value) == f"picture: {fault}"


def test_mutated_files_are_read_or_refused():
    result = fuzz(200, seed=1)
    assert result["read"] + result["refused"] == 200
