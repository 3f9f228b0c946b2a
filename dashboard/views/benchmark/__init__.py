"""The "Benchmark" tab: time this machine by a click, beside NumPy and the frameworks that are installed."""

import panel as pn
import panel_material_ui as pmui

from ...server.benchmarks import Result
from ...session.store import Store
from ..mode import for_scientists, in_each_mode
from ..parts import ASSETS, card, html
from .own_kernels import own_kernels
from .roofline import roofline_pane
from .styles import STYLES
from .tables import introduction, invitation, result_html
from .watch import SAMPLES, Watch

MOST_MS = 400  # between a change and its sight

_CARDS = (ASSETS / "benchmark.css").read_text(encoding="utf-8")


def benchmark_view(store: Store) -> pn.Column:
    """The whole tab."""
    watch = Watch(store.shared.benchmarks, store, store.visitor)
    samples = pmui.Select(
        label="Train on", options=SAMPLES, value=60_000, disabled=watch.param.is_running, size="small", width=200
    )
    button = pmui.Button(
        label=watch.param.button,
        disabled=watch.param.is_waiting,
        color="primary",
        on_click=lambda _: watch.press(samples.value),
    )
    view = pn.Column(
        card(
            in_each_mode("Time this machine", "A race"),
            html(f'<div class="for-scientists">{introduction()}</div><div class="for-players">{invitation()}</div>'),
            pmui.FlexBox(samples, button, align_items="center", gap="8px"),
            html(watch.param.progress, STYLES),
            area="run",
        ),
        _results(watch),
        *_own_kernels(store),
        stylesheets=[_CARDS],
        margin=(0, 10),
        sizing_mode="stretch_width",
    )
    if pn.state.curdoc and pn.state.curdoc.session_context:
        pn.state.add_periodic_callback(watch.look, MOST_MS)
    return view


def _results(watch: Watch) -> pn.Column:
    """The cards of what was measured; not to be seen before."""
    result = watch.param.result
    return pn.Column(
        card(in_each_mode("Side by side", "How it ended"), pn.bind(_contests, result), area="result"),
        for_scientists(card("Where the kernels stand", pn.bind(_roofline, result), area="roofline")),
        visible=pn.bind(bool, result),
        stylesheets=[_CARDS],
        sizing_mode="stretch_width",
        margin=0,
    )


def _own_kernels(store: Store) -> list[pn.Column]:
    """The card of kernels of one's own, on a server that was given reports."""
    reports = store.shared.reports
    return [for_scientists(card("Kernels of your own", own_kernels(reports), area="own"))] if reports else []


def _contests(result: Result | None) -> pn.viewable.Viewable:
    return html(result_html(result) if result else "", STYLES)


def _roofline(result: Result | None) -> pn.viewable.Viewable:
    return roofline_pane(result.figures["roofline"]) if result else html("")
