"""Feed mutated and random files to the picture reader; report crashes, the slowest and the memory (`make fuzz`).

A file must be read, or refused with one sentence, within 2 s; memory must stay within 300 MB of the start.
"""

import io
import json
import time
from collections import Counter

import numpy as np
from PIL import Image

from benchmarks.publishing import study_parser
from fastnet.errors import DataError
from fastnet.reading.predictor import Predictor
from fastnet.timing.rivals.protocol import peak_memory

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MODES = ("1", "L", "P", "RGB", "RGBA", "CMYK", "LA", "I;16", "F")
MOST_SECONDS, MOST_MEGABYTES = 2.0, 300


def seeds(rng: np.random.Generator) -> list[bytes]:
    """Sound files of every kind, small and large."""
    files = []
    for size in ((28, 28), (61, 40), (300, 200)):
        grey = Image.fromarray(rng.integers(0, 256, size[::-1], dtype=np.uint8)).resize(size)
        for kind in KINDS:
            for mode in MODES:
                content = io.BytesIO()
                try:
                    grey.convert("F" if mode == "F" else "L").convert(mode).save(content, kind)
                except (OSError, ValueError, KeyError):
                    continue  # this kind of file knows no such mode
                files.append(content.getvalue())
    return files


def mutated(rng: np.random.Generator, files: list[bytes]) -> bytes:
    """A sound file with bytes changed, cut, doubled or put in from another; or no picture at all."""
    content = bytearray(files[rng.integers(len(files))])
    match int(rng.integers(6)):
        case 0:
            for position in rng.integers(len(content), size=int(rng.integers(1, 20))):
                content[position] = rng.integers(256)
        case 1:  # in the header, where sizes and offsets stand
            for position in rng.integers(min(len(content), 64), size=int(rng.integers(1, 6))):
                content[position] = rng.choice([0, 1, 127, 128, 255])
        case 2:
            del content[int(rng.integers(len(content))) :]
        case 3:
            start, stop = sorted(rng.integers(len(content), size=2))
            content[start:start] = content[start:stop]
        case 4:
            other = files[rng.integers(len(files))]
            content[int(rng.integers(len(content))) :] = other[int(rng.integers(len(other))) :]
        case _:
            content[int(rng.integers(12)) :] = rng.bytes(int(rng.integers(2000)))
    return bytes(content)


def fuzz(n: int, seed: int = 0) -> dict[str, float]:
    """Read `n` files; an exception other than DataError ends it."""
    rng = np.random.default_rng(seed)
    predictor, files = Predictor.load(), seeds(rng)
    for content in files:
        predictor.read(content)
    start = peak_memory()
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(n):
        content = mutated(rng, files)
        began = time.perf_counter()
        try:
            predictor.read(content)
            outcomes["read"] += 1
        except DataError as error:
            if "\n" in str(error):
                raise
            outcomes["refused"] += 1
        slowest = max(slowest, time.perf_counter() - began)
    return {"files": n, **outcomes, "slowest_seconds": slowest, "megabytes_more": (peak_memory() - start) / 2**20}


def main(argv: list[str]) -> int:
    """Run it; the exit code is 1 beyond a limit."""
    parser = study_parser(__doc__)
    parser.add_argument("-n", type=int, default=10_000, help="files (default: 10000)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    result = fuzz(args.n, args.seed)
    print(json.dumps(result))
    return int(result["slowest_seconds"] > MOST_SECONDS or result["megabytes_more"] > MOST_MEGABYTES)
