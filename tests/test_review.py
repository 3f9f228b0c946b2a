"""The page of what is doubtful: what is on it, and training on what it saves."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet.data.corrections import WEIGHT
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError
from fastnet.models.data import data_of
from fastnet.models.files import read_model
from fastnet.reading.predictor import Predictor
from fastnet.reading.review import Review
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import Training

from . import forms
from .doubtful import N_DOUBTFUL, written_review

PICTURES = Path(__file__).parent / "pictures"


@pytest.fixture
def page(fastnet, tmp_path):
    return written_review(fastnet, tmp_path)


def content(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(text.split('id="content">')[1].split("</script>")[0])


def test_what_is_doubtful_is_on_the_page_and_nothing_else(page):
    items = content(page)["items"]
    assert [item["path"].rsplit("/", 1)[-1] for item in items] == [f"letter-{n}.png" for n in range(N_DOUBTFUL)]
    assert all(item["flags"] and item["likeliest"] and item["second"] for item in items)


def test_the_page_is_one_file_that_may_fetch_nothing(page):
    text = page.read_text(encoding="utf-8")
    without_names = re.sub(r'"http://www.w3.org/2000/svg"|\'http://www.w3.org/2000/svg\'', "", text)
    assert re.findall(r"https?:|\bsrc=|@import|url\(", without_names) == []
    assert "default-src 'none'" in text


def test_empty_cells_of_a_doubtful_grid_are_not_to_be_corrected():
    reading = Predictor.load().read(PICTURES / "grid-9x9.png")
    review = Review(tuple("0123456789"))
    review.add("grid.png", "", dataclasses.replace(reading, flags=("low contrast",)))
    assert any(digit.kind == "empty" for digit in reading.digits)
    assert 0 < int(review.summary.split()[0]) <= sum(digit.kind != "empty" for digit in reading.digits)


def test_marks_between_digits_are_not_to_be_corrected():
    digits = [np.kron(image.reshape(28, 28), np.ones((4, 4), np.uint8)) for image in load_dataset().test.images[:2]]
    page = np.pad(np.hstack([digits[0], np.zeros((112, 40), np.uint8), digits[1]]), 20)
    page[98:108, 147:157] = 255
    reading = Predictor.load().read(255 - page)
    assert [digit.kind for digit in reading.digits] == ["digit", "other", "digit"]
    assert reading.digits[1].flags == ("no digit", "a mark between digits")
    review = Review(tuple("0123456789"))
    review.add("point.png", "", reading)
    assert review.summary == "0 doubtful digits in 1 reading"


def test_names_of_files_end_no_element_of_the_page(fastnet, tmp_path):
    name = "<" + "script>&.png"
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / name)
    fastnet("predict", tmp_path / name, "--review", tmp_path / "review.html")
    assert (tmp_path / "review.html").read_text(encoding="utf-8").count("<script") == 2


def test_fields_of_forms_are_reviewed_by_their_names(fastnet, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "form.json").write_text(json.dumps(forms.description(marks=forms.MARKS)))
    page = np.asarray(forms.empty()).copy()
    page[710:760, 400:404] = page[710:714, 400:460] = page[756:760, 400:460] = page[710:760, 456:460] = 0
    forms.scanned(rng, Image.fromarray(page), 0, 1).save(tmp_path / "scan.png")
    options = "--fields", tmp_path / "form.json", "--review", tmp_path / "review.html"
    assert fastnet("predict", tmp_path / "scan.png", *options)[0] == 0
    assert {item["field"] for item in content(tmp_path / "review.html")["items"]} == {"remark"}


def test_a_page_is_not_replaced_and_is_of_pictures(fastnet, page, tmp_path):
    assert fastnet("predict", tmp_path / "pictures", "--review", page)[0] == 2
    np.save(tmp_path / "images.npy", load_dataset().test.images[:3])
    assert fastnet("predict", tmp_path / "images.npy", "--review", tmp_path / "other.html")[0] == 2
    assert not (tmp_path / "other.html").exists()


# ---- Training on them -----------------------------------------------------------------------------------------------


@pytest.fixture
def corrections(dataset, tmp_path):
    """Five samples of the small data set, with other labels."""
    path = tmp_path / "corrections.csv"
    rows = np.column_stack([(dataset.test.labels[:5] + 1) % 4, dataset.test.images[:5]])
    header = ",".join(["label", *(f"pixel{number}" for number in range(dataset.test.n_features))])
    np.savetxt(path, rows, "%d", ",", header=header, comments="")
    return path


def test_corrections_stand_in_the_training_set_and_weigh_more(npz, corrections):
    plain, corrected = load_dataset(npz), load_dataset(npz, corrections=corrections)
    assert len(corrected.train) == len(plain.train) + 5
    assert corrected.train.total_weight() == len(plain.train) + 5 * WEIGHT
    assert np.array_equal(corrected.train.images[-5:], plain.test.images[:5])
    assert np.array_equal(corrected.train.labels[-5:], (plain.test.labels[:5] + 1) % 4)
    assert np.array_equal(corrected.test.images, plain.test.images)


def test_a_training_on_corrections_is_validated_on_what_its_model_was(npz, corrections):
    recipe = Recipe(hidden=(4,), n_validation=20)
    plain, corrected = (Training(load_dataset(npz, corrections=path), recipe) for path in (None, corrections))
    assert (corrected.validation_samples.pixels == plain.validation_samples.pixels).all()
    assert len(corrected.train_samples) == len(plain.train_samples) + 5


def test_a_training_on_corrections_starts_from_a_model_and_goes_on(fastnet, npz, corrections, tmp_path):
    recipe = "--hidden", "8", "--engine", "reference", "--validation", "100"
    assert fastnet("train", "--data", npz, *recipe, "--epochs", "1", "--out", tmp_path / "first")[0] == 0
    again = "--engine", "reference", "--validation", "100", "--epochs", "2", "--out", tmp_path / "second"
    data = "--data", npz, "--corrections", corrections
    code, _, err = fastnet("train", "--from", tmp_path / "first", *data, *again, "--stop-after", "1")
    assert (code, "5 corrections" in err) == (0, True)
    assert fastnet("train", "--resume", tmp_path / "second")[0] == 0
    files = read_model(tmp_path / "second")
    assert files.manifest.epochs == 2
    assert data_of(files).corrections == str(corrections)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["label,a,b", "1,2,3"], "holds images of 2 uint8 pixels"),
        (["label," + ",".join(map(str, range(30))), "7" + ",1" * 30], "has the label '7'"),
    ],
)
def test_corrections_of_other_data_are_refused(npz, tmp_path, rows, words):
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError, match=words):
        load_dataset(npz, corrections=path)


def test_corrections_that_are_not_there_are_told(npz, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_dataset(npz, corrections=tmp_path / "none.csv")
    with pytest.raises(DataError, match="is no file"):
        load_dataset(npz, corrections=tmp_path)
