"""The choice of a model, what is known of the chosen one, and its name beside what it reads."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn

from fastnet.reading.predictor import Predictor

from ...session.store import Store
from ..parts import html, model_choice


def model_view(store: Store) -> list[Any]:
    """The choice and the facts."""
    return [model_choice(store), html(pn.bind(facts_html, store.param.facts))]


def model_name(store: Store) -> Any:
    """Which model reads."""
    return pn.bind(name_html, store.param.model, store.param.predictor, store.param.corrected)


def name_html(name: str, predictor: Predictor | None, corrected: tuple[str, Path] | None = None) -> str:
    """Which model it is, for people; nothing while no sound one is chosen."""
    if predictor is None:
        return ""
    return f'<p class="quiet model-name">Model: {escape(called(name, corrected))}</p>'


def called(name: str, corrected: tuple[str, Path] | None) -> str:
    """What people are told of the model: its name, and whether they taught it something."""
    return f"{name}, as you taught it" if corrected and corrected[0] == name else name


def facts_html(facts: Iterable[tuple[str, str]]) -> str:
    """A description list of (name, value)."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>'
