"""How well the fields of a form were read: each against what was written in it."""

from dataclasses import dataclass

from fastnet.reading.recognition import Reading

from .form_rendering import FilledForm


@dataclass(frozen=True)
class FormScore:
    """Fields of one or more forms: filled ones and those read right, empty ones and those told as empty."""

    n_filled: int = 0
    n_right: int = 0
    n_empty: int = 0
    n_said_empty: int = 0
    n_sure_and_wrong: int = 0

    def __add__(self, other: "FormScore") -> "FormScore":
        return FormScore(
            self.n_filled + other.n_filled,
            self.n_right + other.n_right,
            self.n_empty + other.n_empty,
            self.n_said_empty + other.n_said_empty,
            self.n_sure_and_wrong + other.n_sure_and_wrong,
        )


def form_score(reading: Reading, form: FilledForm) -> FormScore:
    """A reading against the form; where its rows and columns are others, no field is right, nor said to be empty."""
    wanted = form.rows if form.has_cells else [row for row in form.rows if row != [None]]
    answered = [_fields(reading, number, form.has_cells) for number in range(len(reading.lines))]
    if [len(row) for row in answered] != [len(row) for row in wanted]:
        answered = [[(None if text else "-", not reading.flags) for text in row] for row in wanted]
    score = FormScore()
    for row, texts in zip(wanted, answered, strict=True):
        for text, (read, is_sure) in zip(row, texts, strict=True):
            is_right, is_filled = read == text, text is not None
            score += FormScore(
                is_filled, is_filled and is_right, not is_filled, not is_filled and is_right, is_sure and not is_right
            )
    return score


def _fields(reading: Reading, number: int, has_cells: bool) -> list[tuple[str | None, bool]]:
    """What the fields of a line say, None for empty ones, and whether they say it without doubt."""
    digits = reading.lines[number].digits
    if not has_cells:
        text = "".join(digit.text for digit in digits if digit.kind != "empty")
        return [(text or None, not any(digit.flags for digit in digits))]
    fields = []
    for column in dict.fromkeys(digit.column for digit in digits):
        its = [digit for digit in digits if digit.column == column]
        text = "".join(digit.text for digit in its if digit.kind != "empty")
        is_empty = all(digit.kind == "empty" for digit in its)
        fields.append((None if is_empty else text, not any(digit.flags for digit in its)))
    return fields
