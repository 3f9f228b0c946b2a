"""What people are told beside figures: what rivals are called, times in words, whether the machine was busy."""

import os

TITLES = {
    "jax": "JAX",
    "pytorch": "PyTorch",
    "pytorch-bfloat16": "PyTorch with products in bfloat16",
    "keras": "Keras",
    "skorch": "skorch",
    "numpy": "the NumPy reference",
    "sklearn": "scikit-learn",
}
QUIET_LOAD = 0.5


def time_text(seconds: float) -> str:
    """Seconds with three digits, in s, ms or us."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def load_average() -> float | None:
    """How many processes wanted a processor in the last minute; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def busy_text(load: float | None) -> str:
    """A warning beside figures that were measured on a busy machine, else nothing."""
    if load is None or load <= QUIET_LOAD:
        return ""
    return f"The machine was busy with other things (load average {load:.1f})."
