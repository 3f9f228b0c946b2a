"""What the audit tab knows, without a browser and without Panel."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fastnet.audit import load_audit
from fastnet.audit.figures import WrongAnswer
from fastnet.dashboard.server import auditor as auditor_module
from fastnet.dashboard.server.auditor import Auditor, Job
from fastnet.dashboard.server.library import Library
from fastnet.dashboard.server.quotas import Quotas, Role
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.audit_state import AuditState, Cell
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.worker.audit_files import audit_file, file_names
from fastnet.data.loading import load_dataset
from fastnet.errors import DataError, OptionError
from fastnet.models.documents import DataFacts
from fastnet.models.fields import to_json
from fastnet.models.files import read_manifest
from fastnet.models.sealed import sealed

from ..conftest import PATIENCE

AUDITED, BARE = "audited", "bare"


class PatientAuditor(Auditor):
    """Computes nothing; a test says how it gets on."""

    def begin(self, model: str, directory: Path) -> Job:
        self._job = Job(model)
        return self._job


def opened(models: Path, search: str = f"?model={AUDITED}", auditor: Auditor | None = None) -> tuple[Store, AuditState]:
    store = Store(Address(search), Shared(Library(models), auditor=auditor or Auditor()))
    return store, AuditState(store)


@pytest.fixture
def state(models) -> AuditState:
    return opened(models)[1]


@pytest.fixture
def own_models(models, tmp_path) -> Path:
    """Models that a test may change."""
    return Path(shutil.copytree(models, tmp_path / "models"))


def first_error(state: AuditState) -> WrongAnswer:
    return state.audit.figures.errors[0]


def test_all_errors_are_shown_until_a_cell_is_chosen(state):
    everything = state.errors()
    assert len(everything) == int((state.audit.predictions != state.audit.labels).sum()) > 0
    true, predicted = everything[0].true, everything[0].predicted
    state.toggle_cell(true, predicted)
    chosen = (state.audit.labels == true) & (state.audit.predictions == predicted)
    assert {error.row for error in state.errors()} == set(np.flatnonzero(chosen).tolist())
    state.toggle_cell(true, predicted)
    assert (state.cell, state.errors()) == (None, everything)


def test_the_points_of_a_cell_are_marked(state):
    assert len(state.marked()) == 0
    state.toggle_cell(7, 7)
    rows = state.audit.points[state.marked()]
    here = [row for row in state.audit.points if (state.audit.labels[row], state.audit.predictions[row]) == (7, 7)]
    assert rows.tolist() == here != []


def test_a_place_is_where_the_picture_lies_in_the_sprite(state):
    row = first_error(state).row
    column, line = state.place(row)
    height, width = state.audit.images.shape[1:]
    part = state.audit.sprite[line * height : (line + 1) * height, column * width : (column + 1) * width]
    assert (part == state.audit.image_of(row)).all()
    assert state.place(10**6) is None
    missing = sorted(set(range(len(state.audit.labels))) - set(state.audit.image_rows.tolist()))
    assert all(state.place(row) is None for row in missing)


@pytest.mark.parametrize("wrong", ["cell=3-99", "cell=3", "cell=-1-2", "cell=a-b", "unit=512", "unit=x", "digit=600"])
def test_what_is_not_there_is_told_and_ignored(models, wrong):
    store, state = opened(models, f"?model={AUDITED}&{wrong}")
    assert (state.cell, state.unit, state.point) == (None, None, None)
    assert store.address.problem


def test_the_choice_stands_in_the_address_and_is_restored_from_it(models):
    store, state = opened(models)
    state.toggle_cell(4, 9)
    state.toggle_unit(5)
    state.choose_point(17)
    assert store.address.search == f"?model={AUDITED}&cell=4-9&unit=5&digit=17"
    other = opened(models, store.address.search)[1]
    assert (other.cell, other.unit, other.point) == (Cell(4, 9), 5, 17)


def test_another_model_begins_without_a_choice(models):
    store, state = opened(models, f"?model={AUDITED}&cell=4-9&unit=3")
    store.model = BARE
    assert (state.cell, state.unit, state.audited) == (None, None, None)
    assert store.address.search == f"?model={BARE}"
    assert state.problem == "bare has not been audited yet."
    with pytest.raises(DataError, match="no audit"):
        state.toggle_cell(1, 2)
    store.model = AUDITED
    assert (state.problem, state.audited is not None) == ("", True)


def test_an_audit_of_other_weights_is_said_to_be_so(own_models):
    shutil.copytree(own_models / AUDITED / "audit", own_models / BARE / "audit")
    manifest = json.loads((own_models / BARE / "manifest.json").read_text(encoding="utf-8"))
    biases = np.load(own_models / BARE / "b2.npy") + 1
    from fastnet.models.fields import to_json
    from fastnet.models.files import write_array
    from fastnet.models.sealed import sealed

    manifest["arrays"]["b2"] = to_json(write_array(own_models / BARE, "b2", biases))
    (own_models / BARE / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    (own_models / BARE / "calibration.json").unlink()
    state = opened(own_models, f"?model={BARE}")[1]
    assert state.problem.startswith("The audit of bare is of other weights")


def test_a_damaged_audit_is_said_to_be_so(own_models):
    (own_models / AUDITED / "audit" / "tsne.npy").write_bytes(b"")
    state = opened(own_models)[1]
    assert state.audited is None
    assert state.problem.startswith("The audit of audited cannot be shown: audited/audit/tsne.npy: ")


def test_a_computation_is_followed_until_its_audit_is_there(own_models):
    auditor = PatientAuditor()
    state = opened(own_models, f"?model={BARE}", auditor)[1]
    state.compute()
    auditor._change({"stage": "t-SNE", "share": 0.4})
    state.hear()
    assert (state.job.stage, state.job.share, state.job.is_running) == ("t-SNE", 0.4, True)
    assert opened(own_models, f"?model={BARE}", auditor)[1].job == state.job  # another session sees it too
    shutil.copytree(own_models / AUDITED / "audit", own_models / BARE / "audit")  # the same weights
    auditor._change({"is_done": True})
    state.hear()
    assert (state.audited is not None, state.problem, state.job) == (True, "", None)


def test_why_a_computation_failed_is_told(own_models):
    auditor = PatientAuditor()
    state = opened(own_models, f"?model={BARE}", auditor)[1]
    state.compute()
    auditor._change({"problem": "no such data"})
    state.hear()
    assert (state.job.problem, state.job.is_running, state.audited) == ("no such data", False, None)


def test_one_audit_is_computed_at_a_time_and_a_missing_data_set_is_told(own_models):
    auditor = Auditor()
    set_data(own_models / BARE, DataFacts(source="/nowhere/at-all.npz"))
    state = opened(own_models, f"?model={BARE}", auditor)[1]
    state.compute()
    with pytest.raises(OptionError, match="the audit of bare is being computed"):
        auditor.begin(AUDITED, own_models / AUDITED)
    wait_for_end(auditor)
    state.hear()
    assert "/nowhere/at-all.npz" in state.job.problem
    assert not (own_models / BARE / "audit").exists()


def test_an_audit_that_takes_too_long_is_ended_and_the_next_may_begin(own_models):
    auditor = Auditor(most_seconds=0.1)
    state = opened(own_models, f"?model={BARE}", auditor)[1]
    state.compute()
    wait_for_end(auditor)
    state.hear()
    assert "took longer than" in state.job.problem
    assert not (own_models / BARE / "audit").exists()
    assert auditor.begin(AUDITED, own_models / AUDITED).is_running


def test_visitors_have_no_audit_written_into_the_runs_of_whoever_runs_the_server(tmp_path):
    for role, sentence in ((Role.MAKERS, "belongs to whoever runs this server"), (Role.READERS, "for reading")):
        with pytest.raises(OptionError, match=sentence):
            Shared.open_to(role, Quotas()).auditor.begin("runs/best", tmp_path / "best")


def test_an_audit_is_computed_to_its_end_in_a_process_of_its_own(own_models, tmp_path, monkeypatch):
    monkeypatch.setattr(auditor_module, "NICENESS", 0)  # it would give way to whatever else the machine does
    test = load_dataset().test
    images, labels = test.images[:100], test.labels[:100]
    np.savez(tmp_path / "few.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    set_data(own_models / BARE, DataFacts(source=str(tmp_path / "few.npz")))
    auditor = Auditor()
    shared = Shared(Library(own_models), data="/what/people/train-on.npz", auditor=auditor)
    state = AuditState(Store(Address(f"?model={BARE}"), shared))
    state.compute()
    wait_for_end(auditor)
    state.hear()
    assert (state.problem, state.job) == ("", None)
    assert (state.audit.labels == labels).all()


def set_data(directory: Path, facts: DataFacts) -> None:
    """Say that a model was trained on other data."""
    manifest = replace(read_manifest(directory), data=facts)
    (directory / "manifest.json").write_text(json.dumps(sealed(to_json(manifest))), encoding="utf-8")


def wait_for_end(auditor: Auditor) -> None:
    deadline = time.monotonic() + PATIENCE
    while auditor.job(BARE).is_running:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_pictures_and_report_are_made_when_they_are_asked_for(models):
    assert file_names()[0] == "report.html"
    assert "confusion.png" in file_names()
    assert audit_file(models / AUDITED, "confusion.png").startswith(b"\x89PNG")
    assert "no audit" in audit_file(models / BARE, "confusion.png")


def test_files_that_lie_beside_the_audit_are_taken(own_models):
    (own_models / AUDITED / "audit" / "report.html").write_text("as it was made", encoding="utf-8")
    assert audit_file(own_models / AUDITED, "report.html") == b"as it was made"


def test_an_audit_is_read_once_for_all_sessions(models):
    first, second = opened(models)[1], opened(models)[1]
    assert first.audited is second.audited
    assert (first.audit.labels == load_audit(models / AUDITED).labels).all()


def test_the_state_does_not_load_panel():
    code = "import fastnet.dashboard.session.audit_state, sys; assert 'panel' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
