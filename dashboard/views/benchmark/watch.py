"""What one visitor sees of the server's benchmarks."""

import re
import time
from html import escape
from typing import Any

import param

from fastnet.errors import OptionError
from fastnet.timing.machine import NAMES

from ...server.benchmarks import STEPS, Benchmarks, Status
from ..parts import notice
from .tables import STEP_TITLES

SAMPLES = {"all 60,000 images": 60_000, "10,000 images": 10_000, "1,000 images": 1_000}


class Watch(param.Parameterized):
    """The status of the benchmarks, looked at now and then, and the button that starts and stops them."""

    result = param.Parameter(default=None, doc="The last `Result`; None before the first.")
    progress = param.String(doc="What is going on, as HTML.")
    button = param.String(default="Start")
    is_running = param.Boolean(default=False, doc="Whether a benchmark is under way, here or for another visitor.")
    is_waiting = param.Boolean(default=False, doc="Whether the button can do nothing now.")

    def __init__(self, benchmarks: Benchmarks, owner: object = None, visitor: object = None, **params: Any) -> None:
        super().__init__(**params)
        self._visitor = visitor
        self._benchmarks = benchmarks
        self._owner = owner or self
        self._problem = ""
        self.look()

    def press(self, samples: int) -> None:
        """The button: start, or stop what was started here."""
        self._problem = ""
        if self._benchmarks.status.owner is self._owner:
            self.stop()
        else:
            try:
                if samples not in SAMPLES.values():
                    raise OptionError("choose on how many images to train")
                self._benchmarks.start(self._owner, samples, self._visitor)
            except OptionError as error:
                self._problem = str(error)
        self.look()

    def stop(self) -> None:
        """End the benchmark that was started here, if there is one."""
        self._benchmarks.stop(self._owner)

    def look(self) -> None:
        """See what has changed."""
        status = self._benchmarks.status
        is_own = status.owner is self._owner
        if status.result is not self.result:
            self.result = status.result
        self.param.update(
            progress=progress_html(status, is_own, self._problem or status.problem),
            button="Stop" if is_own else "Start",
            is_running=status.is_running,
            is_waiting=status.is_stopping or (status.is_running and not is_own),
        )


def progress_html(status: Status, is_own: bool, problem: str) -> str:
    """A bar with a word on what is being timed, or why there is nothing to see."""
    if status.is_running:
        title = STEP_TITLES[status.step - 1] if status.step else "starting"
        seconds, doing = time.time() - status.started, escape(_doing(status.text))
        whose = "" if is_own else " for another visitor"
        return (
            f'<progress max="{len(STEPS)}" value="{max(status.step - 1, 0)}" aria-label="Benchmark"></progress>'
            f'<p class="now" role="status">Step {max(status.step, 1)} of {len(STEPS)}{whose}: {title}'
            f' <span class="quiet">{seconds:.0f} s, {doing}</span></p>'
        )
    return notice(problem)


def _doing(text: str) -> str:
    """What visitors are told of a line of the command's progress: whose turn it is, or how far it is; no path."""
    if text in ("", "stopping"):
        return text or "preparing"
    if text.startswith("compiling"):
        return "compiling the kernels"
    told = text.partition(":")[0]
    if told in NAMES or told.startswith("fastnet"):
        return str(NAMES.get(told, told))
    return told if re.match(r"(round|training) \d", told) else "at work"
