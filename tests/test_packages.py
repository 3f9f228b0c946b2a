"""What extras bring along, and the sentence that names what is missing of them."""

import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fastnet.errors import OptionError
from fastnet.packages import EXTRAS, installed_as, require_packages

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
    with pytest.raises(OptionError, match=r"^this needs more packages: pip install scikit-learn onnx$"):
        require_packages("this", "numpy", "sklearn", "onnx")
    require_packages("this", "numpy")


def test_nobody_is_sent_to_the_other_fastnet():
    """The registry's package of that name is somebody else's."""
    folders = ("fastnet", "kernels", "dashboard", "weights", "benchmarks", "docs")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")]
    for path in [*paths, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        told = path.read_text(encoding="utf-8")
        assert not re.search(r"fastnet\[|pip install (-\S+ )*[\"']?fastnet\b(?!-mlp)", told), path
