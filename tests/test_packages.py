"""What extras bring along, and the sentence that names what is missing of them."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fastnet.errors import OptionError
from fastnet.packages import EXTRAS, installed_as, pip_install, require_packages

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[\w.-]+")


def declared():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras_bring_along_what_is_asked_for(extra):
    requirements = declared()["optional-dependencies"][extra]
    assert {installed_as(module) for module in EXTRAS[extra]} == {NAME.match(line)[0] for line in requirements}


@pytest.mark.parametrize("module", sorted({module for modules in EXTRAS.values() for module in modules}))
def test_pip_knows_packages_by_the_name_that_is_told(module):
    assert packages_distributions()[module] == [installed_as(module)]


def test_missing_packages_are_named_and_no_others(monkeypatch):
    monkeypatch.setattr("fastnet.packages.find_spec", lambda name: None if name in ("sklearn", "onnx") else name)
    with pytest.raises(OptionError, match=r"^this needs more packages: \S+ -m pip install scikit-learn onnx$"):
        require_packages("this", "numpy", "sklearn", "onnx")
    require_packages("this", "numpy")


def test_who_is_told_to_install_is_told_the_pip_of_this_python(monkeypatch, tmp_path):
    python = tmp_path / "some where" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pip_install("onnx") == f"'{python}' -m pip install onnx"
    monkeypatch.chdir(tmp_path / "some where")
    assert pip_install("onnx") == f"{Path('bin', 'python3')} -m pip install onnx"
    monkeypatch.chdir(python.parent)  # where python3 alone would be another one, of PATH
    assert pip_install("onnx") == f"'{python}' -m pip install onnx"
    monkeypatch.setenv("PATH", str(python.parent))
    assert pip_install("onnx") == "python3 -m pip install onnx"


def test_nobody_is_sent_to_the_other_fastnet():
    """The registry's package of that name is somebody else's."""
    folders = ("fastnet", "kernels", "dashboard", "weights", "benchmarks", "docs")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")]
    for path in [*paths, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        told = path.read_text(encoding="utf-8")
        assert not re.search(r"fastnet\[|pip install (-\S+ )*[\"']?fastnet\b(?!-mlp)", told), path


def test_extras_are_added_without_taking_an_editable_install_away():
    """In a checkout `make` installs fastnet so; README's other line is for an environment of its own."""
    paths = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/notebooks").glob("*.ipynb")]
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines() if "pip install" in line]
    copied = [line for line in lines if re.search(r"pip install \\?\"\.\[", line)]
    assert all("installs it elsewhere" in line for line in copied)
    assert sum("pip install -e" in line for line in lines) > 5
