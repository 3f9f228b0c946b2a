"""Audits are kept whole, tied to their weights, and small."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from fastnet import weights
from fastnet.audit import Audit, audit_model, contents, load_audit, save_audit
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Dataset
from fastnet.errors import ClaimedError, ModelError, NoAuditError, StaleAuditError
from fastnet.files import claim
from fastnet.models.calibration import Calibration, write_calibration
from fastnet.models.files import read_model, write_model
from fastnet.models.network import Network
from fastnet.models.sealed import sealed
from fastnet.reading.predictor import Predictor

MOST_BYTES = 2_500_000


@pytest.fixture
def audited(model, audit, tmp_path):
    """A copy of the model with its audit."""
    copy = shutil.copytree(model, tmp_path / "model")
    save_audit(copy, audit)
    return copy


def test_what_is_loaded_is_what_was_saved(audited, audit):
    loaded = load_audit(audited)
    assert (loaded.model_sha256, loaded.figures) == (audit.model_sha256, audit.figures)
    for field in dataclasses.fields(Audit):
        saved, found = getattr(audit, field.name), getattr(loaded, field.name)
        if field.name not in ("model_sha256", "figures"):
            for one, other in zip(saved, found, strict=True) if isinstance(saved, tuple) else [(saved, found)]:
                np.testing.assert_array_equal(one, other)
                assert one.dtype == other.dtype


def test_images_are_those_of_the_rows(audited, digits):
    audit = load_audit(audited)
    for row in audit.image_rows:
        np.testing.assert_array_equal(audit.image_of(row), digits.test.images[row].reshape(8, 8))
    missing = np.setdiff1d(np.arange(400), audit.image_rows)
    assert audit.image_of(int(missing[0])) is None
    assert audit.image_of(400) is None
    shown = [each.row for each in [*audit.figures.errors, *audit.figures.label_errors]]
    shown += [row for rows in [*audit.figures.confident, *(layer.ravel() for layer in audit.units)] for row in rows]
    shown = {*audit.points, *shown} - {-1}
    assert set(audit.image_rows) == shown
    number = 70  # in the second row of the sprite
    top, left = 8 * (number // contents.SPRITE_COLUMNS), 8 * (number % contents.SPRITE_COLUMNS)
    np.testing.assert_array_equal(audit.sprite[top : top + 8, left : left + 8], audit.images[number])


def test_a_model_without_an_audit(model):
    with pytest.raises(NoAuditError, match="has no audit yet; run: fastnet audit"):
        load_audit(model)


def test_an_audit_of_other_weights_is_refused(audited):
    content = (audited / "W2.npy").read_bytes()
    changed = np.load(audited / "W2.npy")
    changed[0, 0] += 1
    np.save(audited / "W2.npy", changed)
    with pytest.raises(ModelError, match=r"W2\.npy: its SHA-256"):
        load_audit(audited)
    files = read_model(shutil.copytree(weights.DIRECTORY / weights.SMALL, audited.parent / "other"))
    shutil.rmtree(files.directory / "audit", ignore_errors=True)
    shutil.copytree(audited / "audit", files.directory / "audit")
    with pytest.raises(StaleAuditError, match="was made with other weights or another calibration; run: fastnet audit"):
        load_audit(files.directory)
    (audited / "W2.npy").write_bytes(content)
    load_audit(audited)


def test_an_audit_from_before_the_calibration_is_refused(audited):
    likeness = np.zeros(16 + 10 + 1, np.float32)
    write_calibration(read_model(audited), Calibration(1.5, likeness, 0.0, 0.0, {}))
    with pytest.raises(StaleAuditError):
        load_audit(audited)


def test_a_calibration_that_differs_in_its_last_bits_is_the_one_that_was_audited(audited):
    figures, files = load_audit(audited).figures, read_model(audited)
    calibrated = dataclasses.replace(figures, calibration=dataclasses.replace(figures.calibration, temperature=1.5))
    for temperature, is_same in ((1.5, True), (1.5 * (1 + 1e-9), True), (1.51, False)):
        write_calibration(files, Calibration(temperature, np.zeros(16 + 10 + 1, np.float32), 0.0, 0.0, {}))
        assert contents._is_of(files, files.sha256, calibrated) == is_same


def test_an_audit_of_another_version_is_refused(audited, monkeypatch):
    monkeypatch.setattr(contents, "FORMAT_VERSION", 2)
    with pytest.raises(StaleAuditError, match="is of another version of fastnet"):
        load_audit(audited)


@pytest.mark.parametrize("name", ["labels.npy", "probabilities.npy", "units2.npy", "images.png"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_named(audited, name, damage):
    path = audited / "audit" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[: len(content) // 2])
    with pytest.raises(ModelError) as caught:
        load_audit(audited)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content["figures"]["overall"].update(accuracy=1.0),
        lambda content: content["figures"]["overall"].update(accuracy=float("nan")),
        lambda content: content["arrays"]["labels"].update(shape=[5]),
        lambda content: content.pop("figures"),
        lambda content: content.update(format="other"),
    ],
)
def test_changed_figures_are_refused(audited, damage):
    path = audited / "audit/audit.json"
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"audit\.json: (its SHA-256 is not that of its content|is not the audit)"):
        load_audit(audited)
    path.write_text("[1,")
    with pytest.raises(ModelError, match="is not sound JSON"):
        load_audit(audited)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("history", lambda figures: figures["history"]["train_loss"].pop()),
        ("classes", lambda figures: figures["classes"].update(support=[])),
        ("classes", lambda figures: figures["classes"]["confusion"][1].pop()),
        ("classes", lambda figures: figures.update(confident=[])),
        ("layers", lambda figures: figures.update(layers=[])),
        ("layers", lambda figures: figures["layers"][0]["histogram"]["density"].pop()),
        ("calibration", lambda figures: figures["calibration"]["after"]["n"].pop()),
        ("calibration", lambda figures: figures["calibration"]["coverage"]["share"].pop()),
        ("robustness", lambda figures: figures.update(robustness={"n": 10, "curves": {}})),
    ],
)
def test_figures_that_do_not_fit_together_are_refused(audited, audit, name, damage):
    path = audited / "audit/audit.json"
    content = json.loads(path.read_text())
    damage(content["figures"])
    path.write_text(json.dumps(sealed(content)))
    with pytest.raises(ModelError, match=rf"audit\.json: the figures of {name} do not fit together"):
        load_audit(audited)


def test_the_audit_of_weights_that_were_replaced_meanwhile_is_refused(audited, audit):
    files = read_model(audited)
    others = {name: array + np.float32(1) for name, array in files.parameters.items()}
    write_model(audited, others, files.manifest)
    with pytest.raises(ModelError, match="are not those that were audited; run it again"):
        save_audit(audited, audit)
    with pytest.raises(StaleAuditError):  # the earlier one stands as it was
        load_audit(audited)


def test_the_audit_of_a_model_that_is_trained_is_refused(audited, audit):
    with claim(audited), pytest.raises(ClaimedError, match="another process writes to it"):
        save_audit(audited, audit)


def test_a_failed_save_leaves_the_audit_as_it_was(audited, audit, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(contents, "write_array", fail)
    with pytest.raises(OSError, match="No space left"):
        save_audit(audited, audit)
    assert load_audit(audited).figures == audit.figures
    assert not [path for path in audited.iterdir() if path.name.startswith(".")]


def test_reading_an_audit_needs_numpy_and_pillow_alone(audited):
    code = f"""
