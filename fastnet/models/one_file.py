"""Pages in one file: template, style, scripts and content together, on the sheet that such pages share, `one_file.css`.

A page can fetch nothing: its policy allows its own script and style, each by its SHA-256, and no request.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

_HERE = Path(__file__).parent
_HEAD = """<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>"""


def in_one_file(template: Path, title: str, style: Path, scripts: Sequence[Path], **content: str) -> str:
    """The page of a template, in which `$head` and `$script` stand for what it needs, and other names for `content`."""
    styles = "".join(path.read_text(encoding="utf-8") for path in (_HERE / "one_file.css", style))
    script = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    policy = (
        f"default-src 'none'; script-src '{_hash_of(script)}'; style-src '{_hash_of(styles)}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    head = _HEAD.format(policy=policy, title=escape(title), style=styles)
    return Template(template.read_text(encoding="utf-8")).substitute(head=head, script=script, **content)


def json_in_html(content: object) -> str:
    """As JSON that ends no element of HTML, whatever names are in it."""
    return json.dumps(content).replace("<", "\\u003c")


def _hash_of(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
