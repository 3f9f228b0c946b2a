"""Imports run downwards only: the contracts in pyproject.toml hold, and what breaks one is found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def tree(tmp_path):
    """The package as one tree, of links into the checkout, beside the folder `benchmarks`."""
    if os.environ.get("CI") != "true":  # CI must not skip
        pytest.importorskip("importlinter", reason="import-linter is not installed")
    package = tmp_path / "fastnet"
    package.mkdir()
    folders = [ROOT / name for name in ("kernels", "dashboard", "weights")]
    for path in [*(ROOT / "fastnet").glob("[!_]*"), *(ROOT / "fastnet").glob("__*__.py"), *folders]:
        (package / path.name).symlink_to(path)
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    return tmp_path


def broken_contracts(tree: Path) -> str:
    """What the checker has to say of a tree; nothing where all contracts hold."""
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(sys.argv[1:])"
    command = [sys.executable, "-c", code, "--no-logo", "--no-cache", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert "Analyzed" in done.stdout, done.stderr
    return "" if done.returncode == 0 else done.stdout


def test_imports_run_downwards(tree):
    assert broken_contracts(tree) == ""


@pytest.mark.parametrize(
    ("module", "line", "sentence"),
    [
        ("seeds", "from fastnet.data import samples", "fastnet.seeds is not allowed to import fastnet.data"),
        ("seeds", "def late():\n    import fastnet.cli", "fastnet.seeds is not allowed to import fastnet.cli"),
        (
            "knobs",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fastnet.training.recipe import Recipe",
            "fastnet.knobs is not allowed to import fastnet.training",
        ),
        ("knobs", "from . import Recipe", "fastnet.knobs is not allowed to import fastnet.training"),
        ("system", "import benchmarks.publishing", "fastnet is not allowed to import benchmarks"),
        ("somewhere", "", "somewhere"),
    ],
)
def test_what_breaks_a_contract_is_found(tree, module, line, sentence):
    path = tree / "fastnet" / f"{module}.py"
    path.unlink(missing_ok=True)
    path.write_text(line + "\n", encoding="utf-8")
    assert sentence in broken_contracts(tree)


def test_a_room_of_the_dashboard_knows_none_above_it(tree):
    folder = tree / "fastnet" / "dashboard"
    folder.unlink()
    folder.mkdir()
    for path in (ROOT / "dashboard").glob("[!_]*"):
        (folder / path.name).symlink_to(path)
    (folder / "__init__.py").touch()
    (folder / "server").unlink()
    (folder / "server").mkdir()
    (folder / "server" / "__init__.py").write_text("from fastnet.dashboard.session import store\n", encoding="utf-8")
    assert "dashboard.server is not allowed to import fastnet.dashboard.session" in broken_contracts(tree)
