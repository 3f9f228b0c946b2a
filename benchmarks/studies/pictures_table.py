"""How well and how fast pictures are read, written into docs/pictures.md (`make pictures-table`).

Every picture is rendered from digits of MNIST's test set (see rendering.py) and goes through the whole of
`Predictor.read`, from the file on.
"""

import csv
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.form_rendering import FORMS
from benchmarks.form_scores import FormScore, form_score
from benchmarks.other_readers import digits_of, rapid_ocr, tesseract
from benchmarks.publishing import of_this_cpu, publish, study_parser
from benchmarks.rendering import (
    BLACK,
    DIGITS,
    LINES,
    NON_DIGITS,
    SLANTING,
    TOUCHING,
    WHITE,
    encoded,
    inverted,
    on_page,
    paper,
    picture,
    strokes,
    with_noise,
    with_rules,
    with_shadow,
)
from benchmarks.wild_rendering import FAULTS, wild
from fastnet import weights
from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.models.calibration import expected_calibration_error
from fastnet.reading.predictor import Predictor
from fastnet.system import environment

DOCUMENT, HARD = Path("docs/pictures.md"), Path("tests/pictures")
TABLES = (
    "digits",
    "wild",
    "polarity",
    "lines",
    "slanting",
    "touching",
    "forms",
    "nondigits",
    "readers",
    "mnist",
    "speed",
)
POLAR = (
    "black on white",
    "thin pen",
    "JPEG, quality 10",
    "out of focus",
    "10x10 to 28x28 pixels",
    "small and enlarged",
)
READERS = (weights.SMALL, "mnist-best-large", weights.DEFAULT)


def seeded(*numbers: int | str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(n.encode()) if isinstance(n, str) else n for n in numbers])


def _rows_of_shares(
    kinds: Mapping[str, Callable[..., Any]], n: int, outcome: Callable[..., tuple[bool, ...]]
) -> Generator[str, None, np.ndarray]:
    """A row a kind with the shares of `n` pictures for which each part of the outcome is so; return those of all."""
    shares = []
    for name, render in kinds.items():
        shares.append(np.mean([outcome(name, render, seeded(name, number)) for number in range(n)], axis=0))
        yield f"| {name} | {' | '.join(f'{share:.1%}' for share in shares[-1])} |"
    of_all: np.ndarray = np.mean(shares, axis=0)
    return of_all


def digits_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Single digits: how many are read right, answered without doubt, and wrongly so."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| one digit ({n} pictures each) | right | answered without doubt | sure and wrong |"
    yield "|---|--:|--:|--:|"

    def outcome(name: str, render: Callable[..., Any], rng: np.random.Generator) -> tuple[bool, ...]:
        row = int(rng.integers(len(images)))
        reading = predictor.read(render(rng, images[row]), name=name)
        is_right, is_sure = reading.text == str(test.labels[row]), bool(reading.text) and not reading.flags
        return is_right, is_sure, is_sure and not is_right

    right, sure, wrong = yield from _rows_of_shares(DIGITS, n, outcome)
    yield f"| **all** | **{right:.2%}** | {sure:.1%} | {wrong:.2%} |"


