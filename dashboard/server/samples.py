"""The sample pictures that come with the page. `make samples` makes them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "assets" / "samples"


@dataclass(frozen=True)
class Sample:
    """A picture file and what people call it."""

    title: str
    content: bytes


@cache
def samples() -> tuple[Sample, ...]:
    """All samples, in the order of their file names, such as `01-a-postcode.png`."""
    return tuple(Sample(_title(path), path.read_bytes()) for path in sorted(_FOLDER.iterdir()))


def _title(path: Path) -> str:
    return path.stem[3:].replace("-", " ").capitalize()
