"""Film the page for the README (`make moving-picture`): three digits are drawn and read, then a network is trained.

The pictures are those that the page shows meanwhile, of a server on which nobody has saved a model.
"""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from benchmarks.pen import draw_strokes
from benchmarks.publishing import study_parser

from .screenshots import MINUTE, RETURNING, STROKES, served

TARGET = Path("docs") / "reading.webp"
SIZE: ViewportSize = {"width": 1260, "height": 660}
WIDTH = 1000
HOLD, SHORT = 1600, 90  # ms that a picture stays: one to look at, one of a movement
EPOCHS = "4"

Frame = tuple[Image.Image, int]


def drawing(page: Page) -> Iterator[Frame]:
    """Three digits, stroke by stroke, each in some pieces."""
    yield shot(page), HOLD // 2
    for stroke in STROKES:
        for n_points in range(2, len(stroke) + 1):
            draw_strokes(page, "canvas.ink", [stroke[n_points - 2 : n_points]], steps=4)
            yield shot(page), SHORT
        page.wait_for_timeout(400)
        yield shot(page), 4 * SHORT
    page.mouse.move(0, 0)
    expect(page.locator("output.digits")).to_have_text("427")
    page.wait_for_timeout(1000)
    yield shot(page), HOLD


def training(page: Page) -> Iterator[Frame]:
    """A training from its first steps to its last, without the seconds in which it gets ready."""
    page.get_by_role("tab", name="Train").click()
    field = page.get_by_label("Epochs", exact=True)
    field.fill(EPOCHS)
    field.press("Tab")
    page.wait_for_timeout(1000)
    yield shot(page), HOLD // 2
    page.get_by_role("button", name="Start", exact=True).click()
    state = page.locator(".state")
    expect(state).to_have_text("Training", timeout=5 * MINUTE)
    while state.inner_text() == "Training":
        yield shot(page), 2 * SHORT
        page.wait_for_timeout(300)
    expect(state).to_have_text("Finished")
    page.wait_for_timeout(1000)
    yield shot(page), 2 * HOLD


def shot(page: Page) -> Image.Image:
    """The page as it is now, in the size of the film."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)


def write(frames: list[Frame], target: Path) -> None:
    """All frames as one WebP that starts again at its end; equal ones that follow each other become one."""
    pictures, times = [frames[0][0]], [frames[0][1]]
    for picture, time in frames[1:]:
        if picture.tobytes() == pictures[-1].tobytes():
            times[-1] += time
        else:
            pictures.append(picture)
            times.append(time)
    first, *others = pictures
    first.save(target, save_all=True, append_images=others, duration=times, loop=0, quality=60, method=6)
    print(f"{target}: {len(pictures)} pictures, {sum(times) / 1000:.0f} s, {target.stat().st_size / 1000:.0f} kB")


def main(argv: list[str]) -> None:
    """Film both."""
    study_parser(__doc__).parse_args(argv)
    with served() as address, sync_playwright() as playwright:
        expect.set_options(timeout=MINUTE)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE, color_scheme="light")
        context.add_init_script(RETURNING)
        page = context.new_page()
        page.set_default_timeout(MINUTE)
        page.goto(f"{address}?tab=read")
        page.get_by_role("tab", selected=True).wait_for()
        page.wait_for_timeout(1500)
        frames = [*drawing(page), *training(page)]
        browser.close()
    write(frames, TARGET)
