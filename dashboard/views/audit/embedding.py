"""Where the digits lie for the network: thousands of points, coloured by class, each with its picture."""

from functools import partial
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.core.properties import value
from bokeh.models import CDSView, ColumnDataSource, HoverTool, IndexFilter, TapTool
from bokeh.models.annotations import Legend, LegendItem

from fastnet.audit.captions import points_told
from fastnet.audit.figures import Embedding

from ...session.audit_state import AuditState, Cell
from ..mode import for_scientists
from ..probabilities import percent
from .figures import COLOURS, figures, later, plot, text, tooltip

SPACES = {"t-SNE": "tsne", "PCA": "pca"}
MANY = 40  # rings around more points are smaller
_PLAINLY = (
    "Digits that the network finds alike lie together, and those it is puzzled by lie between the groups. Point at one,"
    " or click on it."
)
_AS_WRITTEN = {"& .MuiToggleButton-root": {"textTransform": "none"}}
OPACITY, FADED = 0.75, 0.12

_TOOLTIP = tooltip(
    '<div style="display: flex; gap: 10px; align-items: center">'
    '<div style="font-size: 56px; width: 1em; height: 1em; image-rendering: pixelated; background: #000 var(--digits)'
    ' -@{column}em -@{line}em / 64em calc(var(--digits-lines) * 1em) no-repeat"></div>'
    "<div>labelled <b>@label</b><br>read as <b>@answer</b>, @probability</div></div>"
)


def embedding_view(state: AuditState) -> list[Any]:
    """The choice of the space and the points."""
    points = _Points(state)
    choice = pmui.RadioButtonGroup(
        options=SPACES, value="tsne", size="small", margin=(8, 10), width=160, sx=_AS_WRITTEN
    )
    choice.param.watch(lambda event: later(lambda: points.show_space(event.new)), ["value"])
    marked = text(pn.bind(partial(marked_html, state), state.param.cell))
    sentence = _caption(state.audit.figures.embedding)
    return [for_scientists(choice), figures(points.figure, sentence=sentence, plainly=_PLAINLY), marked]


