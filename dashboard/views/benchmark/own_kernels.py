"""Kernels of one's own, as reports of `fastnet benchmark --kernel` tell of them; the page itself runs none."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import panel as pn

from fastnet.errors import FORESEEN
from fastnet.plurals import counted
from fastnet.timing.kernel_reports import Found, KernelReport, Measured, Timed, Verified, read_report
from fastnet.timing.texts import busy_text, time_text

from ...worker.sentences import for_visitors
from ..parts import html, notice
from .roofline import roofline_pane
from .styles import STYLES
from .tables import bar

INTRODUCTION = (
    '<p class="quiet">Operations a second over operations for each byte that moves, of each case that was timed.'
    " A kernel left of the bend waits for memory, right of it for multipliers.</p>"
)


def own_kernels(paths: Iterable[Path]) -> pn.Column:
    """All reports, as their files are now."""
    return pn.Column(*(_read(path) for path in paths), sizing_mode="stretch_width", margin=0)


def _read(path: Path) -> pn.viewable.Viewable:
    try:
        report = read_report(path)
    except FORESEEN as error:
        return html(notice(for_visitors(error, {str(path): path.name})))
    words = html(f"{verified_html(report.verified)}{times_html(report)}", STYLES)
    if report.measured is None:
        return words
    return pn.Column(
        words,
        roofline_pane(_figures(report.verified.kernel, report.measured), INTRODUCTION),
        sizing_mode="stretch_width",
        margin=0,
    )


def verified_html(verified: Verified) -> str:
    """Whether the kernel does what its textbook does, the first case in which it does not, and all cases, folded."""
    faults, n_cases = [found for found in verified.findings if found.fault], len(verified.findings)
    verdict = f"{len(faults)} of {n_cases} cases fail" if faults else f"all {n_cases} cases hold"
    first = notice(f"{faults[0].case}: {faults[0].fault}") if faults else ""
    cases = "".join(f"<li>{escape(f'{found.case}: {_verdict(found)}')}</li>" for found in verified.findings)
    return (
        f"<h3>{escape(f'{verified.kernel} against {verified.reference}: {verdict}')}</h3>{first}"
        f'<details class="cases"><summary>Case by case</summary><ul>{cases}</ul></details>'
    )


def _verdict(found: Found) -> str:
    if found.fault:
        return f"fails: {found.fault}"
    return found.note or f"{found.share or 0:.0%} of what may be off"


def times_html(report: KernelReport) -> str:
    """A table of times for each case, and where they were measured."""
    measured = report.measured
    if measured is None:
        return '<p class="quiet">It was not timed: first it must do what its textbook does.</p>'
    tables = "".join(_times(report.verified, timed) for timed in measured.timings)
    machine, threads = measured.environment, measured.ceilings.threads
    sentences = [
        f"Measured on {machine.cpu}, {counted(threads, 'thread')}, {machine.lanes} float32 lanes. Shorter is"
        " faster, and the ratio says by how much the kernel is.",
        busy_text(measured.load_average),
    ]
    return f'<div class="contests">{tables}</div><p class="quiet">{escape(" ".join(filter(None, sentences)))}</p>'


def _times(verified: Verified, timed: Timed) -> str:
    most = max(timed.seconds.values())
    titles = {"kernel": verified.kernel, "reference": verified.reference}
    ours = timed.seconds["kernel"]
    rows = "".join(
        f'<tr class="{"ours" if name == "kernel" else ""}"><th scope="row">{escape(titles.get(name, name))}'
        f"{bar({'least': seconds, 'seconds': seconds, 'most': seconds}, most)}</th><td>{time_text(seconds)}</td>"
        f"<td>{'' if name == 'kernel' else f'{seconds / ours:.1f}x'}</td></tr>"
        for name, seconds in timed.seconds.items()
    )
    heads = '<th scope="col">who</th><th scope="col">time</th><th scope="col">ratio</th>'
    caption = escape(timed.case)
    return f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _figures(kernel: str, measured: Measured) -> dict[str, object]:
    """What the picture of the roofline is drawn from."""
    roof = measured.ceilings
    rows = [
        {
            "name": f"{kernel}, {timed.case}",
            "seconds": timed.seconds["kernel"],
            "flop": timed.flop,
            "intensity": timed.flop / timed.bytes,
            "bound": timed.bound,
            "share": timed.share,
        }
        for timed in measured.timings
    ]
    return {"ceilings": {"flop": roof.flop, "read": roof.read, "update": roof.update}, "kernels": rows}
