"""What is said instead of an audit that is missing or not this model's, with a button that computes it."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from fastnet.errors import FastnetError

from ...server.auditor import Job
from ...session.audit_state import AuditState
from ..parts import notice
from .figures import text

MILLISECONDS_BETWEEN_LOOKS = 500


def recompute_view(state: AuditState) -> pn.Column:
    """The sentence, the button and the progress."""
    button = pmui.Button(label="Compute the audit", variant="contained", margin=10)
    progress = text(pn.bind(job_html, state.param.job))
    trouble = text("")

    def hear() -> None:
        state.hear()
        button.disabled = bool(state.job and state.job.is_running)
        if not button.disabled:
            looks.stop()

    looks = pn.state.add_periodic_callback(hear, MILLISECONDS_BETWEEN_LOOKS, start=state.job is not None)

    def begin(_: Any) -> None:
        try:
            state.compute()
        except FastnetError as error:
            trouble.object = notice(str(error))
            return
        button.disabled, trouble.object = True, ""
        if not looks.running:
            looks.start()

    button.on_click(begin)
    sentence = text(pn.bind(problem_html, state.param.problem))
    if not state.may_compute:
        return pn.Column(sentence, sizing_mode="stretch_width")
    return pn.Column(sentence, button, trouble, progress, sizing_mode="stretch_width")


def problem_html(problem: str) -> str:
    """Why there is no audit."""
    return f'<p class="sentence" role="status">{escape(problem)}</p>'


def job_html(job: Job | None) -> str:
    """How the computation gets on, or why it failed."""
    if job is None:
        return ""
    if job.problem:
        return notice(job.problem)
    return (
        f'<label class="row"><progress max="1" value="{job.share:.2f}"></progress>'
        f"<span>{job.share:.0%}, {escape(job.stage)}</span></label>"
    )
