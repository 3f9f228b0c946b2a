"""`fastnet predict`: the digits in pictures."""

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fastnet.errors import DataError, OptionError
from fastnet.files import require_new, whole_file
from fastnet.plurals import counted
from fastnet.weights import DEFAULT as DEFAULT_MODEL

from .answers import FORMS, WRITERS, Answer, Write, Writers, file_of_answers, form_of
from .form_answers import writers_of
from .inputs import FILES_OF_IMAGES, MOST_MEGAPIXELS, STANDARD_INPUT, OneByOne, Reader, is_file_of_images, kind, limits
from .options import add_command, add_transposed, given_path, prefer_one_blas_thread, show, tell, whole
from .streams import one_line
from .table_answers import predict_table
from .waiting import complain, is_live, put, waiting

if TYPE_CHECKING:
    from fastnet.reading.constraints import Constraint
    from fastnet.reading.pictures import Limits
    from fastnet.reading.predictor import Predictor

EXAMPLES = """\
  fastnet predict seven.png                          the digits, and how sure that is
  fastnet predict photos/ *.jpg --json               many pictures, for machines
  fastnet predict scans/ --format csv                a row each; or jsonl, as they come
  fastnet predict scans/ --out answers.csv           very many, with all CPUs and little memory; or .jsonl
  fastnet predict scans/ --fields form.json --out marks.csv   a form's boxes by name, a row each: docs/forms.md
  fastnet predict scans/ --review review.html        a page of what is doubtful, to be corrected with the keyboard
  fastnet predict seven.png --explain why.png        draw the way to the answer, and which pixels spoke for it
  fastnet predict poster.png --max-megapixels 100    larger than what strangers should make you read
  fastnet predict form.jpg --digits 6 --check luhn   the likeliest of six digits whose check digit is right
  fastnet predict dates/ --pattern "[0-3]#.[01]#.20##"
  fastnet predict letter.pdf                         each page (extra: pdf); photographs of phones, HEIC (heic)
  fastnet predict - < seven.png                      from standard input
  fastnet predict t10k-images-idx3-ubyte.gz          images as the network takes them: IDX, CSV, .npz, .npy, Parquet
  fastnet predict images.npy --transposed            ... stored column by column
  fastnet predict test.csv --format kaggle --out submission.csv
  fastnet predict ~/houses.csv --model runs/mine     a table, with the answers as a column beside its rows
"""
UNREADABLE = 1


def add(commands: Any) -> None:
    """Declare the command."""
    parser = add_command(commands, "predict", "read the digits in pictures", EXAMPLES)
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help='a picture, a directory with pictures in or below it, a file of images, or "-" for standard input',
    )
    parser.add_argument("--model", metavar="NAME", help=f"(default: {DEFAULT_MODEL})")
    parser.add_argument(
        "--explain", type=given_path, metavar="PNG", help="draw the stages and a heat map (several: PNG-1, PNG-2, ...)"
    )
    parser.add_argument(
        "--fields", type=given_path, metavar="JSON", help="read the boxes of a form that this file names"
    )
    parser.add_argument(
        "--review", type=given_path, metavar="HTML", help="write a page on which what is doubtful can be corrected"
    )
    parser.add_argument("--format", choices=FORMS, metavar="FORM", help=f"{', '.join(FORMS)} (default: text)")
    parser.add_argument("--out", type=given_path, metavar="FILE", help="write the answers into a .csv or .jsonl file")
    parser.add_argument(
        "--max-megapixels",
        type=megapixels,
        metavar="N",
        help=f"read larger pictures, of up to N megapixels (default: 16; at most {MOST_MEGAPIXELS})",
    )
    _add_constraints(parser)
    add_transposed(parser, "of files of images those that are called emnist, or their directory")
    parser.add_argument(
        "--force", action="store_true", help="replace the file or drawings that are written if they exist"
    )
    parser.set_defaults(run=run)


def _add_constraints(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "what is known",
        "Of each line: the likeliest digits that fit are answered, and those that are overruled are told.",
    )
    group.add_argument("--digits", metavar="N", help="there are N digits")
    group.add_argument("--pattern", metavar="P", help="# is any digit, [0-3] one of these: ##-####, [0-3]#.[01]#.20##")
    group.add_argument("--range", metavar="A-B", help="it is a number from A to B: 0-9999")
    group.add_argument("--check", metavar="NAME", help="the check digit is right: luhn, or ean (UPC and ISBN-13, too)")


def _constraint(args: argparse.Namespace) -> "Constraint | None":
    """What is known of the digits; OptionError if it is contradictory, or there are no pictures it could be about."""
    from fastnet.reading.constraints import CONSTRAINTS, Constraint

    constraint = Constraint.parse({name: getattr(args, name) for name in CONSTRAINTS})
    if constraint and any(kind(name) == "images" for name in args.pictures):
        given = next(name for name in CONSTRAINTS if getattr(args, name))
        raise OptionError(f"--{given} is for pictures, and not for a file of images")
    return constraint


def megapixels(text: str) -> int:
    """A limit of the size of pictures."""
    return whole(text, 1, MOST_MEGAPIXELS)


