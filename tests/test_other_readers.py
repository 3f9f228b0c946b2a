"""Readers beside fastnet in the table of pictures: each gets the settings that are best for it, and may be missing."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import other_readers
from benchmarks.other_readers import MARGIN, digits_of, rapid_ocr, tesseract
from benchmarks.rendering import inverted
from benchmarks.studies.pictures_table import hard_pictures, share_right


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((12, 20), 200, np.uint8)).save(path)
    return path


def test_digits_alone_are_compared():
    assert digits_of("1 2\n3l_٣") == "123"
    assert share_right(["12", "", "7"], ["12", "", "1"]) == pytest.approx(2 / 3)


def test_readers_that_are_not_installed_are_left_out(picture, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tesseract([picture]) is None
    monkeypatch.setattr(other_readers, "_RAPID_OCR", Path(__file__))  # whatever ends in an error
    assert rapid_ocr([picture], sys.executable) == {}


def test_tesseract_gets_paper_around_the_picture(picture):
    padded = np.asarray(other_readers._with_margin(picture))
    assert padded.shape == (12 + 2 * MARGIN, 20 + 2 * MARGIN)
    assert (padded == 200).all()


def test_a_picture_and_its_inverse_differ_in_nothing_else(picture):
    twice = inverted(inverted(picture.read_bytes()))
    assert inverted(twice) == inverted(picture.read_bytes())


def test_hard_pictures_have_their_digits():
    shown = hard_pictures()
    assert all(path.is_file() for path in shown.files)
    assert len(shown.files) == len(shown.truths) > 80
    assert set("".join(shown.truths)) == set("0123456789")
