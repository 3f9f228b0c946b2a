"""`fastnet inspect` tells what there is, and finds every file that is not as it should be."""

import json
import shutil

import pytest

from fastnet import cli, weights
from fastnet.audit import inspection
from fastnet.audit.inspection import InspectedAudit, inspect_model
from fastnet.errors import ModelError
from fastnet.models.files import count_parameters
from fastnet.models.sealed import sealed
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training


@pytest.fixture
def shipped(tmp_path):
    """A copy of a small model that comes along."""
    return shutil.copytree(weights.DIRECTORY / weights.SMALL, tmp_path / "model")


@pytest.fixture
def run(dataset, tmp_path):
    """A run of one of two epochs."""
    training = Training(dataset, Recipe(hidden=(16,), epochs=2, batch_size=32, n_validation=88))
    training.run(n_steps=training.steps_per_epoch)
    save_run(training, tmp_path / "run")
    return tmp_path / "run"


def append(path):
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize("name", weights.names())
def test_shipped_models_are_sound_and_told(name):
    facts = inspect_model(name)
    manifest = json.loads((weights.DIRECTORY / name / "manifest.json").read_text())
    assert facts.complaints == ()
    assert facts.n_parameters == manifest["n_parameters"] == count_parameters(manifest["layer_sizes"])
    told = facts.to_json()
    for field in ("recipe", "data", "test", "test_over_seeds", "environment", "license", "epochs"):
        assert told[field] == manifest.get(field)
    assert facts.calibration.sound
    assert facts.history == manifest["epochs"]
    assert facts.checkpoint is None
    assert facts.card
    assert all(array.sound for array in facts.arrays.values())
    assert facts.bytes == sum(path.stat().st_size for path in (weights.DIRECTORY / name).iterdir() if path.is_file())


def test_run_under_way(run):
    facts = inspect_model(run)
    assert facts.complaints == ()
    assert (facts.epochs, facts.history, facts.checkpoint) == (1, 1, True)
    assert facts.calibration is facts.audit is facts.test is facts.test_over_seeds is None


def test_a_run_that_is_saved_meanwhile_is_sound(dataset, run, monkeypatch):
    training, read_manifest = load_run(run, dataset), inspection.read_manifest
    training.run()
    saved = []

    def read_and_be_overtaken(directory):
        manifest = read_manifest(directory)
        if not saved:
            saved.append(save_run(training, directory))
        return manifest

    monkeypatch.setattr(inspection, "read_manifest", read_and_be_overtaken)
    facts = inspect_model(run)
    assert saved
    assert (facts.complaints, facts.epochs) == ((), 2)


@pytest.mark.parametrize("name", ["W1.npy", "b2.npy", "likeness.npy", "calibration.json", "history.json"])
def test_each_damaged_file_is_found(shipped, name):
    append(shipped / name)
    (complaint,) = inspect_model(shipped).complaints
    assert complaint.startswith(f"{shipped / name}: ")


def test_damaged_checkpoint_is_found(run):
    append(run / "checkpoint.npz")
    facts = inspect_model(run)
    assert facts.checkpoint is False
    assert "checkpoint.npz" in facts.complaints[0]


def test_missing_array_and_wrong_count_are_found(shipped):
    (shipped / "W2.npy").unlink()
    manifest = json.loads((shipped / "manifest.json").read_text())
    (shipped / "manifest.json").write_text(json.dumps(sealed({**manifest, "n_parameters": 3, "epochs": 7})))
    facts = inspect_model(shipped)
    assert [name for name, array in facts.arrays.items() if not array.sound] == ["W2"]
    told = " ".join(facts.complaints)
    for part in ("W2.npy: cannot be read", "n_parameters 3, not 407050", "not the history of 7 epochs"):
        assert part in told


def test_audit_of_other_weights_is_told(shipped):
    assert inspect_model(shipped).audit == InspectedAudit(sound=True)
    other = next(name for name in weights.names() if name != weights.SMALL)
    shutil.rmtree(shipped / "audit")
    assert inspect_model(shipped).audit is None
    shutil.copytree(weights.DIRECTORY / other / "audit", shipped / "audit")
    facts = inspect_model(shipped)
    assert facts.audit == InspectedAudit(sound=False)
    assert "other weights" in facts.complaints[0]


@pytest.mark.parametrize("nonsense", [None, "text", 3, [], {}, {"accuracy": "high", "source": None, "epochs": "many"}])
def test_odd_manifests_are_told_without_a_traceback(run, capsys, nonsense):
    manifest = json.loads((run / "manifest.json").read_text())
    for name in ("data", "recipe", "test", "test_over_seeds", "environment", "epochs", "validation_accuracy"):
        (run / "manifest.json").write_text(json.dumps(sealed({**manifest, name: nonsense})))
        assert cli.main(["inspect", str(run)]) in (0, 2)
        assert "30-16-4, 564 parameters" in capsys.readouterr().out


def test_command_prints_and_complains(shipped, capsys):
    assert cli.main(["inspect", str(shipped)]) == 0
    out = capsys.readouterr().out
    for part in ("784-512-10, 407,050 parameters", "99.40%", "180 of 180", "over 5 seeds", "MIT"):
        assert part in out
    append(shipped / "W1.npy")
    assert cli.main(["inspect", str(shipped), "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"fastnet inspect: {json.loads(captured.out)['complaints'][0]}\n"


def test_what_is_no_model_is_one_sentence(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match="not sound JSON"):
        inspect_model(tmp_path)
    assert cli.main(["inspect", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
