"""Take the page's screenshots (`make screenshots`): each tab on a desk and on a phone, with something to see in it.

They are taken with the Chromium on the PATH, of a server on which nobody has saved a model. `docs/dashboard.png` is the
README's. `make screenshots ARGS="read train"` takes those of some tabs alone.
"""

import contextlib
import io
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from benchmarks.pen import draw_strokes
from benchmarks.publishing import study_parser
from benchmarks.serving import wait_for

DOCS = Path("docs")
README_PICTURE, FOLDER = DOCS / "dashboard.png", DOCS / "screenshots"
SIZES: dict[str, ViewportSize] = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
MOST_BYTES, COLOURS = 300_000, 255  # a picture of more bytes gets fewer colours
MINUTE = 60_000  # ms
Colours = Literal["light", "dark"]
RETURNING = "localStorage['fastnet-welcomed'] = 'yes'; localStorage['fastnet-mode'] ??= 'scientific'"

# A 4, a 2 and a 7, in shares of the paper.
STROKES = (
    [(0.2, 0.22), (0.17, 0.34), (0.13, 0.5), (0.13, 0.54), (0.19, 0.55), (0.3, 0.53)],
    [(0.26, 0.3), (0.255, 0.5), (0.25, 0.78)],
    [(0.42, 0.34), (0.45, 0.26), (0.5, 0.24), (0.54, 0.29), (0.53, 0.4), (0.44, 0.64), (0.41, 0.74), (0.58, 0.75)],
    [(0.69, 0.27), (0.76, 0.26), (0.84, 0.25), (0.82, 0.4), (0.78, 0.57), (0.75, 0.76)],
)


def prepare_reading(page: Page) -> None:
    """Draw three digits."""
    draw_strokes(page, "canvas.ink", STROKES, steps=4)
    page.mouse.move(0, 0)
    expect(page.locator("output.digits")).to_have_text("427")


def prepare_learning(page: Page) -> None:
    """Draw a digit for the network, and take some steps."""
    expect(page.locator(".outputs .best")).to_have_count(1)
    page.get_by_role("button", name="10 steps").click()
    expect(page.get_by_text("Step 10: loss")).to_be_visible(timeout=5 * MINUTE)
    page.get_by_role("button", name="Clear").last.click()
    page.locator("canvas.slate").scroll_into_view_if_needed()
    draw_strokes(page, "canvas.slate", STROKES[2:3], steps=4)
    page.mouse.move(0, 0)
    expect(page.locator(".outputs .best b")).to_have_text("2")


def prepare_audit(page: Page) -> None:
    """Choose a cell of the confusion matrix."""
    cell = page.get_by_role("gridcell", name="that are 4 were read as 9")
    cell.click()
    expect(page.get_by_role("button", name="a 4 read as 9").first).to_be_visible()


def prepare_training(page: Page) -> None:
    """Train a small network for a few epochs."""
    for label, text in (("Hidden layer sizes", "64"), ("Epochs", "4")):
        field = page.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Tab")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".state")).to_have_text("Finished", timeout=5 * MINUTE)
    page.locator(".state").evaluate("element => element.scrollIntoView({ block: 'center' })")  # farther down on a phone


def prepare_benchmark(page: Page) -> None:
    """Measure, if that was not done yet."""
    start = page.get_by_role("button", name="Start", exact=True)
    figures = page.get_by_role("columnheader", name="ratio")
    expect(start).to_be_visible()
    if not figures.count():
        start.click()
        expect(figures.first).to_be_visible(timeout=10 * MINUTE)


TABS: dict[str, Callable[[Page], None]] = {
    "read": prepare_reading,
    "learn": prepare_learning,
    "audit": prepare_audit,
    "train": prepare_training,
    "benchmark": prepare_benchmark,
}


def take_all(browser: Browser, address: str, tabs: list[str]) -> None:
    """Each tab, light; the desk's dark too."""
    FOLDER.mkdir(exist_ok=True)
    for tab in tabs:
        for size in SIZES:
            take(browser, address, tab, size, "light", FOLDER / f"{tab}-{size}.png")
        take(browser, address, tab, "desk", "dark", FOLDER / f"{tab}-desk-dark.png")
    if "read" in tabs:
        shutil.copy(FOLDER / "read-desk.png", README_PICTURE)
        take_welcome(browser, address)


def take(browser: Browser, address: str, tab: str, size: str, colours: Colours, target: Path) -> None:
    """One tab, with something to see in it."""
    with browser.new_context(viewport=SIZES[size], color_scheme=colours) as context:
        context.add_init_script(RETURNING)
        page = context.new_page()
        page.set_default_timeout(MINUTE)
        page.goto(f"{address}?tab={tab}")
        page.get_by_role("tab", selected=True).wait_for()
        TABS[tab](page)
        shoot(page, target)


def take_welcome(browser: Browser, address: str) -> None:
    """What newcomers see, with the animation at its end."""
    for size in SIZES:
        with browser.new_context(viewport=SIZES[size], reduced_motion="reduce") as context:
            page = context.new_page()
            page.goto(address)
            page.get_by_role("region", name="Welcome").wait_for()
            shoot(page, FOLDER / f"welcome-{size}.png")


def shoot(page: Page, target: Path) -> None:
    """The page as a small PNG, once it has come to rest."""
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(target, optimize=True)
    if target.stat().st_size > MOST_BYTES:
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A server until the block ends; yields its address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as models:  # and no runs
        options = ["--port", str(port), "--models", models, "--runs", models]
        server = subprocess.Popen([sys.executable, "-P", "-m", "fastnet", "dashboard", *options])
        try:
            address = f"http://localhost:{port}/"
            wait_for(address)
            yield address
        finally:
            server.terminate()
            server.wait()


def main(argv: list[str]) -> None:
    """Take the screenshots of some tabs, or of all."""
    parser = study_parser(__doc__)
    parser.add_argument("tabs", nargs="*", metavar="TAB", help=f"of {', '.join(TABS)} (default: all)")
    tabs = parser.parse_args(argv).tabs or list(TABS)
    if unknown := set(tabs) - set(TABS):
        parser.error(f"there is no tab {', '.join(sorted(unknown))}")
    with served() as address, sync_playwright() as playwright:
        expect.set_options(timeout=MINUTE)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take_all(browser, address, tabs)
        browser.close()
