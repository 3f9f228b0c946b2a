"""The door of the studies, and the Makefile's targets for them and for the suite."""

import importlib
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as door
from benchmarks.studies import cold_start

ROOT = Path(__file__).parents[1]
WRITTEN = {
    "roofline",
    "records",
    "scaling",
    "serving-load",
    "streaming",
}  # some of those whose target writes into documents


def run_make(*arguments):
    """What make prints, as if it were not called by another make (which hands down its options and its variables)."""
    environ = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_door_lists_each_study_without_importing_it(capsys):
    loaded = {name for name in sys.modules if name.startswith("benchmarks.studies.")}
    assert door.main([]) == door.main(["--help"]) == 0
    assert {name for name in sys.modules if name.startswith("benchmarks.studies.")} == loaded
    lines = capsys.readouterr().out.splitlines()
    for name in door.names():
        assert lines.count(f"  {name:18} {door.summary(name)}") == 2
        assert door.summary(name)
    assert {"ladder", "bench-peers", "screenshots", "pictures-table"} <= set(door.names())


def test_who_reads_only_the_head_of_the_list_sees_no_traceback():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as closed:
        command = [sys.executable, "-m", "benchmarks"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"},
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")


def test_an_unknown_study_is_refused(capsys):
    assert door.main(["nothing"]) == 2
    assert capsys.readouterr().err == "there is no study 'nothing'; python -m benchmarks lists them\n"
    assert door.main(["lader"]) == 2
    assert "did you mean ladder?" in capsys.readouterr().err


@pytest.mark.parametrize("name", door.names())
def test_each_study_tells_its_options(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [""])
    pytest.importorskip("playwright" if name in ("latency", "screenshots", "serving-load", "sessions") else "numpy")
    study = importlib.import_module(f"benchmarks.studies.{name.replace('-', '_')}")
    assert list(inspect.signature(study.main).parameters) == ["argv"]
    with pytest.raises(SystemExit) as stop:
        door.main([name, "--help"])
    assert stop.value.code == 0
    assert f"python -m benchmarks {name}" in " ".join(capsys.readouterr().out.split())


def test_the_table_of_cold_starts_has_a_row_for_each_state_of_the_cache():
    runs = [{"compilations": 155, "processor": seconds, "total": seconds + 1} for seconds in (30.0, 20.0, 28.0)]
    warm = [{"compilations": 0, "processor": 1.4, "total": 1.5}] * 3
    lines = cold_start.table({"empty": runs, "filled": warm}, load=2.0).splitlines()
    assert lines[2:4] == ["| empty | 155 | 28.0 | 29.0 |", "| filled | 0 | 1.4 | 1.5 |"]
    assert "processes of each kind: 3, medians" in lines[-1]
    assert "busy" in lines[-1]


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
@pytest.mark.parametrize("name", [name for name in door.names() if name != "bench-peers"])
def test_each_study_is_a_target(name):
    lines = run_make("--dry-run", "--always-make", name, "ARGS=--some").splitlines()
    assert lines[-1].split()[1:4] == ["-m", "benchmarks", name]
    assert lines[-1].endswith("--some")
    assert ("--write" in lines[-1]) or name not in WRITTEN


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_help_lists_targets_and_studies():
    text = run_make("help")
    assert "  make lint " in text
    assert f"  ladder             {door.summary('ladder')}" in text


@pytest.mark.parametrize(("jitted", "unjitted"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_both_halves_of_the_suite_run_and_either_can_fail_it(tmp_path, jitted, unjitted):
    program = f"""#!/bin/sh
echo "${{NUMBA_DISABLE_JIT:-0}}" >> {tmp_path}/halves
test "$NUMBA_DISABLE_JIT" && exit {unjitted}
exit {jitted}
"""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pytest").write_text(program, encoding="utf-8")
    (tmp_path / "bin/pytest").chmod(0o755)
    for name in (".created", ".installed-test"):
        (tmp_path / name).touch()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "NUMBA"))}
    command = ["make", "test", f"VENV={tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (tmp_path / "halves").read_text(encoding="utf-8").split() == ["1", "0"], done.stderr
    assert (done.returncode == 0) == (jitted == unjitted == 0)
