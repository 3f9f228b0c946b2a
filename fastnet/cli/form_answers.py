"""How `fastnet predict --fields` gives its answers: a row, or a line, for each form."""

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .answers import WRITERS, Answer, Output, Write
from .streams import one_line

if TYPE_CHECKING:
    from fastnet.reading.form import Form


def writers_of(form: "Form") -> dict[str, Callable[[Output], Write]]:
    """By the name of a form of answers, what makes of an output what writes them to it."""
    return {"text": _text, "jsonl": WRITERS["jsonl"], "csv": lambda output: _csv(output, form)}


def columns(form: "Form") -> list[str]:
    """The columns of a table: what was read side by side, then which fields are doubtful, then how sure each is."""
    from fastnet.reading.form import columns_of

    names = [field.name for field in form.fields]
    return ["path", "page", *names, "doubtful", *(column for name in names for column in columns_of(name)), "error"]


def _csv(output: Output, form: "Form") -> Write:
    writer = csv.DictWriter(output, columns(form), lineterminator="\n")
    writer.writeheader()
    return lambda answer: writer.writerow(_row(answer))


def _row(answer: Answer) -> dict[str, Any]:
    from fastnet.reading.form import columns_of

    row: dict[str, Any] = {name: answer.get(name, "") for name in ("path", "page", "error")}
    for name, field in answer.get("fields", {}).items():
        probability, flags = columns_of(name)
        row |= {name: field["text"], probability: field["probability"], flags: "; ".join(field["flags"])}
    return row | {"doubtful": "; ".join(answer.get("doubtful", ()))}


def _text(output: Output) -> Write:
    def write(answer: Answer) -> None:
        if "error" not in answer:
            fields = ", ".join(_in_words(name, field) for name, field in answer["fields"].items())
            page = f", page {answer['page']}" if "page" in answer else ""
            output.write(f"{one_line(answer['path'])}{page}: {fields}\n")

    return write


def _in_words(name: str, field: dict[str, Any]) -> str:
    flags = f" [{', '.join(field['flags'])}]" if field["flags"] else ""
    return f"{name} {'empty' if field['empty'] else field['text'] or 'no digit'}{flags}"
