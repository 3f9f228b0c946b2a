"""Strokes of the mouse on a page's board, for the measurements, the pictures of the page and the tests in a browser."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def draw_strokes(page: "Page", board: str, strokes: Iterable[Sequence[tuple[float, float]]], steps: int) -> None:
    """Draw on the element that the selector `board` finds: points as shares of it, with so many moves to each."""
    box = page.locator(board).bounding_box()
    assert box
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=steps)
        page.mouse.up()
