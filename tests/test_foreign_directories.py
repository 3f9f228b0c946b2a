"""Whatever a name stands for, each command that gets it says one sentence and ends with code 2, or 1 for pictures."""

import os
import shutil

import pytest

from fastnet import weights
from fastnet.cli import main

SHIPPED = weights.DIRECTORY / weights.SMALL
COMMANDS = (
    *("inspect", "evaluate", "calibrate", "audit", "export --to npz --out model.npz", f"compare-models {SHIPPED}"),
    *("train --resume", "predict seven.png --model", "predict"),
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no model")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "with spaces").mkdir()
    (tmp_path / "line\nfeed").mkdir()
    return tmp_path


def sentence(capsys, command, name):
    """What is said of a name."""
    code = main([*command.split(), name])
    captured = capsys.readouterr()
    assert (code, captured.out) == (1 if command == "predict" else 2, "")
    (line,) = captured.err.rstrip("\n").split("\n")
    return line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["empty", "file", "loop", "with spaces", "line\nfeed", "nowhere", "file/below"])
def test_what_is_no_model_is_one_sentence(place, capsys, command, name):
    assert name.replace("\n", "\\n") in sentence(capsys, command, name)


@pytest.fixture
def forbidden(place):
    """A directory that must not be listed nor entered, and a model of which parts are so."""
    (place / "closed").mkdir()
    shutil.copytree(SHIPPED, place / "closed" / "model")
    shutil.copytree(SHIPPED, place / "partly")
    closed = place / "closed", place / "partly" / "calibration.json", place / "partly" / "audit"
    for path in closed:
        path.chmod(0)
    if os.access(place / "closed", os.R_OK):
        pytest.skip("this user may read everything")
    yield place
    for path in closed:
        path.chmod(0o700)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["closed", "closed/model"])
def test_what_must_not_be_read_is_one_sentence(forbidden, capsys, command, name):
    assert "permission denied" in sentence(capsys, command, name).lower()


def test_parts_of_a_model_that_must_not_be_read_are_not_missing(forbidden, capsys):
    for command in ("audit", "export --to npz --out model.npz", "predict seven.png --model"):
        assert "calibration.json: cannot be read (Permission denied)" in sentence(capsys, command, "partly")
    assert main(["inspect", "partly"]) == 2
    told = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert (told["calibration"], told["audit"]) == ("NOT SOUND", "NOT SOUND")
