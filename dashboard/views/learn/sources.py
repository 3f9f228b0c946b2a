"""The lines of the kernels and of their textbook that a lesson shows, from the source itself: they cannot go stale.

They are read, not imported: where people look at pages, Numba is not loaded.
"""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

_KERNELS = "fastnet.kernels"


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
    text = Path(spec.origin).read_text(encoding="utf-8")
    (node,) = (n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == function)
    first, *rest = node.body
    lines = text.splitlines()
    body = rest if ast.get_docstring(node) else [first, *rest]
    assert body[0].end_lineno
    return dedent("\n".join([*lines[node.lineno - 1 : first.lineno - 1], *lines[body[0].lineno - 1 : node.end_lineno]]))
