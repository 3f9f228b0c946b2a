"""Files that are more than a plain picture: pages, PDF, HEIC, scans beyond the limit; and a missing extra."""

import io
import json
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from fastnet.data.loading import load_dataset
from fastnet.errors import DataError
from fastnet.reading.batch import read_pages
from fastnet.reading.pictures import Limits, files, prepare


def needs(module):
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is an extra")


@pytest.fixture(scope="module")
def sheets():
    """Two pages of paper, with a 7 and a 2 on them."""
    return [Image.fromarray(255 - np.pad(image.reshape(28, 28), 20)).resize((340, 340)) for image in mnist(2)]


def mnist(n):
    return load_dataset().test.images[:n]


def saved(pages, form, **options):
    content = io.BytesIO()
    pages = [page.copy() for page in pages]  # Pillow keeps how a picture was saved last
    pages[0].save(content, form, save_all=True, append_images=pages[1:], **options)
    return content.getvalue()


def pdf(pages):
    """A document with the pictures on pages of 4 inches."""
    return saved(pages, "PDF", resolution=85)


# ---- Pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["TIFF", pytest.param("PDF", marks=needs("pypdfium2"))])
def test_each_page_of_a_document_is_answered(predictor, sheets, form):
    content = pdf(sheets) if form == "PDF" else saved(sheets, form)
    answers = list(read_pages(predictor, "letter", content))
    assert [(answer["path"], answer["page"], answer["text"]) for answer in answers] == [
        ("letter", 1, "7"),
        ("letter", 2, "2"),
    ]
    assert predictor.read(content).text == "7"
    assert [reading.text for reading in predictor.read_pages(content)] == ["7", "2"]


def test_a_picture_has_no_page_and_an_animation_is_its_first_picture(predictor, sheets):
    for content in (saved(sheets[:1], "TIFF"), saved(sheets, "GIF"), saved(sheets[:1], "PNG")):
        (answer,) = read_pages(predictor, "seven", content)
        assert ("page" in answer, answer["text"]) == (False, "7")


def test_a_page_that_is_damaged_has_an_error_in_its_place(predictor, sheets):
    content = bytearray(saved(sheets, "TIFF", compression="tiff_lzw"))
    with Image.open(io.BytesIO(content)) as image:
        image.seek(1)
        start = image.tag_v2[273][0]
    content[start : start + 40] = bytes(40)
    first, second = read_pages(predictor, "letter", bytes(content))
    assert (first["text"], second["page"]) == ("7", 2)
    assert second["error"] == "letter: is a picture that is damaged"


def test_more_pages_than_are_read_are_told(predictor, sheets):
    (answer,) = read_pages(predictor, "letter", saved(sheets, "TIFF"), Limits(pages=1))
    assert answer == {"path": "letter", "error": "letter: has 2 pages, and 1 are read at most"}


@needs("pypdfium2")
def test_a_page_of_any_size_is_drawn_within_the_limit(sheets):
    assert 600_000 < np.prod(prepare(pdf(sheets)).size) < 660_000  # 4 inches of 200 pixels, each way
    assert np.prod(prepare(pdf(sheets), limits=Limits(megapixels=0.1)).size) <= 100_000


@needs("pypdfium2")
def test_a_broken_document_is_told(sheets):
    with pytest.raises(DataError, match=r"^picture: is a damaged PDF document, or one that asks for a password$"):
        prepare(b"%PDF-1.7\n" + bytes(100))


def test_the_command_numbers_pages(fastnet, sheets, tmp_path):
    (tmp_path / "letter.tif").write_bytes(saved(sheets, "TIFF"))
    code, out, _ = fastnet("predict", tmp_path / "letter.tif", "--format", "jsonl")
    assert code == 0
    assert [(json.loads(line)["page"], json.loads(line)["text"]) for line in out.splitlines()] == [(1, "7"), (2, "2")]
    _, out, _ = fastnet("predict", tmp_path / "letter.tif")
    assert [line.partition(" (")[0] for line in out.splitlines()] == [
        f"{tmp_path / 'letter.tif'}, page 1: 7",
        f"{tmp_path / 'letter.tif'}, page 2: 2",
    ]
    _, out, _ = fastnet("predict", tmp_path / "letter.tif", "--format", "csv")
    assert [line.rpartition(",")[2] for line in out.splitlines()] == ["page", "1", "2"]


# ---- Extras ---------------------------------------------------------------------------------------------------------


@needs("pillow_heif")
def test_a_photograph_of_a_phone_is_read(predictor, sheets):
    content = io.BytesIO()
    import_module("pillow_heif").from_pillow(sheets[0].convert("RGB")).save(content, quality=80)
    assert predictor.read(content.getvalue()).text == "7"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"%PDF-1.7\n",
            "is a PDF document, which one more package reads; install pypdfium2 (fastnet's extra 'pdf')",
        ),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0",
            "is a HEIC picture, which one more package reads; install pillow-heif (fastnet's extra 'heic')",
        ),
    ],
)
def test_without_an_extra_one_sentence_says_what_to_do(monkeypatch, tmp_path, content, sentence):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        prepare(path)
    assert str(caught.value) == f"{path}: {sentence}, or save it as JPEG or PNG"


# ---- Large pictures -------------------------------------------------------------------------------------------------


def large(form, **options):
    content = io.BytesIO()
    Image.new("L", (300, 200), 255).save(content, form, **options)
    return content.getvalue()


def test_a_scan_beyond_the_limit_is_reduced_while_it_is_decoded():
    small = Limits(megapixels=0.02)  # a third of the picture
    for content in (large("JPEG"), large("MPO", save_all=True, append_images=[Image.new("L", (30, 20))])):
        assert prepare(content, limits=small).size == (300, 200)
    for content in (large("PNG"), large("JPEG", progressive=True)):  # of these, all would be held at once
        with pytest.raises(DataError, match=r"has more than 0\.02 megapixels \(300 x 200 pixels\)$"):
            prepare(content, limits=small)
    with pytest.raises(DataError, match=r"has more than 0\.01 megapixels"):
        prepare(large("JPEG"), limits=Limits(megapixels=0.01))


def test_a_scan_of_35_megapixels_is_read(predictor):
    page = Image.new("L", (4960, 7016), 255)
    page.paste(Image.fromarray(255 - mnist(1)[0].reshape(28, 28)).resize((700, 700)), (2000, 3000))
    content = io.BytesIO()
    page.save(content, "JPEG", quality=70)
    reading = predictor.read(content.getvalue())
    assert (reading.text, reading.size) == ("7", (4960, 7016))
    x0, y0, x1, y1 = reading.digits[0].box
    assert 2000 < x0 < x1 < 2700
    assert 3000 < y0 < y1 < 3700
