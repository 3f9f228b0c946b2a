"""How weights are spread in each layer, and how they were at the beginning."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import panel as pn
from bokeh.plotting import figure

from fastnet.audit import Audit
from fastnet.audit.captions import caption
from fastnet.audit.figures import LayerFigures

from ..parts import wide_table
from .figures import FIRST, SECOND, figures, plot, text

_DENSITIES = (1e-4, 1e2)


def layers_view(audit: Audit) -> pn.Column:
    """A histogram and the health of each layer."""
    layers = audit.figures.layers
    table = text(layers_html(layers))
    histograms = figures(*map(_histogram, layers), sentence=caption("weights", audit))
    return pn.Column(histograms, table, sizing_mode="stretch_width", margin=0)


def layers_html(layers: Sequence[LayerFigures]) -> str:
    """Norms, ranks and units that never or always answer, a layer a row."""
    names = ("Layer", "Weights", "Deviation", "He", "Norm", "Effective rank", "Dead", "Always on")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{layer.name}</th><td>{layer.n_in} to {layer.n_out}</td>'
        f"<td>{layer.std:.4f}</td><td>{layer.he_std:.4f}</td><td>{layer.norm:.1f}</td>"
        f"<td>{layer.effective_rank:.0f}</td><td>{_known(layer.n_dead)}</td>"
        f"<td>{_known(layer.n_saturated)}</td></tr>"
        for layer in layers
    )
    return wide_table("The layers", head, rows)


def _known(count: int | None) -> str:
    return "" if count is None else str(count)


def _histogram(layer: LayerFigures) -> figure:
    bins = layer.histogram
    edges = bins.edges
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    histogram = plot(layer.name, "weight", "density", height=260, y_axis_type="log", y_range=_DENSITIES)
    top = [max(density, _DENSITIES[0]) for density in bins.density]
    bars: dict[str, Any] = {"left": edges[:-1], "right": edges[1:], "top": top, "bottom": _DENSITIES[0]}
    histogram.quad(**bars, color=FIRST, line_color=None, legend_label="now")
    histogram.line(middles, bins.he_density, color=SECOND, line_width=2, legend_label="at the start")
    histogram.legend.location = "top_left"
    return histogram
