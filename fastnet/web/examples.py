"""The page of examples: how programs ask the HTTP interface, with the address under which it was found."""

from functools import cache
from html import escape
from pathlib import Path

from fastnet.version import __version__
from fastnet.weights import DEFAULT

from .bodies import MOST_FORM_BYTES, MOST_PICTURE_BYTES, MOST_PICTURES
from .handler import MEGABYTE

_PAGE = Path(__file__).with_name("examples.html")


def page_of_examples(address: str) -> str:
    """HTML that needs nothing else; `address` is the server's, such as http://localhost:5007."""
    values = {
        "ADDRESS": address,
        "DEFAULT": DEFAULT,
        "VERSION": __version__,
        "MOST_PICTURES": MOST_PICTURES,
        "PICTURE_MB": MOST_PICTURE_BYTES // MEGABYTE,
        "FORM_MB": MOST_FORM_BYTES // MEGABYTE,
    }
    page = _template()
    for name, value in values.items():
        page = page.replace(f"{{{name}}}", escape(str(value)))
    return page


@cache
def _template() -> str:
    return _PAGE.read_text(encoding="utf-8")