def wild_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Single digits with everything drawn at random: by what speaks against the picture, and of all."""
    images = test.pixels.reshape(-1, 28, 28)
    yield "| one digit, everything drawn at random | pictures | right | sure and wrong |"
    yield "|---|--:|--:|--:|"
    outcomes: dict[str, list[tuple[bool, bool]]] = {fault: [] for fault in ("none of these", *FAULTS, "**all**")}
    for number in range(n):
        rng = seeded("wild", number)
        row = int(rng.integers(len(images)))
        made = wild(rng, images[row])
        reading = predictor.read(made.file, name="wild")
        is_right = reading.text == str(test.labels[row])
        outcome = is_right, bool(reading.text) and not reading.flags and not is_right
        for fault in (*(made.faults or {"none of these"}), "**all**"):
            outcomes[fault].append(outcome)
    for fault, its in outcomes.items():
        right, wrong = np.mean(its, axis=0)
        yield f"| {fault} | {len(its)} | {right:.1%} | {wrong:.1%} |"


def lines_table(
    predictor: Predictor, test: Samples, n: int, kinds: Mapping[str, Callable[..., bytes]]
) -> Iterator[str]:
    """Lines of 3 to 10 digits: how many digits and how many whole lines are right."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| 3 to 10 digits ({n} pictures each) | digits right | whole lines right |"
    yield "|---|--:|--:|"
    totals = np.zeros(3)
    for name, render in kinds.items():
        counts = np.zeros(3)
        for number in range(n):
            rng = seeded(name, number)
            rows = rng.integers(len(images), size=int(rng.integers(3, 11)))
            expected = "".join(str(label) for label in test.labels[rows])
            text = predictor.read(render(rng, images[rows]), name=name).text
            digits = text.replace("\n", "")
            is_whole = text == ("\n".join(expected) if name == "column" else expected)
            counts += (len(expected) - edit_distance(expected, digits), len(expected), is_whole)
        totals += counts
        yield f"| {name} | {counts[0] / counts[1]:.1%} | {counts[2] / n:.1%} |"
    yield f"| **all** | **{totals[0] / totals[1]:.2%}** | **{totals[2] / n / len(kinds):.1%}** |"


def touching_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Pairs of digits that touch: how many are read right, and how many wrongly without doubt."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| two digits ({n} pictures each) | right | sure and wrong |"
    yield "|---|--:|--:|"

    def outcome(name: str, render: Callable[..., Any], rng: np.random.Generator) -> tuple[bool, ...]:
        rows = rng.integers(len(images), size=2)
        reading = predictor.read(render(rng, images[rows]), name=name)
        is_right = reading.text == "".join(str(label) for label in test.labels[rows])
        return is_right, not is_right and not reading.flags

    right, wrong = yield from _rows_of_shares(TOUCHING, n, outcome)
    yield f"| **all** | **{right:.1%}** | {wrong:.1%} |"


def forms_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """Forms and grids: how many filled fields are right, how many empty ones are said to be empty."""
    yield f"| forms and grids ({n} of each kind) | filled fields right | empty ones said to be empty | sure and wrong |"
    yield "|---|--:|--:|--:|"
    total = FormScore()
    for name, render in FORMS.items():
        score = FormScore()
        for number in range(n):
            form = render(seeded("forms", name, number), test)
            score += form_score(predictor.read(form.file, name=name), form)
        total += score
        yield f"| {name} | {_form_row(score)} |"
    yield f"| **all** | {_form_row(total)} |"


def _form_row(score: FormScore) -> str:
    n_fields = score.n_filled + score.n_empty
    shares = ((score.n_right, score.n_filled), (score.n_said_empty, score.n_empty), (score.n_sure_and_wrong, n_fields))
    return " | ".join(f"{part / whole:.1%}" if whole else "" for part, whole in shares)


def polarity_table(predictor: Predictor, test: Samples, n: int) -> Iterator[str]:
    """The same pictures as they are and inverted: how many are read right, and how many are answered alike."""
    images = test.pixels.reshape(-1, 28, 28)
    yield f"| the same picture twice ({n} of each kind) | dark on light | light on dark | answered alike |"
    yield "|---|--:|--:|--:|"
    for name in POLAR:
        counts = np.zeros(3)
        for number in range(n):
            rng = seeded("polarity", name, number)
            row = int(rng.integers(len(images)))
            file = DIGITS[name](rng, images[row])
            texts = [predictor.read(each, name=name).text for each in (file, inverted(file))]
            counts += (*(text == str(test.labels[row]) for text in texts), texts[0] == texts[1])
        yield f"| {name} | {' | '.join(f'{share:.1%}' for share in counts / n)} |"


@dataclass(frozen=True)
class Shown:
    """Pictures of one kind as files, and the digits that each shows."""

    name: str
    files: list[Path]
    truths: list[str]


