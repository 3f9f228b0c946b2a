"""What is public: the names that `fastnet` exports, the documents name and their code blocks import are the same."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastnet

ROOT = Path(__file__).parents[1]
PUBLIC = ("fastnet", "fastnet.kernels", "fastnet.workshop")
FOR_KERNELS = tuple(f"fastnet.kernels.{name}" for name in ("checks", "jit", "simd", "tiles"))  # see docs/kernels.md
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_what_is_exported_is_documented_and_what_is_documented_exported():
    table = (ROOT / "docs/public.md").read_text(encoding="utf-8").split("|---|---|")[1]
    firsts = [line.split("|")[1] for line in table.strip().splitlines()]
    assert sorted(re.findall(r"`(\w+)`", " ".join(firsts))) == fastnet.__all__


def test_every_name_can_be_used():
    for name in fastnet.__all__:
        value = getattr(fastnet, name)
        assert value is getattr(fastnet, name)
        assert getattr(value, "__name__", name) == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fastnet.nothing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_import_what_is_public_and_nothing_else(document):
    for block in re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "fastnet":
                names = {alias.name for alias in node.names}
                if document.name == "kernels.md" and node.module in FOR_KERNELS:
                    assert not any(name.startswith("_") for name in names)
                    continue
                assert node.module in PUBLIC, f"{document.name}: from {node.module}"
                assert names <= set(__import__(node.module, fromlist=["__all__"]).__all__)


@pytest.mark.parametrize("module", ["fastnet.fastnet", "fastnet.tests", "fastnet.benchmarks"])
def test_a_checkout_is_no_part_of_the_package(module):
    """Its root was: a second copy of each class could be imported."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"No module named '{module}'" in done.stderr
