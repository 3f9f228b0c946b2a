"""Forms: named boxes of a printed page are read from scans that lie askew; errors of their descriptions are told."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet.errors import DataError
from fastnet.reading.constraints import Constraint
from fastnet.reading.form import read_form
from fastnet.reading.handwriting import page_of, writing_in
from fastnet.reading.registration import applied, place_by_blank, place_by_marks

from . import forms

N = 3  # scans of a kind
NEAR = 3  # pixels of a page 1,400 high: lines of print are as thick


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def described(tmp_path):
    """Writes a description and the empty form beside it; the description's path."""

    def write(**more):
        forms.empty("marks" in more).save(tmp_path / "blank.png")
        path = tmp_path / "form.json"
        path.write_text(json.dumps(forms.description(**more)))
        return path

    return write


@pytest.fixture
def scans(rng, tmp_path):
    """Makes scans of filled-in forms, `scans/0.png` and so on; what was written into each."""

    def make(n=N, with_marks=True):
        (tmp_path / "scans").mkdir()
        truths = []
        for number in range(n):
            filled = forms.filled(rng, with_marks)
            forms.scanned(rng, filled.picture).save(tmp_path / "scans" / f"{number}.png")
            truths.append(filled.truth)
        return truths

    return make


# ---- Reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"marks": forms.MARKS}, {"blank": "blank.png"}], ids=["marks", "blank"])
def test_fields_of_scans_that_lie_askew_are_read_and_empty_ones_are_empty(fastnet, described, scans, tmp_path, how):
    form, truths = described(**how), scans(with_marks="marks" in how)
    code, out, _ = fastnet("predict", tmp_path / "scans", "--fields", form, "--json")
    answers = json.loads(out)["results"]
    assert code == 0
    assert [answer["path"] for answer in answers] == [str(tmp_path / "scans" / f"{number}.png") for number in range(N)]
    fields = [
        (truth[name], answer["fields"][name]) for truth, answer in zip(truths, answers, strict=True) for name in truth
    ]
    assert all(field["empty"] and not field["flags"] for truth, field in fields if not truth)
    assert not any(field["empty"] for truth, field in fields if truth)
    n_right = sum(field["text"] == truth for truth, field in fields if truth)
    assert n_right >= 0.8 * sum(bool(truth) for truth, _ in fields)