def readers_table(models: dict[str, Predictor], shown: list[Shown], rapid_ocr_python: str) -> Iterator[str]:
    """Whole readings that are right, by fastnet's models and by general readers, where these are installed."""
    files = [file for kind in shown for file in kind.files]
    answers = {name: [digits_of(model.read(file).text) for file in files] for name, model in models.items()}
    if (read := tesseract(files)) is not None:
        answers["Tesseract"] = read
    ways = rapid_ocr(files, rapid_ocr_python)
    names = [f"`{name}`" if name in models else name for name in answers] + (
        ["RapidOCR, the better way"] if ways else []
    )
    yield f"| all digits right, in order | pictures | {' | '.join(names)} |"
    yield f"|---|--:|{'--:|' * len(names)}"
    start = 0
    for kind in shown:
        place = slice(start, start := start + len(kind.files))
        shares = [share_right(read[place], kind.truths) for read in answers.values()]
        if ways:
            shares.append(max(share_right(read[place], kind.truths) for read in ways.values()))
        yield f"| {kind.name} | {len(kind.files)} | {' | '.join(f'{share:.1%}' for share in shares)} |"


def share_right(answers: list[str], truths: list[str]) -> float:
    return float(np.mean([answer == truth for answer, truth in zip(answers, truths, strict=True)]))


def hard_pictures() -> Shown:
    """Those of tests/pictures/."""
    rows = list(csv.DictReader((HARD / "LABELS.csv").read_text(encoding="utf-8").splitlines()))
    return Shown("`tests/pictures/`", [HARD / row["file"] for row in rows], [digits_of(row["truth"]) for row in rows])


def rendered(test: Samples, n: int, folder: Path) -> list[Shown]:
    """`n` pictures of each kind of digit and of line, as files in a folder."""
    images = test.pixels.reshape(-1, 28, 28)
    shown: list[Shown] = []
    for title, kinds, most in (("rendered digits", DIGITS, 1), ("rendered lines", LINES, 10)):
        files: list[Path] = []
        truths: list[str] = []
        for name, render in kinds.items():
            for number in range(n):
                rng = seeded("readers", name, number)
                rows = rng.integers(len(images), size=int(rng.integers(3, most + 1)) if most > 1 else 1)
                file = folder / f"{len(shown)}-{len(files)}"
                file.write_bytes(render(rng, images[rows] if most > 1 else images[rows[0]]))
                files.append(file)
                truths.append("".join(str(label) for label in test.labels[rows]))
        shown.append(Shown(title, files, truths))
    return shown


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
    parser.add_argument("--only", choices=TABLES, nargs="*", default=TABLES, help="tables to make (default: all)")
    parser.add_argument(
        "--rapidocr", default=sys.executable, metavar="PYTHON", help="that has rapidocr-onnxruntime (default: this one)"
    )
    args = parser.parse_args(argv)
    predictor = Predictor.load(args.model) if args.model else Predictor.load()
    test = load_dataset().test
    models = {args.model: predictor} if args.model else {name: Predictor.load(name) for name in READERS}
    with tempfile.TemporaryDirectory() as folder:
        tables = {
            "digits": digits_table(predictor, test, args.n),
            "wild": wild_table(predictor, test, 10 * args.n),
            "polarity": polarity_table(predictor, test, args.n),
            "lines": lines_table(predictor, test, args.n, LINES),
            "slanting": lines_table(predictor, test, args.n, SLANTING),
            "touching": touching_table(predictor, test, args.n),
            "forms": forms_table(predictor, test, max(1, args.n // 10)),
            "nondigits": nondigits_table(predictor, args.n),
            "readers": readers_table(
                models, [*rendered(test, max(1, args.n // 10), Path(folder)), hard_pictures()], args.rapidocr
            ),
            "mnist": mnist_table(predictor, test),
            "speed": speed_table(predictor, test),
        }
        write_tables({name: tables[name] for name in args.only}, args.write)


def write_tables(tables: dict[str, Iterator[str]], document: Path | None) -> None:
    """Each as soon as it is made."""
    machine = environment()
    for name, rows in tables.items():
        text = "\n".join(rows)
        if name == "speed":
            name = of_this_cpu(name)
            text += f"\n\nMeasured on {machine['cpu']}, Python {machine['python']}, NumPy {machine['numpy']}."
        publish({name: text}, document)
