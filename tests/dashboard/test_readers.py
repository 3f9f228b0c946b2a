"""A server for readers (`--public`): visitors read and learn, and whatever else they try is refused by the server."""

import shutil
from pathlib import Path

import pytest

from benchmarks.serving import wait_for
from fastnet import weights
from fastnet.dashboard.server.quotas import Quotas, Role, role_of
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.audit_state import AuditState
from fastnet.dashboard.session.saved_models import SavedModels
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.session.training_state import TrainingState
from fastnet.dashboard.views.benchmark.watch import Watch
from fastnet.dashboard.views.reading.teaching import Teaching, teaching_view
from fastnet.dashboard.worker.snapshot import FINISHED, IDLE, Snapshot
from fastnet.errors import OptionError
from fastnet.web.serving import Serving

from .conftest import AUDITED, BARE, serving
from .raw_page import raw_page
from .test_library import make_run
from .test_messages import run


@pytest.fixture
def store(tmp_path) -> Store:
    """One visitor's, of a server with a saved model."""
    (tmp_path / "models").mkdir()
    make_run(tmp_path / "models" / "mine")
    shared = Shared.open_to(Role.READERS, Quotas(), tmp_path / "models", tmp_path / "runs")
    store = Store(Address(), shared)
    store.owner = "a" * 64
    return store


def test_who_visitors_are_follows_from_how_the_server_is_reached():
    for serving_as, role in (
        (Serving(), Role.OWNERS),
        (Serving(address="127.0.0.1"), Role.OWNERS),
        (Serving(address="::1"), Role.OWNERS),
        (Serving(address="LOCALHOST"), Role.OWNERS),
        (Serving(address="0.0.0.0"), Role.MAKERS),
        (Serving(address="192.168.0.7"), Role.MAKERS),
        (Serving(allow_origins=("digits.example.org",)), Role.MAKERS),
        (Serving(trusted_proxies=("127.0.0.1",)), Role.MAKERS),
    ):
        assert role_of(serving_as, is_public=False) is role
        assert role_of(serving_as, is_public=True) is Role.READERS


def test_nobody_trains(store):
    state = TrainingState(store.trainer, store.shared.library, lambda: store.owner)
    state.start()
    assert state.problem == "this server is for reading and looking: nobody trains or measures on it"
    assert state.snapshot.state == IDLE
    assert store.trainer._process is None


def test_nobody_measures(store):
    watch = Watch(store.shared.benchmarks, store)
    watch.press(1000)
    assert not store.shared.benchmarks.status.is_running
    assert "nobody trains or measures" in watch.progress


def test_nobody_has_an_audit_computed(store):
    store.model = "mine"
    state = AuditState(store)
    assert not state.may_compute
    with pytest.raises(OptionError, match="nobody computes audits on it"):
        state.compute()
    assert store.shared.auditor.job("mine") is None


def test_nobody_teaches(store):
    assert teaching_view(store) == []
    store.show_sample(0)
    view = Teaching(store)  # as if the page had it
    view._handle_msg({"digit": 0, "label": 1})
    assert view.problem == "this server is for reading and looking: nobody trains or measures on it"
    assert (view.state, store.corrected) == (IDLE, None)


def test_nobody_saves(store, tmp_path):
    state = TrainingState(store.trainer, store.shared.library, lambda: store.owner)
    state.snapshot = Snapshot(FINISHED, run=str(make_run(tmp_path / "run")))
    assert state.save("other") == "This server is for reading and looking: nobody saves models on it"
    assert store.shared.library.names() == [*weights.names(), "mine"]


def test_nobody_deletes(store):
    saved = SavedModels(store)
    assert list(saved.param.chosen.objects) == []
    saved.asked = "mine"  # as a browser could tell
    assert saved.delete() == "This server is for reading and looking: nobody deletes models on it"
    assert "mine" in store.shared.library.names()


# ---- In a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory, models):
    """A server as the documents have it, with models of people."""
    folder = tmp_path_factory.mktemp("public")
    shutil.copytree(models, folder / "models")
    options = ["--public", "--models", str(folder / "models"), "--runs", str(folder)]
    with serving(["-P", "-m", "fastnet", "dashboard", *options, "--port"]) as root:
        wait_for(root)
        yield root


def test_readers_have_tabs_to_read_and_to_look_and_no_others(open_page):
    from playwright.sync_api import expect

    page = open_page()
    expect(page.get_by_role("tab")).to_have_text(["Read", "Learn", "Audit"])
    page.get_by_alt_text("Sample: Digit 7").click()
    expect(page.get_by_role("status").filter(has_text="7").first).to_be_attached()
    expect(page.get_by_role("heading", name="Teach it")).to_have_count(0)
    page.get_by_role("combobox", name="Model").first.click()
    page.get_by_role("listbox").get_by_text(BARE, exact=True).click()
    page.get_by_role("tab", name="Audit").click()
    expect(page.get_by_text(f"{BARE} has not been audited yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Compute the audit")).to_have_count(0)


def test_an_audit_is_looked_at_and_downloaded(open_page, tmp_path):
    page = open_page(search=f"?tab=audit&model={AUDITED}")
    page.get_by_role("button", name="Download").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "report.html")
    assert "<html" in Path(tmp_path / "report.html").read_text(encoding="utf-8")[:200].lower()


def test_an_address_with_another_tab_gets_a_sentence(open_page):
    from playwright.sync_api import expect

    page = open_page(search="?tab=train")
    expect(
        page.get_by_role("alert").filter(has_text="the tab 'train', which is none of read, learn, audit")
    ).to_be_visible()


def test_a_raw_message_opens_no_other_tab(address):
    async def attack() -> None:
        async with raw_page(address) as page:
            tabs = await page.find("Tabs")
            for key in ("train", "benchmark"):
                assert await page.set(tabs, "chosen", key) == "OK"
            names = {model.get("attributes", {}).get("label") for model in await page.models()}
            assert not names & {"Start", "Save as a model", "Delete", "Delete it", "Compute the audit"}

    run(attack())
