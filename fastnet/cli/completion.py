"""What shells offer for the word under the cursor, through argcomplete, where that is installed.

Commands and options are the parser's; here are the values of arguments, by their names. Nothing heavy is imported: a
shell waits.
"""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from fastnet import weights
from fastnet.models.documents import RUNS
from fastnet.training.recipe import RECIPES

from .options import OPTIONS


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell and leave; nothing where argcomplete is not installed."""
    try:
        import argcomplete
    except ImportError:
        return
    for action in _actions(parser):
        if action.dest in _OFFERS:
            action.completer = _completer(_OFFERS[action.dest])
        elif action.dest in OPTIONS and OPTIONS[action.dest].choices:
            action.choices = OPTIONS[action.dest].choices
    argcomplete.autocomplete(parser)


def _runs() -> list[str]:
    """The paths of the runs that are here."""
    return sorted(str(path) for path in RUNS.glob("[!.]*") if path.is_dir())


def _models() -> list[str]:
    """The names of the models that come with fastnet, and the runs."""
    return [*weights.names(), *_runs()]


_OFFERS: dict[str, Callable[[], Iterable[str]]] = {
    **dict.fromkeys(("model", "other", "against", "initial", "teacher"), _models),
    "resume": _runs,
    "data": lambda: ["mnist"],
    "recipe": lambda: RECIPES,
}


def _completer(offer: Callable[[], Iterable[str]]) -> Callable[..., list[str]]:
    """What argcomplete asks: the values that begin so, or, where none does, the files."""

    def names(prefix: str, **_: object) -> list[str]:
        from argcomplete.completers import FilesCompleter

        return [name for name in offer() if name.startswith(prefix)] or list(FilesCompleter()(prefix))

    return names


def _actions(parser: argparse.ArgumentParser) -> Iterable[Any]:
    """All arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
