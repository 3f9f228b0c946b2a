"""How weights are spread in each layer, and how they were at the beginning."""

from itertools import pairwise
from typing import Any

import panel as pn
from bokeh.plotting import figure

from fastnet.audit import Audit

from .figures import FIRST, SECOND, figures, plot, text


def layers_view(audit: Audit) -> pn.Column:
    """A histogram and the health of each layer."""
    layers = audit.figures["layers"]
    table = text(layers_html(layers))
    caption = "Bars: the weights now. Line: their initialisation after He et al. (2015), N(0, 2 / inputs)."
    return pn.Column(figures(*map(_histogram, layers), caption=caption), table, sizing_mode="stretch_width", margin=0)


def layers_html(layers: list[dict[str, Any]]) -> str:
    """Norms, ranks and units that never or always answer, a layer a row."""
    names = ("Layer", "Weights", "Deviation", "He", "Norm", "Effective rank", "Dead", "Always on")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{layer["name"]}</th><td>{layer["n_in"]} to {layer["n_out"]}</td>'
        f"<td>{layer['std']:.4f}</td><td>{layer['he_std']:.4f}</td><td>{layer['norm']:.1f}</td>"
        f"<td>{layer['effective_rank']:.0f}</td><td>{layer.get('n_dead', '')}</td>"
        f"<td>{layer.get('n_saturated', '')}</td></tr>"
        for layer in layers
    )
    return f'<div class="scrolled"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _histogram(layer: dict[str, Any]) -> figure:
    bins = layer["histogram"]
    edges = bins["edges"]
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    histogram = plot(layer["name"], "weight", "density", height=230)
    histogram.quad(left=edges[:-1], right=edges[1:], top=bins["density"], bottom=0, color=FIRST, line_color=None)
    histogram.line(middles, bins["he_density"], color=SECOND, width=2)
    histogram.y_range.start = 0
    return histogram
