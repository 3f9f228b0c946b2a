"""Whether a kernel does what its textbook does.

The textbook computes in double precision from the same numbers, so it stands for the exact result. The kernel writes
into memory with a guard on both sides, and runs three times: on one thread, again, and on two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnet.errors import FastnetError, OptionError, told, without_folders
from fastnet.kernels import jit
from fastnet.kernels.arrays import aligned_empty
from fastnet.kernels.twins import arguments_of, told_arguments

from .cases import Arguments, Case

EPS = float(np.finfo(np.float32).eps)
TINY = float(np.finfo(np.float32).tiny)  # a CPU may take what is smaller for 0
GUARD = 256  # bytes before and behind what a kernel writes; where it has gaps, these are guarded too
SEVEN = 7  # what each byte of a guard is
RETURNED = "return"
Function = Callable[..., Any]


class KernelError(FastnetError):
    """A kernel that does not do what its textbook does."""


@dataclass(frozen=True)
class Finding:
    """What came of one case: the largest error as a share of what is allowed, and what is wrong, if anything."""

    case: str
    share: float
    fault: str | None = None
    note: str = ""  # what else there is to say of a case that holds


@dataclass(frozen=True)
class Report:
    """What came of all cases; printed, it is a table."""

    kernel: str
    reference: str
    findings: tuple[Finding, ...]

    @property
    def agrees(self) -> bool:
        """Whether no case has a fault."""
        return all(finding.fault is None for finding in self.findings)

    def raise_first(self) -> None:
        """KernelError that tells the first fault, if there is one."""
        for finding in self.findings:
            if finding.fault:
                raise KernelError(f"{self.kernel}, {finding.case}: {finding.fault}")

    def as_json(self) -> dict[str, Any]:
        """All findings, as JSON holds them: no share where a result is not finite."""
        return {
            "kernel": self.kernel,
            "reference": self.reference,
            "agrees": self.agrees,
            "findings": [
                {
                    "case": finding.case,
                    "share": finding.share if np.isfinite(finding.share) else None,
                    "fault": finding.fault,
                    "note": finding.note,
                }
                for finding in self.findings
            ],
        }

    def __str__(self) -> str:
        n_faults = sum(finding.fault is not None for finding in self.findings)
        verdict = (
            f"{n_faults} of {len(self.findings)} cases fail" if n_faults else f"all {len(self.findings)} cases hold"
        )
        width = max(len(finding.case) for finding in self.findings)
        lines = [f"  {finding.case:{width}}  {_verdict(finding)}" for finding in self.findings]
        return "\n".join([f"{self.kernel} against {self.reference}: {verdict}", *lines])


def _verdict(finding: Finding) -> str:
    if finding.fault:
        return f"FAILS: {finding.fault}"
    return finding.note or f"{finding.share:4.0%} of what may be off"


def verify(kernel: Function, reference: Function, cases: Iterable[Case], raise_first: bool = False) -> Report:
    """Run a kernel and its textbook on the same arrays, case by case, and compare what they write and return.

    Both are called with the same keyword arguments; the textbook gets its float32 arrays in double precision. A case
    holds where each output is within its tolerance, NaN and infinities are where they should be, nothing is written but
    the outputs and nothing beside them, and two calls, and one and two threads, give the same bits. With `raise_first`,
    KernelError for the first fault. OptionError where there is no case, an output that is
    no argument, or a textbook that raises.
    """
    cases = list(cases)
    if not cases:
        raise OptionError("there is no case to verify")
    findings = tuple(_try_case(kernel, reference, case) for case in cases)
    report = Report(name_of(kernel), name_of(reference), (_same_signature(kernel, reference, cases[0]), *findings))
    if raise_first:
        report.raise_first()
    return report


def name_of(function: Function) -> str:
    """What a function is called."""
    return getattr(function, "__name__", None) or type(function).__name__


def _same_signature(kernel: Function, reference: Function, case: Case) -> Finding:
    """Whether both take the arguments of the cases under the same names, in the same order."""
    own, twin = arguments_of(kernel), arguments_of(reference)
    if own is None or twin is None:
        return Finding("signature", 0.0, note=f"{name_of(kernel if own is None else reference)} tells no arguments")
    given, fault = list(case.arguments()), None
    if own != twin:
        fault = f"it takes {told_arguments(own)}, its textbook {told_arguments(twin)}"
    elif not set(given) <= set(own):
        fault = f"the cases have {told_arguments(given)}, it takes {told_arguments(own)}"
    return Finding("signature", 0.0, fault, note="the same arguments")


def _try_case(kernel: Function, reference: Function, case: Case) -> Finding:
    before = case.arguments()
    if unknown := set(case.outputs) - set(before) - {RETURNED}:
        raise OptionError(f"{case.name}: the output {unknown.pop()} is none of {', '.join(before)}")
    try:
        first, guards = _call_guarded(kernel, case, 1)
    except ValueError as error:
        if case.may_refuse:
            return Finding(case.name, 0.0, note="refused, which is right")
        return Finding(case.name, np.inf, f"it refuses this: {told(error)}")
    except MemoryError:
        raise
    except Exception as error:  # whatever a stranger's kernel raises
        return Finding(case.name, np.inf, f"it raises {_raised(error)}")
    exact = _exact(reference, case)
    share, fault = 0.0, None
    for name in case.outputs:
        output_share, output_fault = _compared(name, first[name], exact[name], case)
        share, fault = max(share, output_share), fault or output_fault
    fault = fault or _written_beside(before, first, guards, case) or _changing_bits(kernel, case, first)
    return Finding(case.name, share, fault)


# ---- Calls ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guard:
    """The bytes before, behind and between the numbers of an output, all SEVEN until somebody writes there."""

    memory: np.ndarray  # uint8, with those of the output
    is_guard: np.ndarray  # bool, of the same shape

    def holds(self) -> bool:
        """Whether nobody did."""
        return bool((self.memory[self.is_guard] == SEVEN).all())


def _call_guarded(kernel: Function, case: Case, n_threads: int) -> tuple[Arguments, dict[str, Guard]]:
    """The arguments after the call with what it returned, and the bytes around each output."""
    arguments, guards = case.arguments(), {}
    for name in case.outputs:
        value = arguments.get(name)
        if isinstance(value, np.ndarray):
            arguments[name], guards[name] = _guarded(value)
    threads_before = jit.get_threads()
    jit.set_threads(n_threads)
    try:
        returned = kernel(**arguments)
    finally:
        jit.set_threads(threads_before)
    return {**arguments, RETURNED: returned}, guards


def _guarded(array: np.ndarray) -> tuple[np.ndarray, Guard]:
    """A copy of an array with its strides, among bytes that are guarded."""
    reaches = [max(size - 1, 0) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    start = GUARD - sum(reach for reach in reaches if reach < 0)
    memory = aligned_empty((start + sum(reach for reach in reaches if reach > 0) + array.itemsize + GUARD,), np.uint8)
    memory.fill(SEVEN)
    copy: np.ndarray = np.ndarray(array.shape, array.dtype, memory, start, array.strides)
    copy[...] = array
    is_guard = np.ones(memory.shape, bool)
    np.ndarray((*array.shape, array.itemsize), bool, is_guard, start, (*array.strides, 1))[...] = False
    return copy, Guard(memory, is_guard)


def _raised(error: Exception) -> str:
    """What a stranger's code raised, in words."""
    return f"{type(error).__name__}: {without_folders(told(error, 200))}"


