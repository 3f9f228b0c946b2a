"""Why it is fast: the versions of a step as rungs that one can walk, with the documents' times or this machine's."""

import json
from typing import Any

import param
from panel.custom import JSComponent

from fastnet.errors import OptionError
from fastnet.timing.texts import time_text

from ...server.quotas import Role
from ...session.store import Store
from ..parts import ASSETS, aside, one_message, script
from .sources import source_of
from .styles import STYLES

HERE = "this machine, just now"

# Of each version: its name, what changed in plain words, and in exact ones, and the code that makes the difference.
RUNGS = (
    (
        "NumPy, the textbook",
        "Each formula is a line of NumPy. It reads like the textbook, and each line walks through all of the memory.",
        "Products by BLAS on one thread; each elementwise operation makes an array of its own.",
        "reference.adam_step",
    ),
    (
        "Register tiles",
        "The processor's own few drawers, its registers, hold a small tile of the result until it is finished. Nothing"
        " is fetched twice that could be kept at hand.",
        "With AVX-512, 8 rows by 2 vectors of 16 numbers stay in registers for the whole sum: two loads and eight"
        " broadcasts feed sixteen multiply-adds. One kernel for each operation.",
        "products.accumulate",
    ),
    (
        "Fused with Adam",
        "The gradient is used where it stands and thrown away: never written down, it need not be read again.",
        "A tile of dW goes from registers into Adam; bias, ReLU and its mask ride on a product's last step.",
        "products.step_weights",
    ),
    (
        "Zeros skipped",
        "Four of five pixels are blank paper. Whatever is multiplied by nothing need not be multiplied.",
        "81% of the pixels are 0. Pixels in groups of four neighbours keep four vectors of weights in registers for all"
        " samples in which the group holds anything.",
        "sparse.sparse_linear_task",
    ),
    (
        "All threads",
        "Several workers share the work: each takes the next task from a board, and nobody waits for the slowest.",
        "Threads claim tasks from a board, their own share first; a phase is over when all its tasks are done.",
        "board.claim_next",
    ),
)


class LadderView(JSComponent):
    """Rungs with their times; a chosen one is explained."""

    rungs = param.List(doc="Of each version: name, words, exact words, code.")
    times = param.List(doc="By machine: its name, and of each version the share of the slowest, the time and the gain.")
    may_measure = param.Boolean(doc="Whether visitors may measure here.")
    problem = param.String()

    _esm = script("code.js", "ladder.js")

    def __init__(self, store: Store) -> None:
        super().__init__(
            rungs=[[*words, source_of(name)] for *words, name in RUNGS],
            may_measure=store.shared.role is not Role.READERS,
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=(0, 10),
        )
        self._store = store
        self._is_measuring = False
        self._show()

    def _handle_msg(self, data: Any) -> None:
        if data == "measure" and self.may_measure and not self._is_measuring:
            self._is_measuring = True
            aside(self._measure, self._take_in, self._store.shared.ladders.executor)

    def _measure(self) -> str:
        """What is wrong; nothing if it was measured."""
        try:
            self._store.shared.ladders.measure(self._store.visitor)
        except OptionError as error:
            return str(error)
        return ""

    def _take_in(self, problem: str) -> None:
        self._is_measuring = False
        with one_message(self):
            self.problem = problem
            self._show()

    def _show(self) -> None:
        here = self._store.shared.ladders.seconds
        machines = {**({HERE: here} if here else {}), **shipped()}
        self.times = [
            [machine, [_rung(seconds, at) for at in range(len(seconds))]] for machine, seconds in machines.items()
        ]


def shipped() -> dict[str, list[float]]:
    """The figures of docs/speed.md by machine, in seconds; `make ladder` writes both."""
    figures: dict[str, list[float]] = json.loads((ASSETS / "ladder.json").read_text(encoding="utf-8"))
    return figures


def _rung(seconds: list[float], at: int) -> tuple[float, str, str]:
    gain = f"{seconds[at - 1] / seconds[at]:.1f}x, in all {seconds[0] / seconds[at]:.1f}x" if at else ""
    return seconds[at] / max(seconds), time_text(seconds[at]), gain
