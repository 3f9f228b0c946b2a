"""A real Chromium for the measurements, and what it does on the page's training tab."""

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator

from playwright.sync_api import Page, expect, sync_playwright

from fastnet.dashboard.session.options import ENGINE_TITLES

from .serving import ADDRESS

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
EPOCHS = "1000"  # no measurement waits for their end
PATIENCE = 120_000  # milliseconds


@contextlib.contextmanager
def chromium_page() -> Iterator[Page]:
    """An empty page in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def start_training(page: Page, engine: str) -> None:
    """Start a training, and return when it runs."""
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("combobox", name="Engine").click()
    page.get_by_role("listbox").get_by_text(ENGINE_TITLES[engine]).click()
    page.get_by_label("Epochs").fill(EPOCHS)
    page.get_by_label("Epochs").press("Tab")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".state")).to_have_text("Training", timeout=PATIENCE)


def stop_training(page: Page) -> dict[str, float]:
    """Stop it; return its speed, and the seconds until no more steps are taken."""
    page.get_by_role("tab", name="Train").click()
    speed = page.locator(".figures div").filter(has_text="Samples/s").locator("dd").inner_text()
    asked = time.monotonic()
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(
        """() => {
            const parts = (root) => [...root.querySelectorAll("*")].flatMap((element) =>
                [element, ...(element.shadowRoot ? parts(element.shadowRoot) : [])])
            return !parts(document).some((element) => element.matches(".state") && element.textContent === "Training")
        }"""
    )
    return {"samples_per_second": float(speed.replace(",", "")), "stopped_s": round(time.monotonic() - asked, 2)}


@contextlib.contextmanager
def training_aside(engine: str | None) -> Iterator[None]:
    """Have somebody's page train until the block ends; nothing, if no engine is given."""
    if engine is None:
        yield
        return
    runs, is_over = threading.Event(), threading.Event()

    def train() -> None:
        with chromium_page() as page:
            page.goto(ADDRESS)
            start_training(page, engine)
            runs.set()
            is_over.wait()

    thread = threading.Thread(target=train)
    thread.start()
    try:
        if not runs.wait(PATIENCE / 1000):
            raise RuntimeError("the training did not start")
        yield
    finally:
        is_over.set()
        thread.join()