import sys
from fastnet.audit import load_audit
load_audit({str(audited)!r}).sprite
print([name for name in ("sklearn", "scipy", "matplotlib", "numba", "tqdm") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_file_is_a_pickle(audited):
    for path in (audited / "audit").glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in (audited / "audit").iterdir()} == {".npy", ".json", ".png"}


# ---- The models that come with fastnet ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", weights.names())
def test_shipped_models_come_with_their_audit(name):
    audit, test = load_audit(name), load_dataset().test
    np.testing.assert_array_equal(audit.labels, test.labels)
    assert audit.figures.overall.accuracy == read_model(name).manifest.test.accuracy
    np.testing.assert_array_equal(audit.image_of(audit.points[5]).ravel(), test.images[audit.points[5]])
    kept = [*(weights.DIRECTORY / name / "audit").glob("*.npy")]
    kept += [weights.DIRECTORY / name / "audit" / file for file in (contents.CONTENTS, contents.IMAGES)]
    assert sum(path.stat().st_size for path in kept) <= MOST_BYTES


@pytest.mark.parametrize("name", weights.names())
def test_shipped_audits_are_written_byte_for_byte(name, tmp_path, monkeypatch):
    shipped = weights.DIRECTORY / name / "audit"
    monkeypatch.setattr(contents, "_png", lambda pixels: (shipped / contents.IMAGES).read_bytes())  # versions differ
    contents.write_audit(read_model(name), load_audit(name), tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (shipped / path.name).read_bytes()


def test_the_samples_pass_the_network_once(model, digits, monkeypatch):
    """Their distorted copies pass the engine, and more than once."""
    n_rows = []
    forward = Network.forward
    monkeypatch.setattr(Network, "forward", lambda self, x: n_rows.append(len(x)) or forward(self, x))
    audit_model(model, digits, n_points=50)
    assert n_rows == [len(digits.test)]


def test_a_shipped_model_is_audited_as_it_answers():
    name = "mnist-784-512-10-best"  # whose temperature is not 1
    whole = load_dataset()
    some = Dataset(whole.train, whole.test.take(np.arange(300)), "some")
    audit = audit_model(name, some, n_points=100)
    predictor = Predictor.load(name)
    np.testing.assert_allclose(audit.probabilities, predictor.predict_proba(some.test.images), atol=1e-6)
    assert audit.figures.calibration.temperature == predictor.calibration.temperature
    assert audit.figures.calibration.before != audit.figures.calibration.after
    assert len(audit.figures.history.epoch) == 360
    assert audit.figures.robustness.curves["rotation"].accuracy[6] == audit.figures.overall.accuracy
