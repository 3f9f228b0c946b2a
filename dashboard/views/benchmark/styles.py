"""The styles of the benchmark tab, after the page's own."""

from ..parts import ASSETS
from ..parts import STYLES as PAGE_STYLES

STYLES = PAGE_STYLES + (ASSETS / "contests.css").read_text(encoding="utf-8")
