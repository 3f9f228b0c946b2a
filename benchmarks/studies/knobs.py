"""What a recipe and its distortions may hold, as tables, written into docs/recipe.md."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.publishing import publish, study_parser
from fastnet.cli.options import OPTIONS
from fastnet.data.distortions import Augmentation
from fastnet.knobs import Knob, knobs
from fastnet.training.recipe import Recipe

DOCUMENT = Path("docs/recipe.md")
NAMES = ("knobs of a recipe", "knobs of an augmentation")


def main(argv: list[str]) -> None:
    """Print and optionally write the tables."""
    args = study_parser(__doc__, DOCUMENT).parse_args(argv)
    publish({name: table(settings) for name, settings in zip(NAMES, (Recipe, Augmentation), strict=True)}, args.write)


def table(settings: type) -> str:
    """The knobs of a dataclass, a line each."""
    return "\n".join(
        ["| field | option | default | accepted | what it is |", "|---|---|---|---|---|", *_lines(settings)]
    )


def _lines(settings: type) -> Iterator[str]:
    for name, knob in knobs(settings).items():
        option = f"`{knob.option}`" if name in OPTIONS else "-"
        cells = (f"`{name}`", option, knob.amount(knob.default), _accepted(knob), knob.help)
        yield f"| {' | '.join(cells)} |"


def _accepted(knob: Knob) -> str:
    most = f", at most {knob.most:,}" if knob.kind in (int, tuple) and knob.most else ""
    return f"{knob.accepted}{most}"
