"""Draw the pictures of the README: learning curves of the shipped model, and the page (`make pictures`).

The page is taken with the Chromium on the PATH.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from playwright.sync_api import Error, Page, sync_playwright

from fastnet import weights

PORT = 5077
DOCS = Path(__file__).parent
TRAIN, VALIDATION = "#0072B2", "#D55E00"  # told apart with any colour vision (Okabe & Ito)

# A 4, a 2 and a 7, in shares of the paper.
STROKES = (
    [(0.2, 0.22), (0.17, 0.34), (0.13, 0.5), (0.13, 0.54), (0.19, 0.55), (0.3, 0.53)],
    [(0.26, 0.3), (0.255, 0.5), (0.25, 0.78)],
    [(0.42, 0.34), (0.45, 0.26), (0.5, 0.24), (0.54, 0.29), (0.53, 0.4), (0.44, 0.64), (0.41, 0.74), (0.58, 0.75)],
    [(0.69, 0.27), (0.76, 0.26), (0.84, 0.25), (0.82, 0.4), (0.78, 0.57), (0.75, 0.76)],
)


def draw_learning_curves(history: list[dict], target: Path) -> None:
    """Loss, error and learning rate over the epochs."""
    epochs = [record["epoch"] for record in history]
    figure, (losses, errors, rates) = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for part, colour in (("train", TRAIN), ("validation", VALIDATION)):
        losses.semilogy(epochs, [record[f"{part}_loss"] for record in history], color=colour, label=part)
        error = [max(100 * (1 - record[f"{part}_accuracy"]), 1e-3) for record in history]
        errors.semilogy(epochs, error, color=colour, label=part)
    rates.plot(epochs, [record["learning_rate"] for record in history], color="#555555")
    for axes, title in ((losses, "loss"), (errors, "error, %"), (rates, "learning rate")):
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    losses.legend(frameon=False)
    figure.savefig(target, dpi=110)
    plt.close(figure)


def take_page(target: Path) -> None:
    """The dashboard, reading three digits that are drawn on it."""
    server = subprocess.Popen([sys.executable, "-m", "fastnet", "dashboard", "--port", str(PORT)])
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            for _ in range(30):  # until the server listens
                try:
                    page.goto(f"http://localhost:{PORT}/")
                    break
                except Error:
                    page.wait_for_timeout(1000)
            page.wait_for_timeout(1000)  # until everything has its place
            paper = page.locator("canvas.ink").bounding_box()
            for stroke in STROKES:
                draw(page, [(paper["x"] + x * paper["width"], paper["y"] + y * paper["height"]) for x, y in stroke])
            page.mouse.move(0, 0)
            page.wait_for_timeout(1000)  # until the last answer is there
            page.screenshot(path=target)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    """One stroke of the pen."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


if __name__ == "__main__":
    history = json.loads((weights.DIRECTORY / weights.DEFAULT / "history.json").read_text(encoding="utf-8"))
    draw_learning_curves(history, DOCS / "learning-curves.png")
    take_page(DOCS / "dashboard.png")
