"""The choice of a model, and what is known of the chosen one."""

from collections.abc import Iterable
from html import escape
from typing import Any

import panel as pn

from ...session.store import Store
from ..parts import html, model_choice


def model_view(store: Store) -> list[Any]:
    """The choice and the facts."""
    return [model_choice(store), html(pn.bind(facts_html, store.param.facts))]


def facts_html(facts: Iterable[tuple[str, str]]) -> str:
    """A description list of (name, value)."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>'
