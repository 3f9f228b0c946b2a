"""The log of a process that serves: what visitors sent may stand in it, but does not fill it or pass for its lines."""

import logging
from typing import Any

from .texts import shortened

MOST_CHARACTERS = 500  # of what a record says, and of each line of a traceback
MOST_LINES = 60  # of a traceback

_MARK = "  | "  # before each line of a traceback: no record begins so


class ShortRecord(logging.LogRecord):
    """A record on one line, its traceback indented below it, with nothing that a terminal would obey."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.exc_info:  # a formatter makes no other text of it
            self.exc_text = _indented(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:
        """What it says, shortened."""
        return shortened(super().getMessage(), MOST_CHARACTERS)


def keep_log_short() -> None:
    """Have all that this process logs made of such records, whoever logs it and whoever writes it."""
    logging.setLogRecordFactory(ShortRecord)


def _indented(traceback: str) -> str:
    lines = traceback.splitlines()
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES // 2], "\N{HORIZONTAL ELLIPSIS}", *lines[-MOST_LINES // 2 :]]
    return "\n".join(_MARK + shortened(line, MOST_CHARACTERS) for line in lines)
