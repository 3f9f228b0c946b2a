"""The pictures and the report of an audit, and the command that writes them."""

import json
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from fastnet import weights
from fastnet.audit import audit_model, grids, load_audit, plots, save_audit
from fastnet.audit.making import N_POINTS
from fastnet.audit.report import PICTURES, write_everything
from fastnet.cli.audit import _text as summary_of
from fastnet.data.samples import Dataset
from fastnet.models.fields import to_json
from fastnet.models.files import read_manifest, read_model
from fastnet.models.sealed import sealed
from fastnet.packages import pip_install
from fastnet.reading.predictor import Predictor
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Training


class Page(HTMLParser):
    """What a page refers to, and what stands in it."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.links, self.ids, self.tags, self.text = [], [], [], set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        values = dict(attributes)
        self.sources += [values[name] for name in ("src", "srcset", "data") if name in values]
        self.links += [values["href"]] if "href" in values else []
        self.ids += [values["id"]] if "id" in values else []

    def handle_data(self, text):
        self.text += text


@pytest.fixture
def npz(digits, tmp_path):
    path = tmp_path / "digits.npz"
    train, test = digits.train, digits.test
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


@pytest.fixture
def own(model, tmp_path):
    return shutil.copytree(model, tmp_path / "own")


@pytest.fixture
def undrawn(monkeypatch):
    """For tests that look at no picture: all of them together take seconds."""
    monkeypatch.setattr("fastnet.audit.report.draw", lambda *_: b"a picture")


def written(audit, directory, target):
    write_everything(audit, read_model(directory), target)
    return Page((target / "report.html").read_text())


def test_the_command_writes_figures_pictures_and_a_page_that_needs_nothing_else(own, npz, fastnet):
    code, out, err = fastnet("audit", own, "--data", npz, "--points", 60, "--json")
    assert code == 0, err
    result = json.loads(out)
    figures = load_audit(own).figures
    assert result == {"directory": str(own / "audit"), **to_json(figures)}
    assert figures.embedding.n_drawn == 60
    assert all(f"auditing: {stage}\n" in err for stage in ("answers", "layers", "t-SNE", "robustness", "pictures"))
    for name in PICTURES:
        with Image.open(own / "audit" / f"{name}.png") as picture:
            assert picture.width >= 1000
            assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    page = Page((own / "audit/report.html").read_text())
    assert len(page.sources) == len(PICTURES)
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert set(page.links) == {f"#{name}" for name in page.ids}
    assert not page.tags & {"script", "link", "iframe"}
    assert f"{figures.overall.accuracy:.2%}" in page.text


def test_the_place_of_the_report_can_be_chosen_and_is_not_overwritten(own, npz, fastnet, tmp_path, undrawn):
    options = ("--data", npz, "--points", 60, "--against", own, "--out", tmp_path / "out")
    code, out, _ = fastnet("audit", own, *options)
    assert code == 0
    assert f"report and pictures are in {tmp_path / 'out'}" in out
    assert (tmp_path / "out/report.html").is_file()
    assert to_json(load_audit(own).figures) == json.loads((tmp_path / "out/audit.json").read_text())["figures"]
    assert not (own / "audit/report.html").exists()
    code, _, err = fastnet("audit", own, *options)
    assert code == 2
    assert err == f"fastnet audit: {tmp_path / 'out'}: exists already; choose another --out\n"


def test_a_place_that_cannot_be_made_is_told_of_at_once(own, fastnet, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = fastnet("audit", own, "--out", tmp_path / "file/new/out")
    assert code == 2
    assert "auditing: answers" not in err
    assert err.endswith("out: cannot be written (Not a directory); choose another --out\n")


def test_a_model_that_cannot_be_written_beside_is_told_of_at_once(own, fastnet, monkeypatch):
    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    code, _, err = fastnet("audit", own)
    assert code == 2
    assert err == (
        f"fastnet audit: {own / 'audit'}: cannot be written (Permission denied in {own}); choose another --out\n"
    )


def test_a_model_that_comes_with_fastnet_stays_as_it_is(fastnet, monkeypatch, tmp_path):
    audit = load_audit(weights.SMALL)
    monkeypatch.setattr("fastnet.audit.making.audit_model", lambda *_, **__: audit)
    monkeypatch.setattr("fastnet.audit.report.write_everything", lambda audit, files, out, _: out.mkdir())
    code, _, err = fastnet("audit", weights.SMALL)
    assert code == 2
    assert err.startswith(f"fastnet audit: {weights.SMALL}: comes with fastnet, and stays as it is")
    before = {path: path.stat().st_mtime_ns for path in (weights.DIRECTORY / weights.SMALL).rglob("*")}
    code, _, err = fastnet("audit", weights.SMALL, "--points", 60, "--out", tmp_path / "audit")
    assert code == 0, err
    assert (tmp_path / "audit").is_dir()
    assert {path: path.stat().st_mtime_ns for path in (weights.DIRECTORY / weights.SMALL).rglob("*")} == before


def test_missing_packages_are_told_in_one_sentence(own, fastnet, monkeypatch):
    monkeypatch.setattr("fastnet.packages.find_spec", lambda name: None)
    code, _, err = fastnet("audit", own)
    assert code == 2
    command = pip_install("matplotlib", "scipy", "scikit-learn", "threadpoolctl")
    assert err == f"fastnet audit: an audit needs more packages: {command}\n"


def test_options_are_told_as_they_are(own, fastnet):
    _, out, _ = fastnet("audit", "--help")
    assert f"default: {N_POINTS}" in out
    code, _, err = fastnet("audit", own, "--data", "mnist")
    assert code == 2
    assert "takes images of 64 pixels in 10 classes, and mnist has 784 pixels and 10 classes" in err


def test_a_model_without_history_or_hidden_layer_on_images_that_are_no_squares(dataset, tmp_path):
    training = Training(dataset, Recipe(hidden=(), epochs=1, batch_size=32, n_validation=0))
    training.run()
    save_run(training, tmp_path / "<b>")
    (tmp_path / "<b>/history.json").unlink()
    audit = audit_model(tmp_path / "<b>", dataset, n_points=60)
    assert audit.figures.history is None
    assert audit.figures.embedding.space == "pixels"
    assert audit.units == ()
    page = written(audit, tmp_path / "<b>", tmp_path / "out")
    assert "Audit of <b>" in page.text
    assert "b" not in page.tags
    assert len(page.sources) == len(PICTURES) - 3 - (not audit.figures.label_errors)
    for sentence in (
        "without the history of its training",
        "Left out: the model has no hidden layer.",
        "Left out: only uint8 images in a square can be distorted",
        "the model was not calibrated",
    ):
        assert sentence in page.text


def test_a_model_without_validation_and_without_errors_is_drawn(digits, tmp_path):
    training = Training(digits, Recipe(hidden=(64,), epochs=20, batch_size=32, n_validation=0))
    training.run()
    save_run(training, tmp_path / "run")
    is_right = Predictor.load(tmp_path / "run").predict(digits.test.images) == digits.test.labels
    right = Dataset(digits.train, digits.test.take(np.flatnonzero(is_right)), "what is right")
    audit = audit_model(tmp_path / "run", right, n_points=60)
    assert audit.figures.errors == ()
    page = written(audit, tmp_path / "run", tmp_path / "out")
    assert "every answer is right" in page.text
    assert "There was no validation split" in page.text


def texts_of(figure):
    return "\n".join(each.get_text() for each in figure.findobj(Text))


def test_classes_are_called_by_their_names(model, digits, tmp_path, undrawn):
    names = tuple(f"{letter}$<i>" for letter in "ABCDEFGHIJ")
    own = shutil.copytree(model, tmp_path / "own")
    manifest = replace(read_manifest(own), classes=names)
    (own / "manifest.json").write_text(json.dumps(sealed(to_json(manifest))))
    audited = audit_model(own, digits, n_points=60)
    assert audited.figures.model.classes == names
    page = written(audited, own, tmp_path / "out")
    assert all(name in page.text for name in names)
    assert "i" not in page.tags
    error = audited.figures.errors[0]
    true, predicted = (names[number].replace("$", r"\$") for number in (error.true, error.predicted))
    assert f"{true} as {predicted} (" in texts_of(grids.draw_errors(audited))
    for draw in (grids.draw_confident, plots.draw_confusion, plots.draw_classes, plots.draw_embedding):
        drawn = texts_of(draw(audited)).split("\n")
        assert all(name.replace("$", r"\$") in drawn for name in names), draw
    pair = audited.figures.classes.most_confused[0]
    assert f"{names[pair.true]} for {names[pair.predicted]} (" in summary_of(audited.figures, own)
    assert load_audit(save_audit(own, audited).parent).figures.model.class_names == names
