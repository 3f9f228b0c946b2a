"""What makes a function the twin of another: that it takes the same arguments, by the same names, in the same order."""

from collections.abc import Callable
from inspect import signature
from typing import Any


def arguments_of(function: Callable[..., Any]) -> list[str] | None:
    """The names of a function's arguments; None of a callable that does not tell them, as many written in C."""
    try:
        return list(signature(function).parameters)
    except ValueError:
        return None


def told_arguments(names: list[str]) -> str:
    """Names of arguments in a sentence."""
    return f"({', '.join(names)})"
