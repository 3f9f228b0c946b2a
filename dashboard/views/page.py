"""The page of one session: its views, laid out."""

from typing import Any

import panel as pn
import panel_material_ui as pmui

from ..store import Store
from .answer import AnswerView, StagesView
from .board import Board
from .gallery import Gallery
from .model import model_view
from .parts import ASSETS, card, html

_BAR = {  # as calm as the page below it
    "background": "var(--panel-surface-color)",
    "color": "inherit",
    "boxShadow": "none",
    "& .title": {"color": "var(--panel-on-surface-color) !important"},
}
_THEME = {
    mode: {"palette": {"primary": {"main": accent}}, "components": {"MuiAppBar": {"styleOverrides": {"root": _BAR}}}}
    for mode, accent in (("light", "#0b62a8"), ("dark", "#6cb6ff"))
}
_GRID = (ASSETS / "reading.css").read_text(encoding="utf-8")


def build_page(store: Store) -> pmui.Page:
    """The whole page for one session."""
    heading = html("<h1>Handwritten digits, read by a network built from first principles</h1>")
    return lasting_no_longer_than_its_session(
        title="fastnet", header=[heading], main=[reading_view(store)], main_width=1240, theme_config=_THEME
    )


def reading_view(store: Store) -> pn.Column:
    """Draw or bring a picture, and see how it is read."""
    return pn.Column(
        card("Draw", Board(store), area="board"),
        card("The network reads", AnswerView(store), area="answer"),
        card("Or bring a picture", Gallery(store), area="pictures"),
        card("How the picture got there", StagesView(store), area="stages"),
        card("The model", *model_view(store), area="model"),
        stylesheets=[_GRID],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )


def lasting_no_longer_than_its_session(**options: Any) -> pmui.Page:
    """A `pmui.Page` that can be collected when its session ends.

    The constructor makes the process-wide busy state hold the page for ever (panel-material-ui 0.16), for a busy
    indicator that is switched off here; so the watchers it added are taken away again.
    """
    before = _busy_watchers()
    page = pmui.Page(busy_indicator=None, **options)
    for watcher in _busy_watchers():
        if watcher not in before:
            pn.state.param.unwatch(watcher)
    return page


def _busy_watchers() -> list[Any]:
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))
