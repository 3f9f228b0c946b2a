"""What the audit's figures have in common: size, tools, colours, and how they are changed."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Literal

import panel as pn
from bokeh.models import HoverTool
from bokeh.plotting import figure

from fastnet.audit import Audit
from fastnet.audit.captions import caption

from ..parts import drawn
from .styles import STYLES

# Told apart with any colour vision, on light and dark (Petroff 2021, "Accessible color sequences").
COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")
MOST_IN_A_ROW = 4
FIRST, SECOND, QUIET = COLOURS[0], COLOURS[6], COLOURS[3]


def plot(title: str, x_label: str, y_label: str, height: int = 260, **options: Any) -> figure:
    """An empty figure as wide as its place; wheel and finger scroll the page until a tool is chosen."""
    tools = options.pop("tools", "save")
    empty = figure(
        title=title,
        x_axis_label=x_label,
        y_axis_label=y_label,
        height=height,
        sizing_mode="stretch_width",
        tools=tools,
        active_drag=None,
        toolbar_location="above",
        min_border=4,
        **options,
    )
    empty.toolbar.logo = None
    empty.toolbar.stylesheets = ["@media print { :host { display: none } }"]
    empty.xgrid.visible = False
    empty.outline_line_color = None
    return empty


def hover(
    target: figure, renderers: Sequence[Any], *fields: tuple[str, str], mode: Literal["mouse", "vline"] = "mouse"
) -> None:
    """Tell values of points under the pointer: pairs of a name and a field such as `@x{0.0%}`."""
    rows = "".join(f"<div>{name} <b>{field}</b></div>" for name, field in fields)
    target.add_tools(HoverTool(renderers=list(renderers), tooltips=tooltip(rows), mode=mode, visible=False))


def tooltip(content: str) -> str:
    """A tooltip in the colours of the page."""
    look = (
        "margin: -5px; padding: 8px 10px; font-size: 13px; color: var(--panel-on-surface-color);"
        " background: var(--panel-surface-color)"
    )
    return f'<div style="{look}">{content}</div>'


def figures(*plots: figure, sentence: str, plainly: str = "", least_width: int = 260) -> pn.Column:
    """Figures side by side where there is room, and a sentence about them below."""
    least = f"max({least_width}px, {100 / min(len(plots), MOST_IN_A_ROW):.2f}%)"
    columns = f":host {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min({least}, 100%), 1fr)) }}"
    panes = [drawn(each) for each in plots]
    grid = pn.Column(*panes, stylesheets=[columns], sizing_mode="stretch_width", margin=0)
    return pn.Column(grid, told(sentence, plainly), sizing_mode="stretch_width", margin=0)


def text(content: Any) -> pn.pane.HTML:
    """HTML with the audit's styles."""
    return pn.pane.HTML(content, stylesheets=[STYLES], sizing_mode="stretch_width")


def told(sentence: str, plainly: str = "") -> pn.pane.HTML:
    """A sentence below a picture, and the one that stands there in the playful mode, if that is another."""
    if not plainly:
        return text(f'<p class="caption">{escape(sentence)}</p>')
    exactly = f'<p class="caption for-scientists">{escape(sentence)}</p>'
    return text(f'{exactly}<p class="caption for-players">{escape(plainly)}</p>')


def words(name: str, audit: Audit, plainly: str = "") -> pn.pane.HTML:
    """What a picture of that name shows and means, in a sentence or two."""
    return told(caption(name, audit), plainly)


def later(change: Callable[[], None]) -> None:
    """Change a Bokeh model when no other change is being sent; without a server, at once."""
    pn.state.execute(change, schedule=True)