def _exact(reference: Function, case: Case) -> Arguments:
    arguments = {name: _as_float64(value) for name, value in case.arguments().items()}
    try:
        with np.errstate(all="ignore"):
            returned = reference(**arguments)
    except MemoryError:
        raise
    except Exception as error:  # whatever a stranger's textbook raises
        raise OptionError(f"{case.name}: the textbook {name_of(reference)} raises {_raised(error)}") from error
    return {**arguments, RETURNED: returned}


def _as_float64(value: Any) -> Any:
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return np.ascontiguousarray(value, np.float64) if is_float else value


# ---- Comparisons ----------------------------------------------------------------------------------------------------


def _compared(name: str, result: Any, exact: Any, case: Case) -> tuple[float, str | None]:
    """The largest error as a share of what is allowed, and the fault where it is more than that."""
    result, exact = np.atleast_1d(np.asarray(result, np.float64)), np.atleast_1d(np.asarray(exact, np.float64))
    if result.shape != exact.shape:
        return np.inf, f"{name} has shape {result.shape}, its textbook's {exact.shape}"
    with np.errstate(all="ignore"):
        exact = np.where(np.abs(exact) > np.finfo(np.float32).max, np.sign(exact) * np.inf, exact)
        is_finite = np.isfinite(exact)
        largest = np.max(np.abs(exact), axis=-1, keepdims=True, initial=0.0, where=is_finite)
        allowed = EPS * (case.ulps * np.abs(exact) + case.row_ulps * largest) + TINY
        shares = np.abs(result - exact) / allowed
        is_same = (result == exact) | (np.isnan(result) & np.isnan(exact))
        shares = np.where(is_same, 0.0, np.where(is_finite & np.isfinite(result), shares, np.inf))
    if not shares.size or shares.max() <= 1:
        return float(shares.max(initial=0.0)), None
    place = np.unravel_index(int(shares.argmax()), shares.shape)
    where = f"{name}[{', '.join(str(int(index)) for index in place)}]"
    times = "" if np.isinf(shares[place]) else f", {shares[place]:.3g} times what may be off"
    return float(shares.max()), f"{where} is {result[place]:.9g}, should be {exact[place]:.9g}{times}"


def _written_beside(before: Arguments, after: Arguments, guards: dict[str, Guard], case: Case) -> str | None:
    for name, guard in guards.items():
        if not guard.holds():
            return f"it writes outside {name}"
    for name in before.keys() - set(case.outputs):
        if not _same_bits(before[name], after[name]):
            return f"it writes to {name}, which is no output"
    return None


def _changing_bits(kernel: Function, case: Case, first: Arguments) -> str | None:
    for n_threads, who, differ in (
        (1, "a second call", "gives other bits"),
        (2, "two threads", "give other bits than one"),
    ):
        try:
            again, _ = _call_guarded(kernel, case, n_threads)
        except MemoryError:
            raise
        except Exception as error:  # whatever a stranger's kernel raises
            return f"{who} raised {_raised(error)}"
        if not all(_same_bits(first[name], again[name]) for name in case.outputs):
            return f"{who} {differ}"
    return None


def _same_bits(left: Any, right: Any) -> bool:
    if left is None or isinstance(left, str):
        return bool(left == right)
    return np.asarray(left).tobytes() == np.asarray(right).tobytes()
