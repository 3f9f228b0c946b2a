"""What `fastnet benchmark --kernel ... --json` printed, read again: by the page, which runs nobody's kernel."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastnet.errors import DataError, told
from fastnet.models.fields import FieldError, Within, read_fields

Positive = Annotated[float, Within(1e-12, 1e30)]


@dataclass(frozen=True)
class Found:
    """What came of a case: the error as a share of what is allowed, None where a result is not finite."""

    case: str
    note: str
    share: float | None
    fault: str | None


@dataclass(frozen=True)
class Verified:
    """What came of all cases."""

    kernel: str
    reference: str
    agrees: bool
    findings: tuple[Found, ...]


@dataclass(frozen=True)
class Roof:
    """The ceilings of so many threads: operations a second, and bytes a second by level."""

    threads: int
    flop: Positive
    read: dict[str, Positive]
    update: dict[str, Positive]


@dataclass(frozen=True)
class Timed:
    """Seconds a call at one case of "kernel", "reference" and each rival, and the share that the kernel reaches."""

    case: str
    seconds: dict[str, Positive]
    flop: Annotated[float, Within(0.0, 1e30)]  # 0 of what only moves numbers
    bytes: Positive
    bound: str
    share: Positive


@dataclass(frozen=True)
class Machine:
    """Where it was measured."""

    cpu: str
    cpus: int
    lanes: int


@dataclass(frozen=True)
class Measured:
    """All timings of a kernel that was verified."""

    ceilings: Roof
    timings: tuple[Timed, ...]
    environment: Machine
    load_average: float | None


@dataclass(frozen=True)
class KernelReport:
    """A kernel, verified, and, where it does what its textbook does, measured."""

    verified: Verified
    measured: Measured | None


def read_report(path: Path) -> KernelReport:
    """The report in a file; DataError for what is none, OSError for what cannot be read."""
    faults: list[str] = []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise FieldError("it must hold an object")
        verified = read_fields(Verified, content.get("verified"), faults, "verified")
        measured = read_fields(Measured, content, faults) if verified.agrees else None
        if measured and not all({"kernel", "reference"} <= timing.seconds.keys() for timing in measured.timings):
            raise FieldError("each of its timings must have the kernel's seconds and the reference's")
        if faults:
            raise FieldError(faults[0])
    except (ValueError, RecursionError, FieldError) as error:
        raise DataError(
            f"{path}: is no report of `fastnet benchmark --kernel ... --json`: {told(error, 200)}"
        ) from error
    return KernelReport(verified, measured)
