"""The page of one session: its header and its tabs."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from ..server.quotas import Role
from ..session.store import Store
from .audit import audit_view
from .benchmark import benchmark_view
from .browser import Browser
from .connection import Connection
from .learn import learn_view
from .mode import ModeSwitch
from .parts import ASSETS, html, notice
from .reading import reading_view
from .specs import specs_view
from .tabs import Tab, Tabs
from .training import training_view

TABS = (
    Tab("Read", "read", reading_view),
    Tab("Learn", "learn", learn_view),
    Tab("Audit", "audit", audit_view),
    Tab("Train", "train", training_view),
    Tab("Benchmark", "benchmark", benchmark_view),
)
MOST_WIDTH = 1760  # pixels: more would be too long a way for the eyes
FOR_READERS = ("read", "learn", "audit")  # the tabs of those who may not train, measure or save

_BAR = {  # as calm as the page below it
    "background": "var(--panel-surface-color)",
    "color": "inherit",
    "boxShadow": "none",
    "& .title": {"color": "var(--panel-on-surface-color) !important"},
}
_LAYOUT = {
    "& .MuiLinearProgress-root, & .main h5": {"visibility": "hidden"},  # never used; without words
    "@media (max-width: 360px)": {
        "& .MuiToolbar-root": {"paddingLeft": "8px", "paddingRight": "8px"},
        "& .title": {"fontSize": "1.125rem"},
    },
    "@media (max-height: 500px)": {  # a phone on its side
        "& .MuiToolbar-root": {"minHeight": "44px"},
        "& .main-content": {"paddingTop": 0},
    },
    "@media print": {  # all of it, on as many sheets as it takes: on the screen a part of the page scrolls
        "&": {"zoom": 0.55, "width": "auto"},  # figures stay as wide as they were drawn
        "&.mui-dark": {  # ink on paper; the theme would not change in time for it
            "color": "#111",
            **dict.fromkeys(("--panel-on-surface-color", "--panel-on-background-color"), "#111"),
            **dict.fromkeys(("--panel-surface-color", "--panel-background-color"), "#fff"),
            "--panel-primary-color": "#0b62a8",
            "--on-paper": "invert(1) hue-rotate(180deg)",
        },
        "&, & .main, & .main > *, & .main-content": {"display": "block", "height": "auto", "overflow": "visible"},
        "& .main": {"backgroundColor": "#fff"},  # also where people have backgrounds printed
        "& .header": {"position": "static"},
        "& .MuiToolbar-root .MuiIconButton-root": {"display": "none"},
    },
}
_COMPONENTS = {
    "MuiAppBar": {"styleOverrides": {"root": _BAR}},
    "MuiFormControl": {"styleOverrides": {"root": {"@media print": {"filter": "var(--on-paper, none)"}}}},
    "MuiTypography": {"defaultProps": {"variantMapping": {"h3": "div"}}},  # the name in the bar is no heading
}
_THEME = {
    mode: {"palette": {"primary": {"main": accent}}, "components": _COMPONENTS}
    for mode, accent in (("light", "#0b62a8"), ("dark", "#6cb6ff"))
}


def build_page(store: Store) -> pmui.Page:
    """The whole page for one session."""
    chip, specs = specs_view(store)
    tabs = TABS if store.shared.role is not Role.READERS else [tab for tab in TABS if tab.key in FOR_READERS]
    notices = html(pn.bind(_notices, store.address.param.problem, store.param.notice))
    return lasting_no_longer_than_its_session(
        title="fastnet",
        header=[*header_items(store), chip],
        main=[Browser(store.address), Connection(store), notices, Tabs(store, tabs), specs],
        main_width=MOST_WIDTH,
        favicon=ASSETS / "favicon.svg",
        theme_config=_THEME,
        sx=_LAYOUT,
        template=ASSETS / "page.html",
    )


def _notices(*sentences: str) -> str:
    return "".join(map(notice, sentences))


def header_items(store: Store) -> list[Viewable]:
    """What stands in the bar at the top, between the name and the dark switch."""
    return [html("<h1>Handwritten digits, read by a network built from first principles</h1>"), ModeSwitch(store)]


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
