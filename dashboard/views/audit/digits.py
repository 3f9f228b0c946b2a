"""Test digits in grids: errors, the surest answers, and labels that are probably wrong. A click chooses a digit."""

from collections.abc import Iterable
from typing import Any

import param
from panel.custom import JSComponent

from ...session.audit_state import AuditState
from ..parts import script
from ..probabilities import percent
from .styles import STYLES


class DigitsSource(JSComponent):
    """Nothing to see: it brings the pictures that all other views show parts of."""

    png = param.Bytes(doc="All pictures of the audit, in one.")
    n_lines = param.Integer(doc="How many lines of pictures there are.")

    _esm = script("digits_source.js")

    def __init__(self, state: AuditState) -> None:
        sprite = state.audited.sprite_png
        super().__init__(png=sprite, n_lines=state.audited.n_lines, width=0, height=0, margin=0)


class DigitsView(JSComponent):
    """Test digits with captions."""

    items = param.List(doc="Row, place in the pictures, caption, that of the playful mode, tag and title of each.")
    chosen = param.Integer(default=None, doc="The chosen digit's row, or None.")
    empty = param.String(default="There are none.", doc="What is said if there are no items.")
    n_columns = param.Integer(default=0, doc="How many there are in a row; 0: as many as have room.")

    _esm = script("sprite.js", "digits.js")

    def __init__(self, state: AuditState) -> None:
        super().__init__(stylesheets=[STYLES], sizing_mode="stretch_width", margin=(0, 10), chosen=state.point)
        self._state = state
        self._fill()
        state.param.watch(self._show_choice, ["point"])

    def _fill(self, *_: Any) -> None:
        self.items = [
            {"place": self._state.place(item["row"]), "tag": "", "plainly": "", **item} for item in self.rows()
        ]

    def _show_choice(self, *_: Any) -> None:
        self.chosen = self._state.point

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"row": int(row)} if 0 <= row < len(self._state.audit.labels):
                self._state.choose_point(None if row == self._state.point else row)

    def rows(self) -> Iterable[dict[str, Any]]:
        """Row, caption, title and, if there is one, tag of each digit."""
        raise NotImplementedError


class ErrorsView(DigitsView):
    """Wrong answers, the worst first; those of the chosen cell, if one is chosen."""

    def __init__(self, state: AuditState) -> None:
        super().__init__(state)
        state.param.watch(self._fill, ["cell"])

    def _fill(self, *_: Any) -> None:
        cell = self._state.cell
        is_right = cell is None or cell.true == cell.predicted
        self.empty = "These digits were all read rightly." if is_right else "No digit was taken for that."
        super()._fill()

    def rows(self) -> Iterable[dict[str, Any]]:
        """All errors, or those of a cell."""
        for error in self._state.errors():
            true, predicted, probability = error.true, error.predicted, percent(error.probability)
            yield {
                "row": error.row,
                "caption": f"{true} → {predicted}, {probability}\nthen {error.second}",
                "plainly": f"a {true},\nread as {predicted}",
                "tag": "ambiguous" if error.ambiguous else "",
                "title": f"Digit {error.row}: a {true} read as {predicted} ({probability}),"
                f" second guess {error.second}",
            }


class ConfidentView(DigitsView):
    """Of each class, the right answers that the network is surest of."""

    n_columns = param.Integer(default=10)

    def rows(self) -> Iterable[dict[str, Any]]:
        """A class a row."""
        for digit, rows in enumerate(self._state.audit.figures.confident):
            for row in rows:
                yield {"row": row, "caption": "", "title": f"Digit {row}: read as {digit}, rightly"}


class LabelErrorsView(DigitsView):
    """Digits whose label the network doubts with good reason."""

    empty = param.String(default="No label is in doubt.")

    def rows(self) -> Iterable[dict[str, Any]]:
        """The least probable label first."""
        for found in self._state.audit.figures.label_errors:
            label, suggested, probability = found.label, found.suggested, percent(found.probability)
            yield {
                "row": found.row,
                "caption": f"{label}, or {suggested}?",
                "tag": "likely" if found.confident else "",
                "title": f"Digit {found.row}: labelled {label}; the network says {suggested} ({probability})",
            }
