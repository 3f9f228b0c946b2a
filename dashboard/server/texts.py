"""Words that come from browsers, made fit to be kept and to be told: short, on one line, and nothing but characters."""

from fastnet.errors import printable

MOST_CHARACTERS = 100


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text without what no one can see, its middle left out if it is longer than `most` characters."""
    if len(text) > most:  # first: the rest takes as long as the text
        half = (most - 1) // 2
        text = f"{text[: most - 1 - half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}"
    return printable(text)
