"""How fast a directory of pictures is read, and how much memory that takes (`make batch-prediction`).

    python -m benchmarks batch-prediction --pictures 1000 10000 100000 --write

For each number, MNIST's test digits are written over and over as small PNG files into a temporary directory, which
`fastnet predict DIR --out answers.csv` reads. Memory is the sum of the peaks of its processes, by Linux's /proc.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.publishing import study_parser, write_between_marks
from fastnet.data.loading import load_dataset
from fastnet.system import cpu_name

DOCUMENT = Path("docs/scaling-out.md")
SECONDS_BETWEEN_LOOKS = 0.05


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000, 10_000, 100_000], metavar="N")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N", help="(default: all CPUs)")
    args = parser.parse_args(argv)
    rows = [measure(n, args.threads) for n in args.pictures]
    print(json.dumps(rows, indent=2))
    if args.write:
        write_between_marks(args.write, "batch prediction", table(rows))


def measure(n: int, n_threads: int) -> dict[str, Any]:
    """Time and memory of the command on `n` pictures."""
    with tempfile.TemporaryDirectory() as directory:
        write_digits(Path(directory), n)
        out = Path(directory, "answers.csv")
        command = [sys.executable, "-P", "-m", "fastnet", "predict", directory, "--out", str(out)]
        started = time.monotonic()
        process = subprocess.Popen([*command, "--threads", str(n_threads)], stdout=sys.stderr)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            peaks.update(peaks_of(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        seconds = time.monotonic() - started
        if process.returncode or len(out.read_bytes().splitlines()) != n + 1:
            raise SystemExit(f"the command did not answer to {n} pictures")
    return {
        "pictures": n,
        "processes": n_threads,
        "seconds": round(seconds, 2),
        "pictures_per_second": round(n / seconds),
        "peak_megabytes": round(sum(peaks.values()) / 1e6, 1),
    }


def peaks_of(pid: int) -> dict[int, int]:
    """The most bytes that a process, and each that it started, has had in memory; nothing of one that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = [
            child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
    except OSError:
        return {}
    most = re.search(r"VmHWM:\s+(\d+) kB", status)
    peaks = {pid: int(most[1]) * 1024} if most else {}
    for child in children:
        peaks |= peaks_of(int(child))
    return peaks


def write_digits(directory: Path, n: int) -> None:
    """`n` PNG files of 28x28 pixels, a thousand in each of the directories 000, 001, ..."""
    digits = load_dataset().test.pixels.reshape(-1, 28, 28)
    for number in range(n):
        folder = directory / f"{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(digits[number % len(digits)]).save(folder / f"{number:06}.png", compress_level=1)


def table(rows: list[dict[str, Any]]) -> str:
    """The table in Markdown, with the machine and how busy it was."""
    lines = [
        "| pictures | reading processes | seconds | pictures/s | memory of all processes, peak |",
        "|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row['pictures']:,} | {row['processes']} | {row['seconds']:,.1f} | {row['pictures_per_second']:,}"
        f" | {row['peak_megabytes']:.0f} MB |"
        for row in rows
    ]
    load = f"load average {os.getloadavg()[0]:.1f} at the end"
    return "\n".join([*lines, "", f"Measured on {os.cpu_count()} CPUs, {cpu_name()}, {load}."])
