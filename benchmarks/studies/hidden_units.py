"""What skipping hidden units that are off gains, product by product, over the share of those that are on.

Each product between two hidden layers is computed by tiles and with those units skipped, one thread, in turn; medians
are shown. Trained units are on more or less often each, and so are these. `make hidden-units ARGS=--write` writes the
table, which decides what `fastnet.kernels.choices` has for a CPU as `most_active`.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.publishing import machine_text, of_this_cpu, publish, study_parser
from fastnet.kernels import active
from fastnet.kernels.arrays import aligned_copy, aligned_empty
from fastnet.kernels.jit import kernel
from fastnet.kernels.optimizers import Adam, AdamCoefficients, coefficients
from fastnet.timing.texts import load_average

DOCUMENT = Path("docs/speed.md")
SAMPLES, BELOW, ABOVE = 128, 1500, 1000  # samples, and units of the two layers
SHARES = (0.15, 0.3, 0.5, 0.65, 0.8)
MANY, NONE = 2**40, 0  # units that are noted to be on: with so many in each run, tiles compute; with none, never


@kernel()
def note(out: np.ndarray, activity: active.Activity) -> None:
    """Which units are on."""
    for task in range(active.n_note_tasks(activity)):
        active.note_task(out, activity, task)


@kernel()
def forward(activity: active.Activity, x: np.ndarray, w: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """out = max(x @ w + b, 0)."""
    for task in range(active.n_panel_tasks(out)):
        active.active_linear_task(activity, x, w, b, True, out, task)


@kernel()
def back(activity: active.Activity, dout: np.ndarray, w: np.ndarray, hidden: np.ndarray, dbelow: np.ndarray) -> None:
    """dbelow = dout @ w^T where hidden > 0, else 0."""
    for task in range(active.n_panel_tasks(dbelow)):
        active.active_backward_task(activity, dout, w, hidden, np.float32(1), dbelow, task)


@kernel()
def step(
    activity: active.Activity,
    x: np.ndarray,
    dout: np.ndarray,
    w: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    c: AdamCoefficients,
) -> None:
    """A step of Adam with the gradient x^T @ dout."""
    for task in range(active.n_step_tasks(w)):
        active.active_step_task(activity, x, dout, w, m, v, c, False, task)


def main(argv: list[str]) -> None:
    """Time each product both ways at each share; print the table, and write it where asked."""
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--rounds", type=int, default=25, help="calls of each, in turn (default: 25)")
    args = parser.parse_args(argv)
    load = load_average()
    lines = ["| product | on | by tiles | skipping | faster |", "|---|--:|--:|--:|--:|"]
    for share in SHARES:
        lines += [row(*each, args.rounds) for each in cases(share)]
    text = f"{SAMPLES} samples between {BELOW} and {ABOVE} units, one thread. {machine_text(load)}"
    publish({of_this_cpu("hidden-units"): "\n".join([*lines, "", text])}, args.write)


Case = tuple[str, np.ndarray, active.Activity, Callable[[], object]]


def cases(share: float) -> list[Case]:
    """What each product is called, the units that it goes by, which of them are noted to be on, and a call of it."""
    rng = np.random.default_rng(0)
    below, above = (units_on(rng, n_units, share) for n_units in (BELOW, ABOVE))
    w, b = aligned_copy(0.05 * rng.standard_normal((BELOW, ABOVE))), aligned_copy(rng.standard_normal(ABOVE))
    m, v = aligned_copy(0 * w), aligned_copy(0 * w)
    out, dbelow = aligned_empty(above.shape), aligned_empty(below.shape)
    c = coefficients(Adam(0.9, 0.999, 1e-8), 10, 1e-6, 0.0, 0.0, 1.0)
    of_below, of_above = noted(below), noted(above)
    return [
        ("forward", below, of_below, lambda: forward(of_below, below, w, b, out)),
        ("back", above, of_above, lambda: back(of_above, above, w, below, dbelow)),
        ("gradient with Adam", below, of_below, lambda: step(of_below, below, above, w, m, v, c)),
    ]


def units_on(rng: np.random.Generator, n_units: int, share: float) -> np.ndarray:
    """What units answer, of which that share is on, each unit more or less often."""
    often = rng.beta(0.6, 0.6 * (1 - share) / share, n_units)
    is_on = rng.random((SAMPLES, n_units)) < often
    return aligned_copy(np.abs(rng.standard_normal(is_on.shape)) * is_on)


def noted(out: np.ndarray) -> active.Activity:
    """Which units of a layer are on."""
    activity = active.new_activity(out.shape[1], len(out))
    note(out, activity)
    return activity


def row(name: str, units: np.ndarray, activity: active.Activity, call: Callable[[], object], n_rounds: int) -> str:
    """One product by tiles and with units skipped, in turn."""
    seconds: dict[int, list[float]] = {MANY: [], NONE: []}
    for _ in range(n_rounds + 1):  # the first compiles
        for n_noted, taken in seconds.items():
            activity.counts[:] = n_noted
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
    tiles, skipping = (statistics.median(taken[1:]) for taken in seconds.values())
    times = f"{1e6 * tiles:,.0f} us | {1e6 * skipping:,.0f} us | {tiles / skipping:.2f}x"
    return f"| {name} | {np.mean(units > 0):.0%} | {times} |"
