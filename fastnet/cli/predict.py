"""`fastnet predict`: the digits in pictures."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import DataError
from fastnet.weights import DEFAULT as DEFAULT_MODEL

from .options import add_command, add_seed, percent, show, tell

if TYPE_CHECKING:
    from fastnet.inference import Predictor
    from fastnet.recognition import Reading

EXAMPLES = """\
  fastnet predict seven.png                          the digits, and how sure that is
  fastnet predict photos/ *.jpg --json               many pictures, for machines
  fastnet predict seven.png --explain why.png        draw the way to the answer, and which pixels spoke for it
  fastnet predict - < seven.png                      from standard input
"""
STANDARD_INPUT = "-"
UNREADABLE = 1
SECONDS_BEFORE_BAR = 1.0


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "predict", "read the digits in pictures", EXAMPLES)
    parser.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help='a picture, a directory of pictures, or "-" for standard input'
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help="(default: %(default)s)")
    parser.add_argument(
        "--explain", type=Path, metavar="PNG", help="draw the stages and a heat map (several: PNG-1, PNG-2, ...)"
    )
    add_seed(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read each picture and print; the exit code is 1 if one could not be read."""
    from tqdm import tqdm

    from fastnet.inference import Predictor
    from fastnet.recognition import draw_explanation

    if args.explain:
        _check_target(args.explain)
    predictor = Predictor.load(args.model)
    paths = list(_expanded(args.pictures))
    results, lines = [], []
    bar = tqdm(paths, unit=" pictures", delay=SECONDS_BEFORE_BAR, disable=not sys.stderr.isatty(), leave=False)
    for number, path in enumerate(bar, start=1):
        try:
            reading = _read(predictor, path)
        except DataError as error:
            results.append({"path": path, "error": str(error)})
            tell(f"fastnet predict: {error}")
            continue
        results.append(_result(path, reading))
        lines.append(f"{path}: {_words(reading)}")
        if args.explain:
            draw_explanation(predictor, reading, _numbered(args.explain, number, len(paths)))
    if lines or args.json:
        show(args, {"results": results}, "\n".join(lines))
    return UNREADABLE if any("error" in result for result in results) else 0


def _expanded(names: Iterable[str]) -> Iterable[str]:
    """The names, with the pictures of a directory in its place; a directory without any stays."""
    from fastnet.pictures import EXTENSIONS

    for name in names:
        is_directory = name not in ("", STANDARD_INPUT) and Path(name).is_dir()
        inside = sorted(Path(name).iterdir()) if is_directory else []
        yield from [str(path) for path in inside if path.suffix.lower() in EXTENSIONS] or [name]


def _read(predictor: "Predictor", path: str) -> "Reading":
    from fastnet.pictures import EXTENSIONS

    if path == STANDARD_INPUT:
        return predictor.read(sys.stdin.buffer, name=path)
    if not path:
        raise DataError("the name of a picture is empty")
    if Path(path).is_dir():
        raise DataError(f"{path}: holds no pictures ({', '.join(EXTENSIONS)})")
    return predictor.read(path)


def _result(path: str, reading: "Reading") -> dict[str, Any]:
    return {
        "path": path,
        "digit": reading.digit,
        "probability": reading.probability,
        "probabilities": [float(probability) for probability in reading.probabilities],
        "flags": list(reading.flags),
        "digits": [
            {"digit": digit.digit, "probability": digit.probability, "box": list(digit.box)} for digit in reading.digits
        ],
    }


def _words(reading: "Reading") -> str:
    """The answer for people: the digits, how sure the least sure of them is, the next guess, what speaks against it."""
    flags = f"  [{', '.join(reading.flags)}]" if reading.flags else ""
    if not reading.text:
        return f"no digit{flags}"
    read = [digit for digit in reading.digits if digit.digit is not None]
    if len(read) > 1:
        return f"{reading.text} (each at least {percent(min(digit.probability for digit in read))}){flags}"
    return f"{reading.text} ({percent(reading.probability)}, else {reading.second}){flags}"


def _check_target(target: Path) -> None:
    """DataError now, not after a hundred pictures, for a name that no drawing can be saved under."""
    from fastnet.pictures import EXTENSIONS

    if target.suffix.lower() not in EXTENSIONS:
        raise DataError(f"{target}: is no name of a picture (try why.png)")
    if not target.absolute().parent.is_dir():
        raise DataError(f"{target}: there is no such directory")


def _numbered(target: Path, number: int, n: int) -> Path:
    return target if n == 1 else target.with_stem(f"{target.stem}-{number}")