def test_a_table_has_a_row_a_form_and_what_was_read_side_by_side(fastnet, described, scans, tmp_path):
    form, truths = described(marks=forms.MARKS), scans(n=2)
    (tmp_path / "scans" / "none.png").write_bytes(b"no picture")
    code, _, err = fastnet("predict", tmp_path / "scans", "--fields", form, "--out", tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert code == 1
    assert "none.png" in err
    assert list(rows[0])[: 3 + len(forms.BOXES)] == ["path", "page", *forms.BOXES, "doubtful"]
    for row, truth in zip(rows[:2], truths, strict=True):
        assert all((row[name] == "") == (text == "") for name, text in truth.items())
        assert all(row[f"{name}_flags"] == row[f"{name}_probability"] == "" for name, text in truth.items() if not text)
    assert rows[2]["error"]


def test_pages_of_a_document_are_a_row_each(fastnet, described, rng, tmp_path):
    pages = [forms.scanned(rng, forms.filled(rng).picture) for _ in range(2)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    code, out, _ = fastnet(
        "predict", tmp_path / "scan.tif", "--fields", described(marks=forms.MARKS), "--format", "csv"
    )
    assert code == 0
    assert [row["page"] for row in csv.DictReader(out.splitlines())] == ["1", "2"]


def test_what_is_known_of_a_field_is_held_against_its_digits(fastnet, described, tmp_path, rng):
    form = described(marks=forms.MARKS)
    content = json.loads(form.read_text())
    for field in content["fields"]:
        field["digits"] += 1
    form.write_text(json.dumps(content))
    filled = forms.filled(rng, share_empty=0)
    forms.scanned(rng, filled.picture).save(tmp_path / "scan.png")
    _, out, _ = fastnet("predict", tmp_path / "scan.png", "--fields", form, "--json")
    (answer,) = json.loads(out)["results"]
    assert answer["doubtful"] == list(forms.BOXES)
    assert all("unsure" in field["flags"] for field in answer["fields"].values())


def test_another_form_and_one_without_its_marks_are_errors(fastnet, described, rng, tmp_path):
    forms.filled(rng, with_marks=False).picture.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "other.png")
    for how, words in (({"marks": forms.MARKS}, "marks were not found"), ({"blank": "blank.png"}, "does not show")):
        code, out, _ = fastnet("predict", tmp_path / "other.png", "--fields", described(**how), "--json")
        assert code == 1
        assert words in json.loads(out)["results"][0]["error"]


def test_without_marks_or_blank_the_picture_is_the_page(fastnet, described, rng, tmp_path):
    filled = forms.filled(rng)
    filled.picture.save(tmp_path / "scan.png")
    _, out, _ = fastnet("predict", tmp_path / "scan.png", "--fields", described(), "--json")
    fields = json.loads(out)["results"][0]["fields"]
    assert all(fields[name]["empty"] == (not text) for name, text in filled.truth.items())


# ---- Where the page lies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("turn", "scale"), [(3, 1.02), (-3, 0.98), (0, 1)])
@pytest.mark.parametrize("by_marks", [True, False])
def test_the_page_is_found_to_some_pixels(rng, turn, scale, by_marks):
    page = forms.filled(rng, by_marks).picture
    with_points = page.copy()
    scan = forms.scanned(rng, with_points, turn, scale, grain=0)
    place = place_by_marks(scan, forms.MARKS, "scan") if by_marks else place_by_blank(scan, forms.empty(False))
    corners = np.array([(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)])
    found = applied(place, corners) - np.array(forms.SIZE) / 2
    wanted = (corners - 0.5) * forms.SIZE * scale
    angle = np.radians(-turn)
    wanted = wanted @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = (found - wanted).mean(axis=0)  # it was shifted by a few pixels, we don't know how many
    assert np.abs(shift).max() <= 12
    assert np.abs(found - wanted - shift).max() <= NEAR


# ---- Handwriting -----------------------------------------------------------------------------------------------------


def test_a_stroke_across_a_printed_line_is_whole_and_the_line_is_gone():
    page = np.full((200, 400), 255, np.uint8)
    page[150:153, 20:380] = 20  # a line to write on
    page[100:185, 200:206] = 40  # a stroke that crosses it
    writing = writing_in(page_of(Image.fromarray(page)), (0.05, 0.4, 0.95, 0.95))
    ink = writing < 128
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert len(columns) <= 12
    assert len(rows) == rows[-1] - rows[0] + 1 >= 80


def test_dust_and_what_stands_beside_a_field_leave_it_empty(rng):
    page = np.full((400, 400), 250, np.uint8)
    page[180:183, 150:153] = 30
    page[20:120, 200:210] = 30
    assert writing_in(page_of(Image.fromarray(page)), (0.2, 0.35, 0.8, 0.65)) is None


# ---- Descriptions ----------------------------------------------------------------------------------------------------

FIELD = {"name": "a", "box": [0.1, 0.1, 0.2, 0.2]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON"),
        ([], "must be an object"),
        ({}, "fields must be a list"),
        ({"fields": []}, "fields must be from 1 to 1,000"),
        ({"fields": [FIELD], "mark": []}, "mark is unknown; did you mean marks?"),
        ({"fields": [FIELD | {"digit": 2}]}, r"fields\[0\].digit is unknown; did you mean digits?"),
        ({"fields": [FIELD | {"digits": 0}]}, r"fields\[0\]: the number of digits"),
        ({"fields": [FIELD | {"digits": "6"}]}, r"fields\[0\].digits must be a whole number"),
        ({"fields": [FIELD | {"range": "9-1"}]}, r"fields\[0\]: a range goes"),
        ({"fields": [FIELD | {"check": "lun"}]}, "did you mean luhn"),
        ({"fields": [FIELD | {"box": [0.1, 0.1, 0.2]}]}, r"fields\[0\].box must be \[x0, y0, x1, y1\]"),
        ({"fields": [FIELD | {"box": [0.3, 0.1, 0.2, 0.2]}]}, r"fields\[0\].box"),
        ({"fields": [FIELD | {"box": [0, 0, 10, 20]}]}, r"fields\[0\].box"),
        ({"fields": [FIELD, FIELD]}, r"fields\[1\].name must be of its own"),
        ({"fields": [FIELD | {"name": "error"}]}, r"fields\[0\].name"),
        ({"fields": [FIELD], "marks": [[0, 0]]}, "marks must be 4 points"),
    ],
)
def test_what_is_wrong_with_a_description_is_told(tmp_path, content, words):
    path = tmp_path / "form.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DataError, match=words) as told:
        read_form(path)
    assert str(told.value).startswith(f"{path}: ")


def test_the_description_that_the_document_shows_is_one(tmp_path):
    document = Path(__file__).parents[1] / "docs" / "forms.md"
    (shown,) = re.findall(r"```json\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "form.json").write_text(shown)
    form = read_form(tmp_path / "form.json")
    assert [field.constraint for field in form.fields] == [Constraint(digits=6), Constraint(range=(0, 50))]
    assert form.blank_path == tmp_path / "blank.png"


def test_a_description_or_blank_form_that_is_not_there_is_told(fastnet, described, tmp_path):
    code, _, err = fastnet("predict", "scan.png", "--fields", tmp_path / "none.json")
    assert (code, "no such file" in err) == (2, True)
    code, _, err = fastnet("predict", "scan.png", "--fields", tmp_path)
    assert (code, f"{tmp_path}: is no file" in err) == (2, True)
    form = described(blank="none.png")
    forms.empty().save(tmp_path / "scan.png")
    code, _, err = fastnet("predict", tmp_path / "scan.png", "--fields", form)
    assert (code, "none.png: no such file" in err) == (1, True)


@pytest.mark.parametrize("options", [["--explain", "why.png"], ["--digits", "3"]])
def test_options_that_say_nothing_about_forms_are_refused(fastnet, described, tmp_path, options):
    forms.empty().save(tmp_path / "scan.png")
    assert fastnet("predict", tmp_path / "scan.png", "--fields", described(), *options)[0] == 2
