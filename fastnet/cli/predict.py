"""`fastnet predict`: the digits in pictures."""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastnet.errors import DataError, OptionError
from fastnet.files import require_new
from fastnet.weights import DEFAULT as DEFAULT_MODEL

from .answers import check_out, file_of_answers, in_words
from .options import add_command, show
from .waiting import is_live

if TYPE_CHECKING:
    from fastnet.reading.predictor import Predictor

EXAMPLES = """\
  fastnet predict seven.png                          the digits, and how sure that is
  fastnet predict photos/ *.jpg --json               many pictures, for machines
  fastnet predict scans/ --out answers.csv           very many, with all CPUs and little memory; or .jsonl
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
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help='a picture, a directory with pictures in or below it, or "-" for standard input',
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help="(default: %(default)s)")
    parser.add_argument(
        "--explain", type=Path, metavar="PNG", help="draw the stages and a heat map (several: PNG-1, PNG-2, ...)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the answers into a .csv or .jsonl file")
    parser.add_argument(
        "--force", action="store_true", help="replace the file or drawings that are written if they exist"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read each picture and print or write; the exit code is 1 if one could not be read."""
    from fastnet.reading.predictor import Predictor

    if args.explain and args.out:
        raise OptionError("--explain and --out do not go together")
    if args.explain:
        _check_drawing(args.explain)
    if args.out:
        check_out(args.out, args.force)
    predictor = Predictor.load(args.model)
    return _write(args, predictor) if args.out else _print(args, predictor)


def _print(args: argparse.Namespace, predictor: "Predictor") -> int:
    """Answer on standard output: in words as they come, or one JSON object in the end."""
    from fastnet.reading.batch import find_pictures, read_picture
    from fastnet.reading.explanation import draw_explanation

    paths = list(find_pictures(args.pictures))
    targets = _drawings(args.explain, paths, args.force) if args.explain else [None] * len(paths)
    results = []
    for path, target in zip(bar := _bar(paths), targets, strict=True):
        source = sys.stdin.buffer if path == STANDARD_INPUT else None
        draw = partial(draw_explanation, predictor, target=target) if target else None
        result = read_picture(predictor, path, source, draw)
        if "error" in result:
            bar.write(f"fastnet predict: {result['error']}", sys.stderr)
        elif not args.json:
            bar.write(f"{path}: {in_words(result)}")
        results.append(result)
    if args.json:
        show(args, {"results": results}, "")
    return UNREADABLE if any("error" in result for result in results) else 0


def _write(args: argparse.Namespace, predictor: "Predictor") -> int:
    """Answer into a file, in as many processes as there may be threads, with as much memory for many as for few."""
    from fastnet.reading.batch import PICTURES_A_SMALL_CHUNK, find_pictures, read_pictures, single_thread_processes

    n = n_unreadable = 0
    started = time.monotonic()
    n_processes, paths = args.threads or os.cpu_count() or 1, find_pictures(args.pictures)
    with file_of_answers(args.out) as write, single_thread_processes(n_processes, predictor) as pool:
        for answer in (bar := _bar(read_pictures(None, paths, pool, PICTURES_A_SMALL_CHUNK))):
            write(answer)
            n += 1
            if "error" in answer:
                n_unreadable += 1
                bar.write(f"fastnet predict: {answer['error']}", sys.stderr)
    seconds = time.monotonic() - started
    result = {"file": str(args.out), "pictures": n, "unreadable": n_unreadable, "seconds": seconds}
    show(args, result, f"{args.out}: {n:,} pictures in {seconds:,.1f} s, {n_unreadable:,} of them unreadable")
    return UNREADABLE if n_unreadable else 0


def _bar(pictures: Iterable[Any]) -> Any:
    """The same, with a bar on a terminal."""
    from tqdm import tqdm

    return tqdm(pictures, unit=" pictures", delay=SECONDS_BEFORE_BAR, disable=not is_live(), leave=False)


def _check_drawing(target: Path) -> None:
    """DataError now, not after a hundred pictures, for a name that no drawing can be saved under."""
    from fastnet.reading.pictures import EXTENSIONS

    if target.suffix.lower() not in EXTENSIONS:
        raise DataError(f"{target}: is no name of a picture (try why.png)")
    if not target.absolute().parent.is_dir():
        raise DataError(f"{target}: there is no such directory")


def _drawings(target: Path, pictures: list[str], overwrite: bool) -> list[Path]:
    """Where the drawing of each picture goes; OptionError for one that exists, or that is read here."""
    drawings = [_numbered(target, number, len(pictures)) for number in range(1, len(pictures) + 1)]
    read = {_identity(picture) for picture in pictures if picture not in ("", STANDARD_INPUT)} - {None}
    for drawing in drawings:
        if _identity(drawing) in read:
            raise OptionError(f"{drawing}: is a picture that is read; choose another --explain")
        require_new(drawing, overwrite, "--explain")
    return drawings


def _identity(path: str | Path) -> tuple[int, int] | None:
    """What is the same for two names of one file; None for a file that is not there."""
    with suppress(OSError, ValueError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None


def _numbered(target: Path, number: int, n: int) -> Path:
    return target if n == 1 else target.with_stem(f"{target.stem}-{number}")
