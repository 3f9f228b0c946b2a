"""The site (`make site`): the pages of docs/, the docstrings of all that is public, the changes. It needs no network.

Pages are plain Markdown that reads as well where the repository is browsed. What only the site needs is here: the
navigation, which is put behind the first page; links from docs/ to files above it, which become links to their copies;
the notebooks, which become pages; and the table of settings behind each dataclass of knobs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx

from fastnet import Augmentation, Recipe
from fastnet.knobs import Knob, knobs
from fastnet.version import __version__

# Page names; a star stands for all of a folder. What does not exist (yet) is left out, and Sphinx tells of pages that
# are in none.
NAVIGATION = {
    "Start": ["guide-reading", "guide-training", "guide-kernels", "commands"],
    "Read digits": ["pictures", "forms", "scaling-out", "serving", "api", "container"],
    "Train": ["data", "classifier", "models", "audit", "streaming"],
    "Study kernels": ["kernels"],
    "Notebooks": ["notebooks/*"],
    "How it works": ["how-it-works", "speed", "roofline", "scaling", "recipe", "generalisation"],
    "Reference": ["public", "site/library", "site/kernels", "words", "site/changes", "site/contributing"],
}
# Pages of the site that are made of files above docs/.
ABOVE = {"../CHANGELOG.md": "site/changes.md", "../CONTRIBUTING.md": "site/contributing.md"}

project = "fastnet"
author = "the fastnet authors"
copyright = f"2026, {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext", ".ipynb": "notebook"}
default_role = "code"  # docstrings write `name`, as the pages do
smartquotes = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"fastnet {__version__}"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {"code-font-size": "var(--font-size--small--3)"}  # most lines are seen to their ends
}
highlight_language = "sh"  # of blocks that name none: they are commands
pygments_style = "friendly"
pygments_dark_style = "github-dark"


# ---- The navigation, and links upwards ------------------------------------------------------------------------------


def pages(docs: Path, names: list[str]) -> list[str]:
    """The names of pages that exist."""
    found = [path for name in names for path in sorted(docs.glob(f"{name}.*")) if path.suffix in source_suffix]
    return [path.relative_to(docs).with_suffix("").as_posix() for path in found]


def toctree(caption: str, names: list[str]) -> str:
    """A part of the navigation, in MyST."""
    return "\n".join([":::{toctree}", ":hidden:", f":caption: {caption}", "", *names, ":::", ""])


def prepare(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the navigation behind the first page, and lead links to files above docs/ to what the site has of them."""
    if page == "index":
        parts = {caption: pages(Path(app.srcdir), names) for caption, names in NAVIGATION.items()}
        source[0] += "\n".join(["", *(toctree(*part) for part in parts.items() if part[1])])
    for above, here in ABOVE.items():
        source[0] = source[0].replace(f"]({above}", f"]({here}")


# ---- Notebooks ------------------------------------------------------------------------------------------------------


class NotebookParser(MystParser):
    """A notebook as a page: its Markdown, its code, and the text and pictures that it is saved with."""

    supported = ("notebook",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Parse what it comes to in Markdown."""
        cells = json.loads(inputstring)["cells"]
        super().parse("\n\n".join(block for cell in cells for block in blocks_of(cell)), document)


def blocks_of(cell: dict[str, Any]) -> Iterator[str]:
    """A cell in Markdown."""
    text = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield text
    elif cell["cell_type"] == "code":
        yield f"```python\n{text}\n```"
        for output in cell["outputs"]:
            yield output_of(output)


def output_of(output: dict[str, Any]) -> str:
    """What a cell showed, in Markdown."""
    data = output.get("data", {})
    if "image/png" in data:
        return f"![What the code above draws](data:image/png;base64,{''.join(data['image/png'].split())})"
    text = "".join(output.get("text", data.get("text/plain", [])))
    return f"```text\n{text.rstrip()}\n```" if text else ""


# ---- Settings -------------------------------------------------------------------------------------------------------


def add_knobs(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put the list of its settings behind the docstring of a dataclass of knobs, which alone declare them."""
    if obj in (Augmentation, Recipe):
        for knob in knobs(obj).values():
            lines += ["", f"`{knob.name}`: {described(knob)}"]


def described(knob: Knob) -> str:
    """What a setting does and may be."""
    unit = f" ({knob.unit})" if knob.unit else ""
    return f"{knob.help}{unit}; {knob.accepted}. Default: `{knob.default!r}`."


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_source_parser(NotebookParser)
    app.connect("source-read", prepare)
    app.connect("autodoc-process-docstring", add_knobs)
