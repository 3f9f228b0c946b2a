"""Recipes with a name: what stays as it was, and that the command line trains them."""

import dataclasses
import signal

import pytest

from fastnet import cli
from fastnet.data.distortions import UNDISTORTED
from fastnet.training.recipe import RECIPES, Recipe
from fastnet.training.runs import load_run


def test_the_default_is_the_plain_recipe():
    assert RECIPES["plain"] == Recipe()


def test_the_small_ones_are_of_the_same_network():
    for name in ("fast", "best"):
        assert RECIPES[name].hidden == (512,)
        assert RECIPES[name].augmentation is not None


def test_command_line_trains_a_recipe_with_changes(tmp_path, capsys):
    options = ["--epochs", "1", "--hidden", "4", "--validation", "59000", "--seed", "3", "--out", str(tmp_path / "run")]
    handler = signal.getsignal(signal.SIGINT)
    assert cli.main(["train", "--recipe", "best", *options]) == 0
    assert signal.getsignal(signal.SIGINT) is handler  # who calls it gets Ctrl-C back
    expected = dataclasses.replace(RECIPES["best"], epochs=1, hidden=(4,), n_validation=59_000, seed=3)
    assert load_run(tmp_path / "run").recipe == expected


def test_command_line_distorts_as_told(tmp_path, capsys):
    options = ["--epochs", "1", "--hidden", "4", "--validation", "59000", "--out", str(tmp_path / "run")]
    assert cli.main(["train", "--rotation", "5", *options]) == 0
    expected = dataclasses.replace(UNDISTORTED, rotation=5)
    assert load_run(tmp_path / "run").recipe == Recipe(
        epochs=1, hidden=(4,), n_validation=59_000, augmentation=expected
    )


@pytest.mark.parametrize("options", [["--recipe", "best"], ["--rotation", "5"], ["--validation", "9"]], ids=" ".join)
def test_recipe_of_a_resumed_run_cannot_change(tmp_path, capsys, options):
    assert cli.main(["train", *options, "--resume", str(tmp_path)]) == 2
    assert f"{options[0]} cannot be changed when a run is resumed" in capsys.readouterr().err


def test_unknown_recipe_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["train", "--recipe", "worst"])
    assert "there is no recipe 'worst'" in capsys.readouterr().err
