"""The site: it is built without a warning, has all that is public, is searched, and asks no other host for anything."""

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from sphinx.util.inventory import InventoryFile

import fastnet
from fastnet import kernels

ROOT = Path(__file__).parents[1]
PUBLIC = [
    *(f"fastnet.{name}" for name in fastnet.__all__),
    *(f"fastnet.kernels.{name}" for name in kernels.__all__),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "docs").rglob("*")}
    built = build(ROOT / "docs", directory)
    after = {path: path.stat().st_mtime_ns for path in (ROOT / "docs").rglob("*") if "__pycache__" not in path.parts}
    assert after.items() <= before.items(), "the build wrote into docs/"
    return built


def build(docs, directory):
    """Where the site of some pages was built, without a warning."""
    options = ["--fail-on-warning", "--quiet", "-d", directory / "doctrees", "-c", ROOT / "docs/site"]
    command = [sys.executable, "-P", "-m", "sphinx", *options, docs, directory / "html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return directory / "html"


@pytest.fixture(scope="module")
def names(site):
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, place: place)
    return {name for kind in inventory if kind.startswith("py:") for name in inventory[kind]}


def test_all_that_is_public_is_in_the_reference(names):
    assert set(PUBLIC) - names == set()


def test_notebooks_become_pages_with_what_they_showed(tmp_path):
    (tmp_path / "docs/notebooks").mkdir(parents=True)
    (tmp_path / "docs/index.md").write_text("# A site\n", encoding="utf-8")
    picture = io.BytesIO()
    Image.new("L", (1, 1)).save(picture, "PNG")
    pixel = base64.b64encode(picture.getvalue()).decode()
    cells = [
        {"cell_type": "markdown", "source": ["# A kernel\n", "of your own"]},
        {
            "cell_type": "code",
            "source": ["print(40 + 2)\n", "draw()"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["42\n"]},
                {"output_type": "display_data", "data": {"image/png": pixel + "\n", "text/plain": ["<Figure>"]}},
            ],
        },
    ]
    (tmp_path / "docs/notebooks/own.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    built = build(tmp_path / "docs", tmp_path / "site")
    page = (built / "notebooks/own.html").read_text(encoding="utf-8")
    assert "<h1>A kernel" in page
    assert re.search(r">print<.*<pre><span></span>42\n</pre>.*<img alt=\"What the code above draws\"", page, re.DOTALL)
    assert 'href="notebooks/own.html">A kernel</a>' in (built / "index.html").read_text(encoding="utf-8")


def test_pages_ask_no_other_host_for_anything(site, browser):
    pages = [path for path in sorted(site.rglob("*.html")) if "_modules" not in path.parts]
    assert len(pages) > 25
    asked = []
    with browser.new_context() as context:
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        for path in pages:
            page.goto(path.as_uri())
    assert len(asked) > len(pages)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_word_is_found(site, browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{(site / 'search.html').as_uri()}?q=denormals")
        page.get_by_role("link", name="How it got fast").first.wait_for()


def test_pages_fit_a_phone(site, browser):
    """Tables and code scroll in themselves; the page does not."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        for name in ("index", "speed", "recipe", "site/library", "site/kernels"):
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
