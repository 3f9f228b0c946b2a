"""The audit as pictures and as one page that holds them all: `report.html` needs nothing beside it, and no script."""

import base64
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path

from matplotlib.figure import Figure

from fastnet.files import whole_directory
from fastnet.models.files import ModelFiles

from . import grids, plots
from .captions import caption
from .contents import Audit, write_audit
from .drawing import png

REPORT = "report.html"

_DRAWERS: dict[str, Callable[[Audit], Figure | None]] = {
    "learning-curves": plots.draw_learning_curves,
    "embedding": plots.draw_embedding,
    "confusion": plots.draw_confusion,
    "classes": plots.draw_classes,
    "errors": grids.draw_errors,
    "label-errors": grids.draw_label_errors,
    "confident": grids.draw_confident,
    "calibration": plots.draw_calibration,
    "weights": plots.draw_weights,
    "units": plots.draw_units,
    "robustness": plots.draw_robustness,
}
_FILTERS = "filters"
PICTURES = (*_DRAWERS, _FILTERS)

_SECTIONS = {
    "Learning": ("learning-curves",),
    "What is taken for what": ("confusion", "classes"),
    "Errors": ("errors",),
    "Doubtful labels": ("label-errors",),
    "Surest answers": ("confident",),
    "Calibration": ("calibration",),
    "Embedding": ("embedding",),
    "Weights": ("weights", "units", "filters"),
    "Robustness": ("robustness",),
}


def draw(name: str, audit: Audit, files: ModelFiles) -> bytes | None:
    """A picture of `PICTURES` as a PNG file; None where the model has nothing to show."""
    figure = grids.draw_filters(audit, files.parameters["W1"]) if name == _FILTERS else _DRAWERS[name](audit)
    return png(figure) if figure else None


def write_everything(
    audit: Audit, files: ModelFiles, directory: Path, on_progress: Callable[[float], None] | None = None
) -> None:
    """Write audit, pictures and report into a directory, whole or not at all; what was in it is gone.

    `on_progress` is told the share of the pictures that is drawn.
    """
    with whole_directory(directory) as new:
        write_audit(files, audit, new)
        drawn = {}
        for number, name in enumerate(PICTURES, start=1):
            content = draw(name, audit, files)
            if content:
                drawn[name] = content
                (new / f"{name}.png").write_bytes(content)
            if on_progress:
                on_progress(number / len(PICTURES))
        (new / REPORT).write_text(report(audit, drawn), encoding="utf-8")


def report(audit: Audit, drawn: dict[str, bytes]) -> str:
    """The page, from the pictures by name."""
    name = escape(audit.figures.model.name)
    tables = {"What is taken for what": _classes_table(audit), "Weights": _layers_table(audit)}
    anchors = {title: title.lower().replace(" ", "-") for title in _SECTIONS}
    parts = [
        f'<section id="{anchors[title]}"><h2>{title}</h2>'
        + "".join(_figure(picture, drawn.get(picture), caption(picture, audit)) for picture in pictures)
        + tables.get(title, "")
        + "</section>"
        for title, pictures in _SECTIONS.items()
    ]
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for title, anchor in anchors.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Audit of {name}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        f"<header><h1>Audit of {name}</h1>{_facts_table(audit)}</header>\n<nav><ul>{links}</ul></nav>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n"
        f"<footer>{_footer(audit)}</footer>\n</body>\n</html>\n"
    )


def _figure(name: str, content: bytes | None, text: str) -> str:
    picture = ""
    if content:
        source = "data:image/png;base64," + base64.b64encode(content).decode()
        picture = f'<div class="picture" tabindex="0"><img alt="{name.replace("-", " ")}" src="{source}"></div>'
    return f"<figure>{picture}<figcaption>{escape(text)}</figcaption></figure>"


def _facts_table(audit: Audit) -> str:
    figures = audit.figures
    overall, data, calibration = figures.overall, figures.data, figures.calibration
    facts = {
        "Network": "-".join(map(str, figures.model.layer_sizes)),
        "Parameters": f"{figures.model.n_parameters:,}",
        "Test set": f"{data.source}, {data.n:,} samples",
        "Accuracy": f"{overall.accuracy:.2%} ({overall.n_errors:,} errors)",
        "Loss": f"{overall.loss:.4f}",
        "Mean F1": f"{overall.macro_f1:.2%}",
        "Calibration error": f"{calibration.ece:.2%}",
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f"<dl>{items}</dl>"


def _classes_table(audit: Audit) -> str:
    classes = audit.figures.classes
    columns = [classes.support, classes.precision, classes.recall, classes.f1]
    rows = [
        (escape(name), f"{support:,}", *(f"{value:.2%}" for value in values))
        for name, support, *values in zip(audit.figures.model.class_names, *columns, strict=True)
    ]
    return _table(("class", "samples", "precision", "recall", "F1"), rows)


def _layers_table(audit: Audit) -> str:
    head = (
        "layer",
        "shape",
        "mean",
        "deviation",
        "at the start",
        "norm",
        "largest singular value",
        "effective rank",
        "dead units",
        "saturated",
    )
    rows = [
        (
            layer.name,
            f"{layer.n_in} x {layer.n_out}",
            f"{layer.mean:.4f}",
            f"{layer.std:.4f}",
            f"{layer.he_std:.4f}",
            f"{layer.norm:.2f}",
            f"{layer.largest_singular:.2f}",
            f"{layer.effective_rank:.1f}",
            _known(layer.n_dead),
            _known(layer.n_saturated),
        )
        for layer in audit.figures.layers
    ]
    return _table(head, rows)


def _known(count: int | None) -> str:
    return "-" if count is None else str(count)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return (
        f'<div class="table" tabindex="0"><table><thead>{line(head, "th")}</thead><tbody>{body}</tbody></table></div>'
    )


def _footer(audit: Audit) -> str:
    made = audit.figures.made
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in made.seconds.items())
    return f"Made by fastnet {made.fastnet_version} with seed {made.seed}: {seconds}. All figures: audit.json."


@cache
def _style() -> str:
    return (resources.files(__package__) / "report.css").read_text(encoding="utf-8")
