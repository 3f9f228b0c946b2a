"""`python -m fastnet` is the command `fastnet`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
