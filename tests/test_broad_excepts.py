"""What is no damage is never told as damage: a shortage of memory, Ctrl-C, the end of the process."""

import ast
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnet import Predictor
from fastnet.audit import contents
from fastnet.errors import DataError, ModelError, damage_told_as
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

TOP = Path(__file__).parents[1]
BROAD = {"Exception", "BaseException"}
TELLS_ALL_BY_NAME = "fastnet/timing/rivals/protocol.py"  # to another process, which would wait for ever
FOLDERS = [folder for folder in ("fastnet", "dashboard", "benchmarks") if (TOP / folder).is_dir()]


def names(handler):
    if handler.type is None:
        return {"BaseException"}
    return {ast.unparse(each) for each in getattr(handler.type, "elts", [handler.type])}


def raises_again(handler):
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_handler_takes_a_shortage_of_memory_for_something_else(folder):
    for path in (TOP / folder).rglob("*.py"):
        if str(path.relative_to(TOP)) == TELLS_ALL_BY_NAME:
            continue
        for block in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            let_through = set()
            for handler in getattr(block, "handlers", []):
                is_kept = raises_again(handler) or "MemoryError" in let_through or not names(handler) & BROAD
                assert is_kept, f"{path}:{handler.lineno}"
                let_through |= names(handler) if raises_again(handler) else set()


@pytest.mark.parametrize("fault", [MemoryError, KeyboardInterrupt, SystemExit, DataError])
def test_what_is_no_damage_goes_through(fault):
    with pytest.raises(fault), damage_told_as(ModelError, "damaged"):
        raise fault


@pytest.mark.parametrize("fault", [ValueError, IndexError, SyntaxError, RecursionError, OSError])
def test_anything_else_is_damage(fault):
    with pytest.raises(ModelError, match="damaged"), damage_told_as(ModelError, "damaged"):
        raise fault


def fail(*args, **kwargs):
    raise MemoryError


def test_pictures_are_not_called_damaged_where_memory_is_short(monkeypatch):
    content = io.BytesIO()
    Image.new("L", (9, 9)).save(content, "PNG")
    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(MemoryError):
        Predictor.load().read(content.getvalue())
    with pytest.raises(MemoryError):
        contents.load_audit("mnist-784-512-10")


def test_models_and_checkpoints_are_not_called_damaged_where_memory_is_short(dataset, tmp_path, monkeypatch):
    save_run(Training(dataset, Recipe(hidden=(16,), epochs=1, n_validation=0)), tmp_path / "run")
    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(MemoryError):
        Predictor.load(tmp_path / "run")
    with pytest.raises(MemoryError):
        load_run(tmp_path / "run", dataset)
