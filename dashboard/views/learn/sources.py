"""The lines of the kernels and of their textbook that a lesson shows, from the source itself: they cannot go stale.

They are read, not imported: where people look at pages, Numba is not loaded.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_KERNELS = "fastnet.kernels"
# A signature up to a colon that ends a line, a docstring if there is one, and what is indented or empty.
_FUNCTION = r'^(?P<signature>def {}\(.*?:\n)(?: {{4}}""".*?"""\n)?(?P<body>(?:(?: {{4}}[^\n]*)?\n)*)'


class Twins(NamedTuple):
    """What does one part of a step: functions of the textbook, and what is at the heart of the kernels."""

    reference: tuple[str, ...]
    kernels: tuple[str, ...]


PARTS = {
    "forward": Twins(("reference.linear_relu", "reference.linear"), ("products.accumulate", "products.store_linear")),
    "loss": Twins(("reference.softmax_cross_entropy",), ("losses.differentiate_row",)),
    "gradient": Twins(("reference.linear_backward", "reference.linear_relu_backward"), ("products.multiply_tile",)),
    "adam": Twins(("reference.adam_step",), ("optimizers.adam_coefficients", "optimizers.adam_update")),
}


@cache
def sources() -> dict[str, list[str]]:
    """The code of each part: the textbook's, and the kernels'."""
    return {part: ["\n\n".join(map(source_of, names)) for names in twins] for part, twins in PARTS.items()}


@cache
def source_of(name: str) -> str:
    """The code of a function, as `products.accumulate`, without its docstring."""
    module, _, function = name.partition(".")
    spec = find_spec(f"{_KERNELS}.{module}")
    assert spec
    assert spec.origin
    # By its lines: before Python 3.13, `ast.parse` may fail where another thread is at it, too (python/cpython#106905).
    code = re.search(_FUNCTION.format(re.escape(function)), Path(spec.origin).read_text(encoding="utf-8"), re.M | re.S)
    assert code
    return (code["signature"] + code["body"]).rstrip()
