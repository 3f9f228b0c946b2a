"""A writer that is killed at any instant leaves a whole model, and the next writer sweeps what it left."""

import os
import subprocess
import sys

import pytest

from .conftest import PATIENCE

KILLS = 10

# Forks a child that writes over and over, reads meanwhile, kills it, looks, and writes once more itself.
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np
from fastnet.models.calibration import Calibration, write_calibration
from fastnet.models.documents import Manifest
from fastnet.models.files import read_model, write_model
from fastnet.models.model import Model

directory, n_kills, atomic = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "atomic"
if not atomic:
    from fastnet import files
    files._exchange = lambda one, other: False

def prepare():
    directory.mkdir()
    shapes = {"W1": (20, 8), "b1": (8,), "W2": (8, 3), "b2": (3,)}
    arrays = {name: np.full(shape, 0.5, np.float32) for name, shape in shapes.items()}
    write_model(directory, arrays, Manifest(layer_sizes=(20, 8, 3), pixel_scale=1.0))
    (directory / "notes.txt").write_text("mine")

# WRITER

def write_for_ever():
    number = 0
    while True:
        write(number % 2)
        number += 1

prepare()
write(0)
names = sorted(path.name for path in directory.iterdir())
for kill in range(n_kills):
    child = os.fork()
    if child == 0:
        write_for_ever()
    killed = time.monotonic() + random.uniform(0.001, 0.1)
    try:
        while time.monotonic() < killed:
            check()  # reading never fails while another writes, either
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    check()
    write(kill % 2)
    check()
    assert (directory / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in directory.iterdir()) == names, sorted(directory.iterdir())
    assert [path.name for path in directory.parent.iterdir()] == [directory.name], list(directory.parent.iterdir())
"""

CALIBRATE = """
def write(which):
    likeness = np.full(8 + 3 + 1, which, np.float32)
    write_calibration(read_model(directory), Calibration(1.5 + which, likeness, 0.0, 0.0, {}))

def check():
    calibration = Model.load(directory).calibration
    assert calibration.temperature == 1.5 + calibration.likeness[0]
"""

SAVE_RUN = """
from fastnet.data.samples import Dataset, Samples
from fastnet.training.recipe import Recipe
from fastnet.training.runs import load_run, save_run
from fastnet.training.trainer import Training

rng = np.random.default_rng(0)
samples = Samples(rng.integers(0, 255, (64, 20)).astype(np.uint8), rng.integers(0, 3, 64), 1 / 255)
dataset = Dataset(samples, samples, "small")
trainings = [Training(dataset, Recipe(hidden=(8,), epochs=2, batch_size=32, n_validation=0, engine="reference"))
             for _ in range(2)]
trainings[1].run(n_steps=2)

def prepare():
    directory.mkdir()
    (directory / "notes.txt").write_text("mine")

def write(which):
    save_run(trainings[which], directory)

def check():
    progress = load_run(directory, dataset).progress
    assert (progress.step, len(progress.history)) in ((0, 0), (2, 1))
"""

SAVE_AUDIT = """
import dataclasses, shutil
from fastnet import weights
from fastnet.audit import load_audit, save_audit

def prepare():
    shutil.copytree(weights.DIRECTORY / weights.SMALL, directory)
    (directory / "notes.txt").write_text("mine")

audit = load_audit(weights.SMALL)
audit = dataclasses.replace(audit, image_rows=audit.image_rows[:50], images=audit.images[:50])

def write(which):
    save_audit(directory, audit)

def check():
    assert len(load_audit(directory).labels) == len(audit.labels)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("way", ["atomic", "two renames"])
@pytest.mark.parametrize("writer", [CALIBRATE, SAVE_RUN, SAVE_AUDIT], ids=["calibrate", "save_run", "save_audit"])
def test_killed_writer_leaves_a_whole_model(tmp_path, writer, way):
    command = [sys.executable, "-c", SCRIPT.replace("# WRITER", writer), str(tmp_path / "model"), str(KILLS), way]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
