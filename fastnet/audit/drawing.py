"""How the audit's pictures look: colours that everybody can tell apart, one kind of axes, PNG at the end.

Figures are made without pyplot, whose state threads of a server would share.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

# Okabe & Ito 2008
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY, INK = "#777777", "#222222"
AMBER, RUST = "#7A5600", "#9C3600"  # orange and vermilion, dark enough for text
CLASS_COLOURS = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, "#B8A900", INK, "#8C6BB1", "#A6611A")
MOST_NAMED_CLASSES = 20  # whose names are written into pictures

DPI = 120


def new_figure(width: float, height: float, n_rows: int = 1, n_columns: int = 1) -> tuple[Figure, Any]:
    """A figure of that size in inches, and its axes `(n_rows, n_columns)`."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def label(axes: Any, title: str, x: str, y: str = "") -> None:
    """Title and units, a light grid, no box."""
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def plain(text: str) -> str:
    """The text, with names of classes in it, so that no pair of dollars in it is taken for a formula."""
    return text.replace("$", r"\$")


def class_colours(n: int) -> list[Any]:
    """A colour for each of `n` classes."""
    return list(CLASS_COLOURS[:n]) if n <= len(CLASS_COLOURS) else list(colormaps["viridis"](np.linspace(0, 1, n)))


def draw_images(
    axes: Iterable[Any], images: np.ndarray, texts: Sequence[str], colours: Sequence[str], **options: Any
) -> None:
    """In each of the axes one of the images `(n, height, width)`, with text below it; axes left over stay empty."""
    places = list(axes)
    for place, image, text, colour in zip(places, images, texts, colours, strict=False):
        place.imshow(image, interpolation="nearest", **{"cmap": "gray_r", **options})
        place.set_xticks([])
        place.set_yticks([])
        place.spines[:].set_color("#cccccc")
        place.set_xlabel(text, fontsize=10, color=colour, labelpad=3)
    for place in places[len(images) :]:
        place.axis("off")


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    return content.getvalue()
