"""The kernel workshop: a kernel of your own beside its textbook, verified, timed, and placed on the roofline.

    from fastnet.workshop import Work, cases_of, verify, benchmark_kernel

docs/kernels.md is its guide. `fastnet benchmark --kernel module:function ...` does the same on the command line.
"""

from fastnet.timing.work import Work

from .benchmarking import Comparison, Timing, benchmark_kernel
from .cases import ODD_SHAPES, Case, Make, Numbers, cases_of, unset
from .plotting import plot
from .verifying import Finding, KernelError, Report, verify

__all__ = [
    "ODD_SHAPES",
    "Case",
    "Comparison",
    "Finding",
    "KernelError",
    "Make",
    "Numbers",
    "Report",
    "Timing",
    "Work",
    "benchmark_kernel",
    "cases_of",
    "plot",
    "unset",
    "verify",
]
