"""Axes that tell their values."""

from typing import Any

from bokeh.models import FixedTicker, NumeralTickFormatter

PERCENT, COUNT = "0.[00]%", "0,0"  # how the ticks of shares and of counts are written

_POWERS = [10.0**power for power in range(-7, 3)]
_TICKS = [digit * power for power in _POWERS for digit in (1, 2, 5)]


def write_ticks(axis: Any, form: str) -> None:
    """Have the ticks of an axis written in a form of Numbro, such as PERCENT."""
    axis.formatter = NumeralTickFormatter(format=form)


def set_decimal_ticks(axis: Any, form: str = "0.[00000]") -> None:
    """Ticks for a logarithmic axis, also for one that shows less than a power of ten."""
    axis.ticker = FixedTicker(ticks=_TICKS)
    write_ticks(axis, form)


def thin_decimal_ticks(axis: Any, is_wide: bool) -> None:
    """Only the powers of ten on such an axis where it is wide: more would stand on each other."""
    ticks = _POWERS if is_wide else _TICKS
    if axis.ticker.ticks != ticks:
        axis.ticker.ticks = ticks
