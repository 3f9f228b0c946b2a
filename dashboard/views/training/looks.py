"""What the network shows of itself: its first filters, its confusions, and how the classes draw apart."""

from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, FixedTicker
from bokeh.plotting import figure

from ...session.training_state import TrainingState
from ...worker.snapshot import Looks
from ..heard import heard_html
from ..images import png_uri
from ..parts import drawn, html
from .awaited import awaited

_COLUMNS = 8  # of filters
_GAP = 2
_FOR, _AGAINST = np.array([72, 166, 245]), np.array([245, 128, 37])  # as the heat maps on the Read tab have it
_HEIGHT = 300
_MOST_TOLD = 5  # confusions, to those who don't see them all
# Ten hues that differ in lightness too; each point is also written as its digit.
_DIGITS = [
    *("#4a9fe0", "#f58025", "#2ca02c", "#e05252", "#a879d6"),
    *("#a8785f", "#e377c2", "#8c8c8c", "#a8a520", "#17a8b8"),
]


def filters_view(state: TrainingState) -> pn.pane.HTML:
    """The weights from the pixels to the first hidden units, as a picture that forms."""
    view = html(_filters_html(None))
    shown: list[Any] = [None]

    def show(*_: Any) -> None:
        filters = state.snapshot.filters
        if filters is not shown[0]:
            shown[0] = filters
            view.object = _filters_html(filters)

    state.param.watch(show, "snapshot")
    return view


def _filters_html(filters: np.ndarray | None) -> str:
    if filters is None:
        return '<p class="quiet">What each unit looks for will show here.</p>'
    return (
        f'<img class="filters" src="{png_uri(filters_picture(filters))}" alt="Weights of {len(filters)} hidden units">'
    )


def filters_picture(filters: np.ndarray) -> np.ndarray:
    """Filters `(n, side, side)` as tiles, uint8 `(height, width, 4)`: blue speaks for the unit, orange against it."""
    n, side, _ = filters.shape
    columns = min(_COLUMNS, n)
    rows = -(-n // columns)
    shades = filters / np.maximum(np.abs(filters).max(axis=(1, 2), keepdims=True), 1e-9)
    colours = np.where(shades[..., np.newaxis] > 0, _FOR, _AGAINST) * np.abs(shades)[..., np.newaxis]
    step = side + _GAP
    picture = np.zeros((rows * step - _GAP, columns * step - _GAP, 4), np.uint8)
    for number, tile in enumerate(colours):
        top, left = (number // columns) * step, (number % columns) * step
        picture[top : top + side, left : left + side, :3] = tile
        picture[top : top + side, left : left + side, 3] = 255
    return picture


class _LooksView:
    """A square figure that is drawn anew when the network was looked at again."""

    _sentence = ""  # until it was looked at first

    def __init__(self, state: TrainingState, source: ColumnDataSource, **options: Any) -> None:
        self._state, self._source = state, source
        self._shown: Any = None
        self._plot: Any = figure(
            height=_HEIGHT, sizing_mode="stretch_width", toolbar_location=None, tools="", **options
        )
        self._plot.grid.visible = False
        self._plot.outline_line_width = 0
        pane = drawn(self._plot, height=_HEIGHT)
        self._heard = html("")
        state.param.watch(self._show, "snapshot")
        place = awaited(pane, self._sentence, state, lambda: self._shown is not None)
        self.place = pn.Column(place, self._heard, sizing_mode="stretch_width", margin=0)

    def _show(self, *_: Any) -> None:
        looks: Looks | None = self._state.snapshot.looks
        if looks and looks is not self._shown:  # those of an earlier training stay until there are new ones
            self._shown = looks
            self._source.data = self._columns(looks)
            self._heard.object = self._words(looks)

    def _columns(self, looks: Looks) -> dict[str, Any]:
        raise NotImplementedError

    def _words(self, looks: Looks) -> str:
        """What the figure tells those who don't see it."""
        return ""


class EmbeddingView(_LooksView):
    """Validation digits where their hidden activations lie, each written as its digit."""

    _sentence = "Digits that the network finds alike will gather here."

    def __init__(self, state: TrainingState) -> None:
        super().__init__(state, ColumnDataSource({"x": [], "y": [], "digit": [], "color": []}))
        self._plot.axis.visible = False
        self._plot.text(
            "x", "y", "digit", source=self._source, color="color", text_font_size="11px", text_font_style="bold"
        )

    def _columns(self, looks: Looks) -> dict[str, Any]:
        x, y = looks.embedding.T
        labels = looks.labels
        return {
            "x": x,
            "y": y,
            "digit": [str(label) for label in labels],
            "color": [_DIGITS[label % len(_DIGITS)] for label in labels],
        }


class ConfusionView(_LooksView):
    """The confusion matrix of the validation digits; mistakes are shaded, the more the darker."""

    _sentence = "Which digits are mistaken for which will show here."

    def __init__(self, state: TrainingState) -> None:
        empty: dict[str, list[Any]] = {"true": [], "taken": [], "count": [], "color": [], "alpha": [], "ink": []}
        super().__init__(state, ColumnDataSource(empty))
        plot = self._plot
        plot.rect("taken", "true", 0.94, 0.94, source=self._source, color="color", alpha="alpha", line_color=None)
        plot.text(
            "taken", "true", "count", source=self._source, text_align="center", text_baseline="middle",
            text_font_size="11px", text_color="ink",
        )  # fmt: skip
        plot.y_range.flipped = True
        plot.xaxis.axis_label, plot.yaxis.axis_label = "taken for", "is"

    def _words(self, looks: Looks) -> str:
        mistakes = looks.confusion * ~np.eye(len(looks.confusion), dtype=bool)
        worst = [divmod(int(at), len(mistakes)) for at in np.argsort(-mistakes, axis=None, kind="stable")[:_MOST_TOLD]]
        told = ", ".join(f"{true} for {taken} ({mistakes[true, taken]:,})" for true, taken in worst)
        return heard_html(f"Most often taken for another: {told}.")

    def _columns(self, looks: Looks) -> dict[str, Any]:
        confusion = looks.confusion
        n = len(confusion)
        self._plot.axis.ticker = FixedTicker(ticks=list(range(n)) if n <= 20 else [])
        true, taken = (grid.ravel() for grid in np.mgrid[:n, :n])
        counts = confusion.ravel()
        is_right = true == taken
        mistakes = np.where(is_right, 0, counts) / max(1, counts[~is_right].max(initial=0))
        return {
            "true": true,
            "taken": taken,
            "count": [str(count) if count else "" for count in counts],
            "color": np.where(is_right, "#4a9fe0", "#f58025"),
            "alpha": np.where(is_right, 0.25, 0.06 + 0.8 * mistakes),
            "ink": np.where(mistakes > 0.4, "#1a1a1a", "#888888"),
        }
