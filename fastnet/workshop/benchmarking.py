"""How fast a kernel is: beside its textbook and rivals, in turn, and below this machine's ceilings."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from fastnet.errors import OptionError
from fastnet.kernels import jit
from fastnet.plurals import counted
from fastnet.system import environment
from fastnet.timing import ceilings
from fastnet.timing.ceilings import Ceilings
from fastnet.timing.roofline import Standing, standing
from fastnet.timing.texts import busy_text, load_average, time_text

from .cases import Case
from .verifying import Function, name_of

ROUNDS = 15
SECONDS_A_RUN = 0.005
KERNEL, REFERENCE = "kernel", "reference"


@dataclass(frozen=True)
class Timing:
    """Median seconds a call of each function at one case, and where the kernel stands below the ceilings."""

    case: str
    seconds: dict[str, float]  # of "kernel", "reference" and each rival
    standing: Standing

    def ratio(self, name: str) -> float:
        """How many times faster than it the kernel is."""
        return self.seconds[name] / self.seconds[KERNEL]


@dataclass(frozen=True)
class Comparison:
    """A kernel's timings at all cases, on one machine; printed, it is a table."""

    kernel: str
    reference: str
    roof: Ceilings
    timings: tuple[Timing, ...]
    machine: dict[str, Any] = field(default_factory=environment)
    load: float | None = None  # before it began

    def title(self, name: str) -> str:
        """What a function is called in tables and plots."""
        return {KERNEL: self.kernel, REFERENCE: self.reference}.get(name, name)

    def as_json(self) -> dict[str, Any]:
        """All figures, as JSON holds them."""
        return {
            "kernel": self.kernel,
            "reference": self.reference,
            "ceilings": asdict(self.roof),
            "environment": self.machine,
            "load_average": self.load,
            "timings": [
                {
                    "case": timing.case,
                    "seconds": timing.seconds,
                    "ratios": {name: timing.ratio(name) for name in timing.seconds},
                    "flop": timing.standing.work.flop,
                    "bytes": timing.standing.work.moved,
                    "bound": timing.standing.bound,
                    "share": timing.standing.share,
                }
                for timing in self.timings
            ],
        }

    def __str__(self) -> str:
        lines = []
        for timing in self.timings:
            lines += [f"{timing.case:28}  {'time':>8}  {self.kernel} is faster by"]
            lines += [self._line(timing, name) for name in timing.seconds]
        threads = counted(self.roof.threads, "thread")
        lines += [f"{self.machine['cpu']}, {threads}, {self.machine['lanes']} float32 lanes"]
        return "\n".join([*lines, *filter(None, (busy_text(self.load),))])

    def _repr_png_(self) -> bytes | None:
        """What Jupyter shows: its picture, where Matplotlib is installed."""
        from .plotting import picture

        return picture(self) if find_spec("matplotlib") else None

    def _line(self, timing: Timing, name: str) -> str:
        start = f"  {self.title(name):26}  {time_text(timing.seconds[name]):>8}  "
        if name != KERNEL:
            return f"{start}{timing.ratio(name):.1f}x"
        return f"{start}{timing.standing.share:.0%} of what its bound allows ({timing.standing.bound})"


def benchmark_kernel(
    kernel: Function,
    reference: Function,
    cases: Iterable[Case],
    rivals: Mapping[str, Function] | None = None,
    threads: int = 1,
    roof: Ceilings | None = None,
) -> Comparison:
    """Time a kernel, its textbook and rivals at each case that has `work`, in turn, on the same float32 arrays.

    Each is called with the case's keyword arguments; medians over ROUNDS runs of some milliseconds, in which all take
    turns. An output that begins with numbers, and not `unset`, is one that a kernel changes in place: it is set back
    before each call, which is not timed. `roof` is what `fastnet.timing.ceilings.measure(threads)` gave, which takes
    some seconds; without it, it is measured. Kernels get `threads`; what other packages use is theirs to set, and as
    all run in one process, a rival with threads of its own may disturb the others. OptionError where no case has work.
    """
    timed = [case for case in cases if case.work is not None]
    if not timed:
        raise OptionError("no case has work, so there is nothing to time: give cases_of work=... and timed=...")
    if taken := {KERNEL, REFERENCE} & set(rivals or {}):
        raise OptionError(f"a rival cannot be called {taken.pop()!r}: that is what is timed beside it")
    load = load_average()
    functions = {KERNEL: kernel, REFERENCE: reference, **(rivals or {})}
    threads_before = jit.get_threads()
    jit.set_threads(threads)
    try:
        roof = roof or ceilings.measure(threads)
        caches = ceilings.cache_sizes()
        timings = tuple(_timing(case, functions, roof, caches) for case in timed)
    finally:
        jit.set_threads(threads_before)
    return Comparison(name_of(kernel), name_of(reference), roof, timings, load=load)


def _timing(case: Case, functions: Mapping[str, Function], roof: Ceilings, caches: dict[str, int]) -> Timing:
    assert case.work is not None
    arguments = case.arguments()
    calls = {name: _call_of(function, arguments) for name, function in functions.items()}
    seconds = interleaved_medians(calls, _setting_back(case, arguments))
    return Timing(case.name, seconds, standing(case.name, case.work, seconds[KERNEL], roof, caches))


def _call_of(function: Function, arguments: dict[str, Any]) -> Callable[[], object]:
    return lambda: function(**arguments)


def _setting_back(case: Case, arguments: dict[str, Any]) -> Callable[[], None] | None:
    """What sets the outputs back that are inputs as well, if there are any: else their numbers would drift away."""
    outputs = [value for name, value in arguments.items() if name in case.outputs and isinstance(value, np.ndarray)]
    changed = [(array, array.copy()) for array in outputs if not (array.dtype.kind == "f" and np.isnan(array).all())]

    def set_back() -> None:
        for array, before in changed:
            array[...] = before

    return set_back if changed else None


def interleaved_medians(
    calls: Mapping[str, Callable[[], object]], before_each: Callable[[], None] | None = None
) -> dict[str, float]:
    """Median seconds of each call over ROUNDS, in each of which all take turns, the first another each time."""
    numbers = {name: _calls_a_run(call, before_each) for name, call in calls.items()}
    runs: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for index in range(ROUNDS):
        turn = index % len(names)
        for name in names[turn:] + names[:turn]:
            runs[name].append(_seconds(calls[name], numbers[name], before_each) / numbers[name])
    return {name: statistics.median(seconds) for name, seconds in runs.items()}


def _calls_a_run(call: Callable[[], object], before_each: Callable[[], None] | None) -> int:
    """How many calls take SECONDS_A_RUN; the first, which may compile, apart."""
    call()
    n_calls = 1
    while (seconds := _seconds(call, n_calls, before_each)) < SECONDS_A_RUN / 2 and n_calls < 1_000_000:
        n_calls *= 2
    return max(1, round(n_calls * SECONDS_A_RUN / seconds))


def _seconds(call: Callable[[], object], n_calls: int, before_each: Callable[[], None] | None) -> float:
    """Of that many calls, without what comes before each."""
    if before_each:
        return sum(_seconds_of_one(call, before_each) for _ in range(n_calls))
    started = time.perf_counter()
    for _ in range(n_calls):
        call()
    return time.perf_counter() - started


def _seconds_of_one(call: Callable[[], object], before: Callable[[], None]) -> float:
    before()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
