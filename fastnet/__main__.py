# PYTHON_ARGCOMPLETE_OK
"""The command `fastnet`, also as `python -m fastnet`: from here on, a signal ends it with a sentence and a status."""

import signal
import sys

from .interrupts import end, interrupt, stops


def main() -> int:
    """Run the command line; importing it is part of what can be interrupted."""
    try:
        with stops(interrupt):
            from .cli import main as run

            return run()
    except KeyboardInterrupt as interruption:
        return end(interruption)
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to do but to end


if __name__ == "__main__":
    sys.exit(main())
