"""Small parts that views share: scripts, answers to them, work aside, plain HTML with the page's styles, cards."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from html import escape
from operator import add
from pathlib import Path
from typing import Any, TypeVar

import panel as pn
import panel_material_ui as pmui
from panel.custom import JSComponent

from ..session.store import Store

ASSETS = Path(__file__).parent.parent / "assets"
STYLES = (ASSETS / "page.css").read_text(encoding="utf-8")

Result = TypeVar("Result")

_CARD = {
    "border": "1px solid color-mix(in srgb, currentColor 18%, transparent)",
    "border-radius": "12px",
    "padding": "12px 10px",
    "height": "auto",  # as high as its row
}


def script(*names: str | Path) -> str:
    """The JavaScript of a component, after the few lines that all of them share; a path may lead elsewhere."""
    return "".join((ASSETS / part).read_text(encoding="utf-8") for part in ("dom.js", *names))


@contextmanager
def one_message(asker: JSComponent) -> Iterator[None]:
    """Send all that changes as one message, which also tells the asker that it was heard and may go on."""
    with pn.io.hold():
        try:
            yield
        finally:
            asker._send_msg("heard")


def aside(work: Callable[[], Result], finish: Callable[[Result], None], executor: Executor | None = None) -> None:
    """Do the work in a thread, or as `executor` does, then finish on the event loop, where the page is changed.

    Without a server, both are done at once.
    """
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        finish(work())
        return

    def schedule(future: Future[Result]) -> None:
        if not future.cancelled():
            document.add_next_tick_callback(partial(finish, future.result()))

    (executor or _threads()).submit(work).add_done_callback(schedule)


@cache
def _threads() -> ThreadPoolExecutor:
    """One for all sessions: two large pictures at once would only need twice the memory."""
    return ThreadPoolExecutor(1, "pictures")


def drawn(plot: Any, **looks: Any) -> pn.Column:
    """A figure as wide as its place; one that was drawn on a dark page is printed light all the same."""
    pane = pn.pane.Bokeh(plot, sizing_mode="stretch_width", **looks)
    return pn.Column(pane, styles={"filter": "var(--on-paper, none)"}, sizing_mode="stretch_width", margin=0)


def html(content: Any, styles: str = STYLES) -> pn.pane.HTML:
    """HTML, or a parameter that holds it, with the page's styles or those of a tab."""
    return pn.pane.HTML(content, stylesheets=[styles], sizing_mode="stretch_width")


def notice(sentence: str) -> str:
    """What went wrong, as HTML; nothing if nothing did."""
    return (
        f'<p class="problem notice" role="alert">{escape(sentence[0].upper() + sentence[1:])}.</p>' if sentence else ""
    )


def wide_table(name: str, head: str, rows: str) -> str:
    """A table as HTML; on a narrow page it is scrolled, with the keyboard too."""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(name)}">{table}</div>'


def model_choice(store: Store) -> pmui.Select:
    """The choice of a model; all tabs share it."""
    looks: dict[str, Any] = {"size": "small", "sizing_mode": "stretch_width", "max_width": 300}
    return pmui.Select.from_param(store.param.model, label="Model", description="", **looks)


def card(title: str, *contents: Any, area: str, note: Any = None) -> pn.Column:
    """Contents under a heading; `area` is its place in the view's grid.

    `note` stands beside the heading: HTML, as a parameter or what is bound to some.
    """
    heading = f'<h2 class="of-{area}">{title}</h2>'
    top = html(heading if note is None else pn.bind(add, heading, note))
    styles = {**_CARD, "grid-area": area}
    return pn.Column(top, *contents, styles=styles, css_classes=[f"card-{area}"])
