"""What checks fastnet elsewhere: the workflows of the public host, the oldest dependencies, other Pythons."""

import os
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def jobs():
    """All but the one that publishes."""
    found = {(path.stem, name): job for path in WORKFLOWS for name, job in load(path)["jobs"].items()}
    return {name: job for name, job in found.items() if name != ("release", "publish")}


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / ".ci/run"], ids=lambda path: path.name)
def test_what_make_is_asked_for_can_be_made(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = re.findall(r"^(?:.*run: )?make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert asked
    assert set(asked) <= targets


@pytest.mark.parametrize("job", jobs().items(), ids=lambda job: "-".join(job[0]))
def test_jobs_are_whole(job):
    """Each runs somewhere, on what was checked out, with a Python, and runs something."""
    _, job = job
    assert {"runs-on", "steps"} <= job.keys() <= {"name", "needs", "runs-on", "steps", "strategy", "timeout-minutes"}
    checkout, python, *rest = job["steps"]
    assert checkout["uses"].startswith("actions/checkout@")
    assert python["uses"].startswith("actions/setup-python@")
    assert any("run" in step for step in rest)
    assert all("run" in step or re.match(r"actions/(up|down)load-artifact@", step["uses"]) for step in rest)
    named = set(re.findall(r"matrix\.(\w+)", str(job)))
    assert named == job.get("strategy", {}).get("matrix", {}).keys()


def test_the_oldest_python_and_four_systems_are_tested():
    matrix = jobs()["ci", "test"]["strategy"]["matrix"]
    assert f">={matrix['python'][0]}" == PROJECT["requires-python"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert any(name.endswith("arm") for name in matrix["os"])


def test_what_is_published_was_built_and_installed_and_no_password_is_kept():
    release = load(ROOT / ".github/workflows/release.yml")
    jobs = release["jobs"]
    assert release[True] == {"push": {"tags": ["v*"]}}  # YAML takes the word `on` for true
    assert jobs["publish"]["needs"] == ["build", "install"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [step["uses"].split("@")[0] for step in jobs["publish"]["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    pythons = jobs["install"]["strategy"]["matrix"]["python"]
    named = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert pythons == named


def test_numba_has_a_bound_that_a_scheduled_job_goes_beyond():
    (numba,) = (line for line in PROJECT["dependencies"] if line.startswith("numba"))
    assert re.fullmatch(r"numba>=[\d.]+,<[\d.]+", numba)
    newest = load(ROOT / ".github/workflows/newest.yml")
    assert newest[True]["schedule"]  # YAML takes the word `on` for true
    assert newest["jobs"]["test"]["steps"][-1] == {"run": "make newest"}


def test_every_dependency_has_an_oldest_release():
    oldest = runpy.run_path(str(ROOT / ".ci/oldest.py"))["oldest"]
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    names = {re.match(r"[\w.-]+", line)[0] for line in lines} - {PROJECT["name"]}
    pinned = oldest(PROJECT)
    assert names <= {line.split("==")[0] for line in pinned}
    assert len({line.split("==")[0] for line in pinned}) == len(pinned)
    assert oldest(
        {"dependencies": ["a>=1.2,<3", "b>=4; sys_platform == 'linux'", "c"], "optional-dependencies": {}}
    ) == [
        "a==1.2",
        "b==4; sys_platform == 'linux'",
    ]


def test_pythons_are_found_and_what_does_not_start_is_none(tmp_path, monkeypatch):
    (tmp_path / "python3.11").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (tmp_path / "python3.11").chmod(0o755)
    (tmp_path / "python3.12").write_text("no program", encoding="utf-8")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), str(tmp_path / "nothing")]))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = runpy.run_path(str(ROOT / ".ci/pythons.py"))["pythons"]()
    assert found == {sys.version_info[:2]: Path(sys.executable)}