def run(args: argparse.Namespace) -> int:
    """Read each picture and print or write; the exit code is 1 if one could not be read."""
    prefer_one_blas_thread()
    from fastnet.reading.predictor import Predictor

    form = _form(args)
    if args.explain:
        _check_drawing(args.explain)
    if args.out:
        require_new(args.out, args.force)
    if args.transposed is not None and not any(map(is_file_of_images, args.pictures)):
        raise OptionError(f"--transposed is for files of images ({FILES_OF_IMAGES}), and none is given")
    is_told = args.model is None and is_live() and form != "json" and not args.json  # which names it
    args.model = DEFAULT_MODEL if args.model is None else args.model
    predictor = Predictor.load(args.model)
    if predictor.manifest.table:
        return predict_table(args, predictor)
    most, constraint = limits(args.max_megapixels), _constraint(args)
    if is_told:
        tell(f"read by {DEFAULT_MODEL}; --model NAME asks another")
    if args.fields or args.review:
        return _looked_at(args, predictor, most, constraint, form)
    reader = Reader(predictor, most, args.transposed, constraint)
    return _write(args, reader, form) if args.out else _print(args, reader, form)


def _looked_at(
    args: argparse.Namespace, predictor: "Predictor", most: "Limits", constraint: "Constraint | None", form: str
) -> int:
    """Read forms, or what is to be reviewed, or both."""
    from fastnet.reading.fields import FormReader
    from fastnet.reading.form import read_form
    from fastnet.reading.review import Review

    if args.explain or form == "kaggle":
        raise OptionError(f"--fields and --review do not go with {'--explain' if args.explain else '--format kaggle'}")
    if args.fields and constraint:
        raise OptionError("what is known of a field's digits stands in the form's description, with --fields")
    if args.review:
        require_new(args.review, args.force, "--review")
    fields = read_form(args.fields) if args.fields else None
    review = Review(predictor.classes) if args.review else None
    reader = OneByOne(predictor, most, constraint, FormReader(fields, most) if fields else None, review)
    writers = writers_of(fields) if fields else WRITERS
    code = _write(args, reader, form, writers) if args.out else _print(args, reader, form, writers)
    if review:
        with whole_file(args.review) as new:
            new.write_text(review.page(), encoding="utf-8")
        tell(f"{args.review}: {review.summary}")
    return code


def _form(args: argparse.Namespace) -> str:
    """How the answers are told; OptionError for options that do not go together."""
    if args.explain and (args.out or args.format not in (None, "text", "json")):
        raise OptionError(f"--explain and {'--out' if args.out else '--format'} do not go together")
    if args.json and args.format and not args.out:
        raise OptionError("--json and --format do not go together")
    form = form_of(args.out, args.format) if args.out else "json" if args.json else args.format or "text"
    if form == "kaggle" and (len(args.pictures) > 1 or not is_file_of_images(args.pictures[0])):
        raise OptionError(f"--format kaggle is for one file of images ({FILES_OF_IMAGES})")
    return str(form)


def _print(args: argparse.Namespace, reader: Reader, form: str, writers: Writers = WRITERS) -> int:
    """Answer on standard output: as the answers come, or with one JSON object in the end."""
    from fastnet.reading.batch import as_json

    results: list[Answer] = []
    write = results.append if form == "json" else writers[form](SimpleNamespace(write=put))
    answers = _explained(args, reader) if args.explain else reader.answers(args.pictures)
    _, n_unreadable = _pass_on(answers, write)
    if form == "json":
        print(as_json(results, reader.n_others, args.model))
    reader.tell_others()
    return UNREADABLE if n_unreadable else 0


def _write(args: argparse.Namespace, reader: Reader, form: str, writers: Writers = WRITERS) -> int:
    """Answer into a file, in as many processes as there may be threads, with as much memory for many as for few."""
    from fastnet.reading.batch import single_thread_processes

    started = time.monotonic()
    n_processes = args.threads or os.cpu_count() or 1
    one_by_one = isinstance(reader, OneByOne)
    with (
        file_of_answers(args.out, writers[form]) as write,
        nullcontext() if one_by_one else single_thread_processes(n_processes, reader.predictor) as pool,
    ):
        n, n_unreadable = _pass_on(reader.answers(args.pictures, pool), write)
    seconds = time.monotonic() - started
    result = {
        "file": str(args.out),
        "model": args.model,
        "pictures": n,
        "unreadable": n_unreadable,
        "passed_over": reader.n_others,
        "seconds": seconds,
    }
    show(
        args,
        result,
        f"{args.out}: {counted(n, 'picture')} read by {args.model} in {seconds:,.1f} s, {n_unreadable:,} unreadable",
    )
    reader.tell_others()
    return UNREADABLE if n_unreadable else 0


def _pass_on(answers: Iterable[Answer], write: Write) -> tuple[int, int]:
    """Write each answer and tell what could not be read; how many there were, and how many of them unreadable."""
    n = n_unreadable = 0
    with waiting("reading") as wait:
        for n, answer in enumerate(answers, start=1):
            wait.text = f"reading: {counted(n, 'picture')}"
            if "error" in answer:
                n_unreadable += 1
                complain(f"fastnet predict: {one_line(answer['error'])}")
            write(answer)
    return n, n_unreadable


def _explained(args: argparse.Namespace, reader: Reader) -> Iterator[Answer]:
    """The answer to each picture, drawn too."""
    from fastnet.reading.explanation import draw_explanation

    if any(kind(name) == "images" for name in args.pictures):
        raise OptionError("--explain is for pictures, and not for a file of images")
    paths = list(reader.find(args.pictures))
    for path, target in zip(paths, _drawings(args.explain, paths, args.force), strict=True):
        answer = reader.answer(path, partial(draw_explanation, reader.predictor, target=target))
        yield answer if "error" in answer else {**answer, "drawing": str(target)}


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