class _Points:
    """The figure; cell and point of the state are marked in it."""

    def __init__(self, state: AuditState):
        self._state = state
        audit = state.audit
        self._spaces = {"tsne": audit.tsne, "pca": audit.pca}
        self._source = ColumnDataSource(self._columns(), name="points")
        self._marks = ColumnDataSource({"x": [], "y": [], "size": []}, name="marks")
        self._middles = ColumnDataSource(self._middles_in("tsne"))
        self.figure = plot(
            "",
            "",
            "",
            height=500,
            tools="pan,wheel_zoom,box_zoom,reset,save",
            match_aspect=True,
        )
        self.figure.axis.visible = False
        self.figure.ygrid.visible = False
        self._classes = [self._draw_class(digit) for digit in range(audit.probabilities.shape[1])]
        for colour, width in (("white", 4), ("black", 2)):  # a ring that is seen on any ground
            ring: dict[str, Any] = {"fill_color": None, "line_color": colour, "line_width": width}
            self.figure.scatter("x", "y", size="size", source=self._marks, **ring)
        names = [self._draw_name(digit) for digit in range(len(self._classes))]
        items = [
            LegendItem(label=str(digit), renderers=[self._draw_sample(digit), *drawn])
            for digit, drawn in enumerate(zip(self._classes, names, strict=True))
        ]
        self.figure.add_layout(Legend(items=items, click_policy="hide", orientation="vertical"), "right")
        self.figure.add_tools(HoverTool(renderers=self._classes, tooltips=_TOOLTIP, limit=1, visible=False))
        self.figure.add_tools(TapTool(renderers=self._classes))
        self._source.selected.on_change("indices", self._tapped)
        state.param.watch(self._mark_later, ["cell", "point"])
        self._mark()

    def show_space(self, name: str) -> None:
        """Lay the points out in another space."""
        self._source.data = {**self._source.data, **self._coordinates(name)}
        self._middles.data = self._middles_in(name)
        self._mark()

    def _columns(self) -> dict[str, Any]:
        state, audit = self._state, self._state.audit
        rows = audit.points
        places = np.array([state.place(int(row)) for row in rows], np.int32).reshape(-1, 2)
        return {
            **self._coordinates("tsne"),
            "label": audit.labels[rows],
            "answer": audit.predictions[rows].astype(np.int32),
            "probability": [percent(probability) for probability in audit.probabilities[rows].max(axis=1)],
            "column": places[:, 0],
            "line": places[:, 1],
        }

    def _coordinates(self, name: str) -> dict[str, np.ndarray]:
        x, y = np.ascontiguousarray(self._spaces[name].T)
        return {"x": x, "y": y}

    def _middles_in(self, name: str) -> dict[str, Any]:
        """Where the name of each class stands: in the middle of its points."""
        audit = self._state.audit
        labels, n_classes = audit.labels[audit.points], audit.probabilities.shape[1]
        here = [np.median(self._spaces[name][labels == digit], axis=0) for digit in range(n_classes)]
        x, y = np.array(here).T
        return {"x": x, "y": y, "name": [str(digit) for digit in range(n_classes)]}

    def _draw_sample(self, digit: int) -> Any:
        """What stands in the legend, and nowhere else."""
        return self.figure.scatter([np.nan], [np.nan], size=14, color=COLOURS[digit % len(COLOURS)])

    def _draw_name(self, digit: int) -> Any:
        outlined: dict[str, Any] = {
            "text_font": value("Roboto, sans-serif"),
            "text_color": "black",
            "text_outline_color": "white",
            "text_font_size": "20px",
            "text_font_style": "bold",
        }
        here = CDSView(filter=IndexFilter(indices=[digit]))
        centred: dict[str, Any] = {"text_align": "center", "text_baseline": "middle"}
        return self.figure.text("x", "y", text="name", source=self._middles, view=here, **outlined, **centred)

    def _draw_class(self, digit: int) -> Any:
        rows = np.flatnonzero(self._source.data["label"] == digit).tolist()
        colour = COLOURS[digit % len(COLOURS)]
        return self.figure.scatter(
            "x",
            "y",
            source=self._source,
            view=CDSView(filter=IndexFilter(indices=rows)),
            size=6,
            color=colour,
            alpha=OPACITY,
            line_color=None,
            nonselection_alpha=OPACITY,
        )

    def _tapped(self, attribute: str, old: list[int], new: list[int]) -> None:
        if new and 0 <= new[0] < len(self._state.audit.points):
            self._state.choose_point(int(self._state.audit.points[new[0]]))

    def _mark_later(self, *_: Any) -> None:
        later(self._mark)

    def _mark(self) -> None:
        """Rings around the points of the chosen cell and the chosen point; a cell fades the others."""
        state = self._state
        marked = state.marked()
        chosen = np.flatnonzero(state.audit.points == state.point) if state.point is not None else marked[:0]
        rows = np.concatenate([marked, chosen])
        sizes = np.concatenate([np.full(len(marked), 8 if len(marked) > MANY else 12), np.full(len(chosen), 17)])
        here = {name: np.asarray(self._source.data[name])[rows] for name in ("x", "y")}
        self._marks.data = {**here, "size": sizes.astype(np.float32)}
        opacity = OPACITY if state.cell is None else FADED
        for drawn in self._classes:
            for glyph in (drawn.glyph, drawn.nonselection_glyph):
                glyph.fill_alpha = opacity


def marked_html(state: AuditState, cell: Cell | None) -> str:
    """How many of the chosen cell's digits are marked."""
    if cell is None:
        return ""
    n = state.audit.figures.classes.confusion[cell.true][cell.predicted]
    n_marked = len(state.marked())
    found = f"{n_marked:,}, which are ringed" if n_marked else "none"
    words = f"Of the digits in the chosen cell ({n:,}), there are among the points: {found}."
    return f'<p class="caption" role="status">{words}</p>'


def _caption(embedding: Embedding) -> str:
    shares = embedding.knn_accuracy
    space = {"hidden": "last hidden layer", "pixels": "pixels"}[embedding.space]
    explained = sum(embedding.pca_explained)
    return (
        f"{points_told(embedding)} by their {space}. {embedding.k} nearest neighbours agree on the"
        f" class of {shares['tsne']:.2%} of the points in t-SNE and {shares['pca']:.2%} in PCA, which keeps"
        f" {explained:.2%} of the variance. A click on a class hides it, a click on a point chooses it."
    )
