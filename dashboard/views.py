"""What people see: the page and its three cards (choose a picture, the answer, the model), all fed by one store."""

import base64
import io
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent
from PIL import Image

from fastnet.pictures import FORMATS

from .store import MOST_MEGABYTES, Answer, Store, sample_digits

_STYLES = (Path(__file__).parent / "assets" / "page.css").read_text(encoding="utf-8")
_THEME = {"light": {"palette": {"primary": {"main": "#0072b5"}}}, "dark": {}}  # buttons as blue as the header
_CARD = {
    "border": "1px solid color-mix(in srgb, currentColor 20%, transparent)",
    "border-radius": "8px",
    "padding": "8px 4px",
    "height": "auto",  # so that the cards of one row are equally high
}


def build_page(store: Store) -> pmui.Page:
    """The whole page for one session."""
    heading = _html("<h1>Handwritten digits, read by a network built from first principles</h1>")
    answer = _html(pn.bind(answer_html, store.param.answer, store.param.problem))
    facts = _html(pn.bind(facts_html, store.param.facts))
    choice = pmui.Select.from_param(store.param.model, label="Model", description="", size="small", width=300)
    cards = pn.FlexBox(
        _card("Choose a picture", Picker(store), flex="1 1 300px"),
        _card("The network's answer", answer, flex="2 1 300px"),
        _card("The model", choice, facts, flex="1 1 100%"),
        gap="16px",
        align_items="stretch",
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
    return lasting_no_longer_than_its_session(
        title="fastnet", main=[heading, cards], main_width=1120, theme_config=_THEME
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


class Picker(JSComponent):
    """A place to drop or choose a file, and ten sample digits; tells the store what was chosen."""

    samples = param.List(item_type=str, doc="The pictures of the sample digits, as data URIs.")
    most_bytes = param.Integer(doc="No more than this and one byte of a file is sent.")
    accept = param.String(doc="The file types that the browser offers.")

    _esm = "assets/picker.js"

    def __init__(self, store: Store) -> None:
        super().__init__(
            samples=[_png_uri(pixels) for pixels in sample_digits()],
            most_bytes=MOST_MEGABYTES * 10**6,
            accept=",".join(f"image/{name.lower()}" for name in FORMATS),
            stylesheets=[_STYLES],
            sizing_mode="stretch_width",
            margin=(5, 10),
        )
        self._store = store

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"sample": int(digit)}:
                self._store.show_sample(digit)
            case {"name": str(name), "content": bytes(content)}:
                self._store.show_file(name, content)


def answer_html(answer: Answer | None, problem: str) -> str:
    """The picture as the network sees it, the digit and ten bars; or what was wrong; or what to do first."""
    if problem:
        return f'<p class="problem" role="alert">{escape(problem)}.</p>'
    if answer is None:
        return '<p class="hint">Upload a picture or click a sample digit.</p>'
    bars = "".join(_bar_html(digit, p, digit == answer.digit) for digit, p in enumerate(answer.probabilities))
    return f"""
        <div class="answer" role="status">
          <figure>
            <img src="{_png_uri(answer.pixels)}" alt="The 28 by 28 pixels that the network sees">
            <figcaption>{escape(answer.caption)}, as the network sees it</figcaption>
          </figure>
          <div class="verdict">
            <output class="digit">{answer.digit}</output>
            <span class="probability">{answer.probability:.1%}</span>
          </div>
          <ol class="bars">{bars}</ol>
        </div>"""


def facts_html(facts: Iterable[tuple[str, str]]) -> str:
    """A description list of (name, value)."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>'


def _bar_html(digit: int, probability: float, is_answer: bool) -> str:
    return f"""
        <li class="{"bar best" if is_answer else "bar"}">
          <span>{digit}</span>
          <span class="track"><span class="fill" style="width: {probability:.1%}"></span></span>
          <span class="percent">{probability:.1%}</span>
        </li>"""


def _html(content: Any) -> pn.pane.HTML:
    return pn.pane.HTML(content, stylesheets=[_STYLES], sizing_mode="stretch_width")


def _card(title: str, *contents: Any, flex: str) -> pn.Column:
    return pn.Column(_html(f"<h2>{title}</h2>"), *contents, styles={**_CARD, "flex": flex})


def _png_uri(pixels: np.ndarray) -> str:
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def _busy_watchers() -> list[Any]:
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))
