"""The memory of trainings on more than memory holds, written into docs/streaming.md (`make streaming`; Linux).

Each training runs in a process of its own. Memory is what the process has of its own (RssAnon), at its peak: pages of a
mapped file are the system's to drop. The training on a file also runs under a limit (RLIMIT_DATA): once it is ready, it
may allocate no more than a quarter of the file's size.
"""

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.publishing import publish, study_parser
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.training.recipe import FAST
from fastnet.training.trainer import Training

DOCUMENT = Path("docs/streaming.md")
STEPS_BETWEEN_LOOKS = 64
CHUNK = 10_000  # images that are written at a time


def main(argv: list[str]) -> None:
    """Measure each training in turn; print and optionally write the table."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--samples", type=int, default=8_000_000, help="of the long epoch (default: 8 million)")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of the file of images (default: 2)")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.child:
        print(json.dumps(train(**args.child)))
        return
    table = "\n".join(lines(args.samples, args.gigabytes))
    publish({"streaming": table}, args.write)


def lines(n_samples: int, gigabytes: float) -> list[str]:
    """The table."""
    n_train = len(load_dataset().train)
    n_mapped = round(gigabytes * 2**30 / 784)
    rows = [
        ("1,000 digits", measured(n_samples=1000)),
        (f"{n_train:,} digits", measured(n_samples=n_train)),
        (f"{n_samples:,} digits, a stream from {n_train:,}", measured(n_samples=n_samples)),
    ]
    with tempfile.TemporaryDirectory(dir=".") as directory:
        path = Path(directory) / "images.npy"
        write_images(path, n_mapped)
        rows.append((f"{n_mapped:,} digits in a mapped file", measured(path=str(path))))
    return [
        "| an epoch of | images | memory at most | samples a second |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {figures['image_bytes'] / 2**20:,.0f} MiB | {figures['bytes'] / 2**20:,.0f} MiB |"
            f" {figures['samples_per_second']:,.0f} |"
            for name, figures in rows
        ),
    ]


def measured(**child: Any) -> dict[str, float]:
    """The figures of a training in another process."""
    command = [sys.executable, "-m", "benchmarks", "streaming", "--child", json.dumps(child)]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def train(n_samples: int = 0, path: str | None = None) -> dict[str, float]:
    """One epoch of distorted digits: of a file's, or of `n_samples` from the training set."""
    data = load_dataset()
    if path:
        images = np.load(path, mmap_mode="r")
        train_samples = Samples(images, np.resize(data.train.labels, len(images)), PIXEL_SCALE)
    else:
        train_samples = data.train.take(np.arange(min(n_samples, len(data.train))))
    passes = -(-n_samples // len(train_samples)) or 1
    recipe = dataclasses.replace(FAST, epochs=1, passes=passes, warmup_epochs=0.1, n_validation=0)
    training = Training(Dataset(train_samples, data.test, "a stream"), recipe)
    training.compile_kernels()
    if path:
        import resource  # of the systems that have it: its options are told on all

        limit = bytes_of("VmData") + train_samples.pixels.nbytes // 4
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    most = bytes_of("RssAnon")
    n_steps = 0

    def look(loss: float) -> None:
        nonlocal most, n_steps
        n_steps += 1
        if n_steps % STEPS_BETWEEN_LOOKS == 0:
            most = max(most, bytes_of("RssAnon"))

    started = time.perf_counter()
    training.run(on_step=look)
    return {
        "bytes": max(most, bytes_of("RssAnon")),
        "image_bytes": train_samples.pixels.nbytes,
        "samples_per_second": training.n_per_epoch / (time.perf_counter() - started),
    }


def bytes_of(name: str) -> int:
    """A figure of this process's memory, as Linux names it."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition(f"{name}:")[2].split()[0])


def write_images(path: Path, n: int) -> None:
    """The training set's images again and again, a file of `n`."""
    images = load_dataset().train.images
    mapped = np.lib.format.open_memmap(path, "w+", np.uint8, (n, images.shape[1]))
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        mapped[start:stop] = images[np.arange(start, stop) % len(images)]
    mapped.flush()
