"""How well and how fast pictures are read, written into docs/pictures.md (`make pictures-table`).

Every picture is rendered from digits of MNIST's test set (see rendering.py) and goes through the whole of
`Predictor.read`, from the file on.
"""

import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.publishing import publish, study_parser
from benchmarks.rendering import (
    BLACK,
    DIGITS,
    LINES,
    NON_DIGITS,
    WHITE,
    encoded,
    on_page,
    paper,
    picture,
    strokes,
    with_noise,
    with_rules,
    with_shadow,
)
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.models.calibration import expected_calibration_error
from fastnet.reading.predictor import Predictor
from fastnet.system import environment

DOCUMENT = Path("docs/pictures.md")


def seeded(*numbers: int | str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(n.encode()) if isinstance(n, str) else n for n in numbers])


def digits_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Single digits: how many are read right, and how many are answered without doubt."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| one digit ({n} pictures each) | right | answered without doubt |"
    yield "|---|--:|--:|"
    total_right = total_sure = 0
    for name, render in DIGITS.items():
        right = sure = 0
        for number in range(n):
            rng = seeded(name, number)
            row = int(rng.integers(len(images)))
            reading = predictor.read(render(rng, images[row]), name=name)
            right += reading.text == str(test.labels[row])
            sure += bool(reading.text) and not reading.flags
        total_right, total_sure = total_right + right, total_sure + sure
        yield f"| {name} | {right / n:.1%} | {sure / n:.1%} |"
    yield f"| **all** | **{total_right / n / len(DIGITS):.2%}** | {total_sure / n / len(DIGITS):.1%} |"


def lines_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Lines of 3 to 10 digits: how many digits and how many whole lines are right."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| 3 to 10 digits ({n} pictures each) | digits right | whole lines right |"
    yield "|---|--:|--:|"
    totals = np.zeros(3)
    for name, render in LINES.items():
        counts = np.zeros(3)
        for number in range(n):
            rng = seeded(name, number)
            rows = rng.integers(len(images), size=int(rng.integers(3, 11)))
            expected = "".join(str(label) for label in test.labels[rows])
            text = predictor.read(render(rng, images[rows]), name=name).text
            counts += (len(expected) - edit_distance(expected, text), len(expected), text == expected)
        totals += counts
        yield f"| {name} | {counts[0] / counts[1]:.1%} | {counts[2] / n:.1%} |"
    yield f"| **all** | **{totals[0] / totals[1]:.2%}** | **{totals[2] / n / len(LINES):.1%}** |"


def nondigits_table(predictor: Predictor, n: int) -> Iterator[str]:
    """What is no digit: how often that is said, or doubted."""
    yield f"| what is no digit ({n} pictures each) | refused or doubted | of these, answered with no digit |"
    yield "|---|--:|--:|"
    for name, render in NON_DIGITS.items():
        readings = [predictor.read(render(seeded(name, number)), name=name) for number in range(n)]
        doubted = [reading for reading in readings if reading.flags]
        none = sum(reading.digit is None for reading in doubted)
        yield f"| {name} | {len(doubted) / n:.1%} | {none / max(len(doubted), 1):.1%} |"


def mnist_table(predictor: Predictor, test: Samples) -> Iterator[str]:
    """The test set itself: as it is, through the whole pipeline as files, and as others would save it."""
    probabilities = predictor.predict_proba(test.pixels)
    plain = float(np.mean(probabilities.argmax(axis=1) == test.labels))
    yield "| MNIST's 10,000 test images | |"
    yield "|---|--:|"
    yield f"| accuracy of the network alone | {plain:.2%} |"
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "through the whole pipeline, as 28x28 arrays": lambda image: image,
        "the same, black on white, with a border of 10 pixels": lambda image: 255 - np.pad(image, 10),
    }
    for name, change in ways.items():
        readings = [predictor.read(change(image), name=name) for image in test.pixels.reshape(-1, 28, 28)]
        right = np.mean([reading.text == str(label) for reading, label in zip(readings, test.labels, strict=True)])
        yield f"| {name} | {right:.2%} |"
        sure = np.mean([not reading.flags for reading in readings])
        yield f"| ... answered without doubt | {sure:.2%} |"
    yield f"| expected calibration error (15 bins) | {expected_calibration_error(probabilities, test.labels):.2%} |"


def speed_table(predictor: Predictor, test: Samples) -> Iterator[str]:
    """Milliseconds for a file of 1000x1000 pixels, in memory, and for the network alone."""
    rng, ink = seeded("speed"), strokes(test.pixels[0].reshape(28, 28), 500)
    plain = on_page(rng, ink, side=1000)
    ruled = on_page(rng, ink, BLACK, with_rules(paper((1000, 1000), WHITE), 100, (120, 150, 210)))
    photo = with_noise(rng, with_shadow(rng, plain), 3)
    yield "| one picture of 1000x1000, one thread, median of 30 | PNG, RGB | JPEG, RGB | decoded array |"
    yield "|---|--:|--:|--:|"
    for name, page in (("plain", plain), ("ruled paper", ruled), ("shadow and grain", photo)):
        image = picture(page)
        sources = (encoded(image), encoded(image, "JPEG", quality=85), np.asarray(image))
        times = (f"{1e3 * median_seconds(lambda s=source: predictor.read(s)):.1f} ms" for source in sources)  # type: ignore[misc]
        yield f"| {name} | {' | '.join(times)} |"
    pixels = test.pixels[:1]
    seconds = median_seconds(lambda: predictor.predict_proba(pixels), 300)
    yield f"| the network alone, one image | {1e3 * seconds:.3f} ms | | |"


def median_seconds(call: Callable[[], object], n: int = 30) -> float:
    call()
    seconds = []
    for _ in range(n):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def edit_distance(a: str, b: str) -> int:
    """The least number of digits changed, left out or put in."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def main(argv: list[str]) -> None:
    """Measure and print; write into the document with --write."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("-n", type=int, default=200, help="pictures of each kind (default: 200)")
    parser.add_argument("--model", default=None, help="(default: the shipped model)")
    args = parser.parse_args(argv)
    predictor = Predictor.load(args.model) if args.model else Predictor.load()
    test = load_dataset().test
    tables = {
        "digits": digits_table(predictor, test, args.n),
        "lines": lines_table(predictor, test, args.n),
        "nondigits": nondigits_table(predictor, args.n),
        "mnist": mnist_table(predictor, test),
        "speed": speed_table(predictor, test),
    }
    machine = environment()
    for name, rows in tables.items():
        text = "\n".join(rows)
        if name == "speed":
            text += f"\n\nMeasured on {machine['cpu']}, Python {machine['python']}, NumPy {machine['numpy']}."
        publish({name: text}, args.write)
