"""The first layer's filters; a click on one shows it large, with the digits that excite its unit most."""

from typing import Any

import numpy as np
import param
from panel.custom import JSComponent

from fastnet.audit import Audit

from ...session.audit_state import AuditState
from ..parts import script
from .styles import STYLES


class UnitsView(JSComponent):
    """All filters in one picture, and the chosen one."""

    weights = param.Bytes(doc="Each unit's weights as int8, from -127 to 127.")
    n_units = param.Integer()
    dead = param.List(doc="The units that answer to no test digit; they are shown apart.")
    shape = param.List(doc="Height and width of a filter.")
    unit = param.Integer(default=None, doc="The chosen unit, or None.")
    exciting = param.List(doc="The digits that excite the chosen unit most.")
    sentence = param.String(doc="What is known of the chosen unit.")

    _esm = script("signs.js", "sprite.js", "units.js")

    def __init__(self, state: AuditState) -> None:
        super().__init__(
            weights=as_int8(state.audited.first_weights.T).tobytes(),
            n_units=state.n_units,
            dead=dead_units(state.audit),
            shape=list(state.audit.figures.data.image_shape),
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self._state = state
        state.param.watch(self._show, ["unit"])
        self._show()

    def _show(self, *_: Any) -> None:
        state, unit = self._state, self._state.unit
        if unit is None:
            sentence = f"Choose one of {self.n_units} units. Blue weights excite it, orange ones calm it."
            self.param.update(unit=None, exciting=[], sentence=sentence)
            return
        share = state.audit.active_shares[0][unit]
        rows = [int(row) for row in state.audit.units[0][unit] if row >= 0]
        sentence = answers(unit, share, state.audit.figures.model.between)
        self.param.update(unit=unit, exciting=[self._item(row) for row in rows], sentence=sentence)

    def _item(self, row: int) -> dict[str, Any]:
        label = int(self._state.audit.labels[row])
        return {"row": row, "place": self._state.place(row), "caption": str(label), "title": f"Digit {row}: a {label}"}

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"unit": int(unit)} if 0 <= unit < self.n_units:
                self._state.toggle_unit(unit)
            case {"row": int(row)} if 0 <= row < len(self._state.audit.labels):
                self._state.choose_point(row)


def dead_units(audit: Audit) -> list[int]:
    """The units of the first layer that answer to no test digit; only a ReLU is ever off."""
    is_dead = audit.active_shares[0] == 0 if audit.figures.model.between == "relu" else []
    return [int(unit) for unit in np.flatnonzero(is_dead)]


def answers(unit: int, share: float, activation: str) -> str:
    """A sentence on the share of the test digits that a unit answers above 0; only a ReLU is off otherwise."""
    if activation != "relu":
        return f"Unit {unit} answers above 0 to {share:.2%} of the test digits."
    if not share:
        return f"Unit {unit} is dead: it answers to none of the test digits."
    return f"Unit {unit} answers to {share:.2%} of the test digits."


def as_int8(weights: np.ndarray) -> np.ndarray:
    """Each row's weights from -127 to 127, the largest of the row being one of them."""
    most = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-30)
    rounded: np.ndarray = np.round(weights * (127 / most)).astype(np.int8)
    return rounded
