"""`fastnet predict` on a table: its rows as they are, with the answers as a column beside them."""

import argparse
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from fastnet.errors import DataError, OptionError
from fastnet.files import require_new, whole_file

from .inputs import STANDARD_INPUT
from .options import show
from .waiting import put

if TYPE_CHECKING:
    import numpy as np

    from fastnet.models.model import Model

_FOR_PICTURES = ("explain", "fields", "review", "digits", "pattern", "range", "check", "transposed", "max_megapixels")


def predict_table(args: argparse.Namespace, model: "Model") -> int:
    """Write the table, as CSV, with the column `predicted NAME`; OptionError for options that are about pictures."""
    given = next((name for name in _FOR_PICTURES if getattr(args, name) is not None), None)
    if given or args.format not in (None, "csv") or (args.json and not args.out):
        option = f"--{given.replace('_', '-')}" if given else "--format" if args.format else "--json"
        raise OptionError(f"{option} is for pictures, and this model predicts a column of tables")
    if len(args.pictures) > 1:
        raise OptionError(f"a table is predicted by itself, and not {len(args.pictures)} at once")
    if args.pictures[0] == STANDARD_INPUT:
        raise OptionError("a table is read from a file, and not from standard input")
    if args.out:
        require_new(args.out, args.force)
    path = Path(args.pictures[0])
    text = _with_answers(path, model)
    if not args.out:
        put(text)
        return 0
    with whole_file(args.out) as new:
        new.write_text(text, encoding="utf-8")
    n = text.count("\n") - 1
    show(args, {"file": str(args.out), "rows": n}, f"{args.out}: {n:,} rows")
    return 0


def _with_answers(path: Path, model: "Model") -> str:
    """The rows of a CSV file, as text, with the model's answers."""
    from fastnet.data.csv_files import cells_of, delimiter_of, with_line_feeds
    from fastnet.data.loading import read_table_of
    from fastnet.data.promised import opened
    from fastnet.data.signatures import Kind, kind_of
    from fastnet.data.targets import columns_of

    scaling = model.manifest.table
    assert scaling
    table = read_table_of(path)
    if kind_of(path, inside=True) is not Kind.TEXT:
        raise DataError(f"{path}: is no CSV, whose rows could be written again")
    answers = _texts(model, model.predict(columns_of(table, scaling.features)))
    with opened(path) as stream:
        lines = with_line_feeds(stream.read()).decode("utf-8-sig").split("\n")
    delimiter = delimiter_of(lines[0])
    header, *rows = (row for row in cells_of(lines, delimiter, path) if "".join(row).strip())
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*header, f"predicted {scaling.target}"])
    writer.writerows([*row, answer] for row, answer in zip(rows, answers, strict=True))
    return written.getvalue()


def _texts(model: "Model", answers: "np.ndarray") -> list[str]:
    """Answers as they are written: names of classes, or numbers."""
    if model.manifest.of_regression:
        return [f"{answer:.9g}" for answer in answers.tolist()]
    return [model.classes[answer] for answer in answers.tolist()]
