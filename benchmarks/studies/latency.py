"""How soon the page answers while one draws: from the pen's move to the changed bars, in a real Chromium.

    python -m benchmarks latency
    python -m benchmarks latency --training reference    while the same page trains a network

A server of its own is started. The pen moves at the rate of a screen, by the browser's own input events; a move counts
until the first answer that was asked for after it.
"""

import json
import math
import statistics
import time
from bisect import bisect_left
from collections.abc import Iterator

from playwright.sync_api import Page

from benchmarks.browsing import chromium_page, start_training, stop_training
from benchmarks.publishing import study_parser
from benchmarks.serving import ADDRESS, served_page
from fastnet.training.recipe import ENGINES

# When the pen moved, the page asked, the answer arrived and the bars changed, all by the browser's clock.
WATCH = """
Object.assign(window, { moves: [], asked: [], heard: [], changed: [] })
addEventListener("pointermove", () => moves.push(performance.now()), true)
window.WebSocket = class extends WebSocket {
  constructor(...options) {
    super(...options)
    this.addEventListener("message", ({ data }) => {
      if (String(data).includes('"heard"')) heard.push(performance.now())
    })
  }
  send(data) {
    if (String(data).includes('"strokes"')) asked.push(performance.now())
    super.send(data)
  }
}
"""
WATCH_BARS = """bars => new MutationObserver(() => changed.push(performance.now()))
    .observe(bars, { subtree: true, childList: true })"""


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__)
    parser.add_argument("--every", type=float, default=16, help="milliseconds between two moves (default: %(default)s)")
    parser.add_argument("--moves", type=int, default=240, help="(default: %(default)s)")
    parser.add_argument("--training", choices=ENGINES, help="the engine of a training that runs meanwhile")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    with served_page():
        latencies, training = measure(ADDRESS, args.every, args.moves, args.training)
    figures = {
        "moves": len(latencies),
        "median_ms": round(statistics.median(latencies), 1),
        "p95_ms": round(sorted(latencies)[math.ceil(0.95 * len(latencies)) - 1], 1),
        "worst_ms": round(max(latencies), 1),
        **training,
    }
    print(json.dumps(figures) if args.json else "  ".join(f"{name} {value}" for name, value in figures.items()))


def measure(
    address: str, every: float, n_moves: int, training: str | None = None
) -> tuple[list[float], dict[str, float]]:
    """Milliseconds from each move of the pen to the bars that know of it; figures of the training, if there is one."""
    with chromium_page() as page:
        page.add_init_script(WATCH)
        page.goto(address)
        page.locator("canvas.ink").wait_for()
        if training:
            start_training(page, training)
            page.get_by_role("tab", name="Read").click()
        scribble(page, every, 40)  # warm
        page.get_by_role("button", name="Clear").click()
        page.locator(".bars").evaluate(WATCH_BARS)
        page.evaluate("moves.length = asked.length = heard.length = 0")
        scribble(page, every, n_moves)
        page.wait_for_timeout(1000)
        times = page.evaluate("[moves, asked, heard, changed]")
        figures = stop_training(page) if training else {}
    return list(pair(*times)), figures


def scribble(page: Page, every: float, n_moves: int) -> None:
    """Draw an eight, slowly drifting, so that no answer is like the one before."""
    box = page.locator("canvas.ink").bounding_box()
    assert box
    due = time.monotonic()
    for number in range(n_moves):
        angle = 2 * math.pi * number / 80
        x = box["x"] + box["width"] * (0.4 + 0.15 * math.sin(2 * angle) + 0.2 * number / n_moves)
        y = box["y"] + box["height"] * (0.5 - 0.35 * math.cos(angle))
        page.mouse.move(x, y)
        if number == 0:
            page.mouse.down()
        due += every / 1000
        time.sleep(max(0, due - time.monotonic()))
    page.mouse.up()


def pair(moves: list[float], asked: list[float], heard: list[float], changed: list[float]) -> Iterator[float]:
    """For each move the time until the bars changed by the first question that followed it; one is asked at a time."""
    for move in moves:
        question = bisect_left(asked, move)
        if question < len(heard):
            change = bisect_left(changed, heard[question])
            if change < len(changed):
                yield changed[change] - move
