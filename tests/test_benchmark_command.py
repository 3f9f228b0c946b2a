"""`fastnet benchmark`: its JSON and its table, on a few samples; rivals that are missing or fail have their say."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from fastnet import cli
from fastnet.timing import contests, machine
from fastnet.timing.rivals.process import Entrant

PEERS = contests.PEERS
FASTNET = Entrant("fastnet", f"{PEERS}.numba_engine", {"threads": 1})
NUMPY = Entrant("numpy", f"{PEERS}.numpy_reference", {"threads": 1})
MISSING = Entrant("jax", f"{PEERS}.jax_scan", needs=("no_such_package",))
BROKEN = Entrant("pytorch", f"{PEERS}.no_such_rival")


@pytest.fixture(scope="module")
def run():
    """(standard output, standard error) of the command with --json and few rivals."""
    chosen = [
        contests.Contest("epoch", (FASTNET, MISSING, BROKEN, NUMPY)),
        contests.Contest("adam_step", (FASTNET, NUMPY), kernel="adam_step"),
    ]
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(machine, "quick_contests", lambda n_threads: chosen)
        assert cli.main(["benchmark", "--samples", "640", "--json"]) == 0
    return out.getvalue(), err.getvalue()


def test_figures_for_machines(run):
    figures = json.loads(run[0])
    assert set(figures) == {
        *("seconds", "environment", "versions", "load_average", "samples", "not_installed", "contests")
    }
    fastnet, broken, numpy = figures["contests"]["epoch"]
    assert (fastnet["name"], fastnet["ratio"], fastnet["settings"]) == ("fastnet", 1.0, {"threads": 1})
    assert 0 < fastnet["least"] <= fastnet["seconds"] <= fastnet["most"]
    assert numpy["ratio"] == pytest.approx(numpy["seconds"] / fastnet["seconds"])
    assert broken["name"] == "pytorch"
    assert "no_such_rival" in broken["error"]
    assert figures["not_installed"] == ["jax"]
    assert figures["versions"]["numpy"]
    assert "numpy: " in run[1]  # progress


def test_a_training_step_is_an_epoch_by_its_steps(run):
    contests = json.loads(run[0])["contests"]
    epoch, step = contests["epoch"][0], contests["training_step"][0]
    assert step["seconds"] == pytest.approx(epoch["seconds"] / 10)
    assert step["ratio"] == epoch["ratio"]


def test_table_for_people(run):
    lines = machine.text(json.loads(run[0])).splitlines()
    assert lines[0].startswith("an epoch of 640 images, 784-512-10")
    assert lines[1].startswith("  fastnet (1 thread)  ")
    assert any("PyTorch" in line and "failed: " in line and "no_such_rival" in line for line in lines)
    assert "not installed: JAX" in lines
    assert any(line.startswith("adam_step, 407,050 weights") for line in lines)


def test_shares_of_the_roofline_stand_in_the_table_where_they_were_measured(run):
    figures = json.loads(run[0])
    assert "share of what" not in machine.text(figures)
    kernel = {"name": "adam_step", "seconds": 1e-4, "share": 0.87, "bound": "L3"}
    lines = machine.text(figures | {"roofline": {"ceilings": {}, "kernels": [kernel]}}).splitlines()
    assert any(line.split() == ["adam_step", "100", "us", "87%", "(L3)"] for line in lines)


def test_quick_contests_have_every_rival_once():
    epoch, *kernels = machine.quick_contests(2)
    assert {"fastnet", "jax", "pytorch", "numpy", "sklearn"} <= {entrant.name for entrant in epoch.entrants}
    assert [contest.kernel for contest in kernels] == ["linear_relu", "softmax_cross_entropy", "adam_step"]
    assert all({entrant.name for entrant in contest.entrants} == {"fastnet", "numpy"} for contest in kernels)


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        cli.main(["benchmark", "--help"])
    assert "fastnet benchmark --json" in capsys.readouterr().out


def test_without_fastnet_there_is_no_ratio():
    result = {
        "environment": {},
        "versions": {},
        "load_average": None,
        "skipped": {"fastnet": {"epoch": "it died"}},
        "contests": {
            "epoch": {
                "entrants": {
                    "numpy": {"settings": {"threads": 1}, "seconds": {"median": 2.0, "least": 1.0, "most": 3.0}}
                }
            }
        },
    }
    rows = machine.figures_of(result, [contests.Contest("epoch", (FASTNET, NUMPY))], 640)["contests"]["epoch"]
    assert rows[0] == {"name": "fastnet", "error": "it died"}
    assert rows[1]["ratio"] is None
