"""The parts of the audit, and the strip above them that leads to each."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import param
from panel.custom import JSComponent

from ..parts import script
from .styles import STYLES


class Section(NamedTuple):
    """A card of the audit: its place in the grid, its title, and what builds its contents."""

    area: str
    title: str
    contents: Callable[[], Sequence[Any]]
    playfully: str = ""  # its title in the playful mode; empty: it is for the scientific one alone


class SectionsView(JSComponent):
    """Links to the sections; they stay in sight while the page is scrolled."""

    sections = param.List(doc="Place of each, and its titles in the scientific and in the playful mode.")

    _esm = script("sections.js")

    def __init__(self, sections: Sequence[Section]) -> None:
        super().__init__(
            sections=[(section.area, section.title, section.playfully) for section in sections],
            css_classes=["sections"],
            stylesheets=[STYLES],
            sizing_mode="stretch_width",
            margin=0,
        )
