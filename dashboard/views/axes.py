"""Axes that tell their values."""

from typing import Any

from bokeh.models import FixedTicker, NumeralTickFormatter

_TICKS = [digit * 10.0**power for power in range(-7, 3) for digit in (1, 2, 5)]


def set_decimal_ticks(axis: Any) -> None:
    """Ticks for a logarithmic axis, also for one that shows less than a power of ten."""
    axis.ticker = FixedTicker(ticks=_TICKS)
    axis.formatter = NumeralTickFormatter(format="0.[00000]")
