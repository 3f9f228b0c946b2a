"""How much of the server there is for one visitor: time of a training and of a benchmark, words, messages, sessions."""

import asyncio
import dataclasses
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from fastnet.dashboard import app
from fastnet.dashboard.server import lines
from fastnet.dashboard.server import places as places_module
from fastnet.dashboard.server.allowance import Allowance
from fastnet.dashboard.server.lines import MOST_TEXT, SECONDS_BETWEEN_SIGNS, SLOWED_DOWN, TOO_LARGE, Line
from fastnet.dashboard.server.places import Places
from fastnet.dashboard.server.quotas import Quotas
from fastnet.dashboard.server.shared import Shared
from fastnet.dashboard.server.texts import MOST_CHARACTERS, shortened
from fastnet.dashboard.session import trainings as trainings_module
from fastnet.dashboard.session.address import Address
from fastnet.dashboard.session.store import MOST_A_MINUTE, Store
from fastnet.dashboard.session.time_limits import remark, terms
from fastnet.dashboard.session.training_state import TrainingState
from fastnet.dashboard.session.trainings import Trainings
from fastnet.dashboard.views.benchmark.watch import Watch
from fastnet.dashboard.views.mode import ModeSwitch
from fastnet.dashboard.views.parts import ASSETS
from fastnet.dashboard.views.reading import gallery as gallery_module
from fastnet.dashboard.views.reading.gallery import MOST_ASKED, Gallery
from fastnet.dashboard.views.tabs import Tab, Tabs
from fastnet.dashboard.views.training.figures import figures_html
from fastnet.dashboard.worker.snapshot import FAILED, PAUSED, RUNNING, STOPPED, Snapshot
from fastnet.models.files import read_model

from ..conftest import PATIENCE
from .test_benchmark import WAITS, fake, wait_for
from .test_training import LONG, options, wait, wait_for_step

# ---- Time ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def trainer(npz, monkeypatch):
    monkeypatch.setattr(trainings_module, "SECONDS_BETWEEN_LOOKS", 0.05)
    trainer = Trainings(Places(1), str(npz))
    yield trainer
    trainer.close()


def run_out_of_time(trainer: Trainings) -> None:
    with trainer._lock:
        trainer.snapshot = dataclasses.replace(trainer.snapshot, ends=time.monotonic())


def test_a_training_whose_time_is_over_is_stopped_and_kept(trainer):
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    run_out_of_time(trainer)
    end = wait(trainer, STOPPED, FAILED)
    assert end.is_out_of_time
    assert end.can_be_saved
    assert read_model(end.run).manifest.progress.step == end.step
    assert "what it has learned is kept, and can be saved" in remark(end, time.monotonic(), trainer.quotas)


def test_time_is_counted_from_the_start_also_while_a_training_gets_ready(trainer):
    trainer.start(LONG)
    assert trainer.snapshot.ends == pytest.approx(time.monotonic() + 60 * trainer.quotas.training_minutes, abs=PATIENCE)
    run_out_of_time(trainer)
    assert wait(trainer, STOPPED).is_out_of_time
    assert not trainer.snapshot.can_be_saved


def test_a_pause_ends_by_itself_and_does_not_stop_the_clock(trainer):
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    ends = trainer.snapshot.ends
    trainer.pause()
    wait_for(lambda: trainer.snapshot.goes_on is not None)  # paused
    with trainer._lock:
        trainer.snapshot = dataclasses.replace(trainer.snapshot, goes_on=time.monotonic())
    wait_for(lambda: trainer.snapshot.state == RUNNING)
    assert (trainer.snapshot.goes_on, trainer.snapshot.ends) == (None, ends)
    wait_for_step(trainer, trainer.snapshot.step + 1)


def test_a_training_that_does_not_end_in_time_is_killed_and_its_place_is_free(trainer, monkeypatch):
    monkeypatch.setattr(trainings_module, "SECONDS_TO_END", 0.1)
    trainer.start(LONG)
    wait_for_step(trainer, 100)
    os.kill(trainer._process.pid, signal.SIGSTOP)
    run_out_of_time(trainer)
    assert wait(trainer, FAILED).problem == "the training was ended, as its time was over"
    wait_for(lambda: trainer._places.take("another"))


def test_who_trained_last_lets_those_be_first_who_waited(monkeypatch):
    places = Places(1)
    assert places.take("first", "greedy")
    assert not places.take("second", "patient")
    places.free("first")
    assert not places.take("third", "greedy")  # as a script would, at once
    assert not places.take_all("benchmark", "greedy")
    assert places.take("second", "patient")
    places.free("second")
    assert places.take("third", "greedy")
    places.free("third")
    assert places.take("fourth", "greedy")  # nobody waits
    assert not places.take("fifth", "patient")
    places.free("fourth")
    monkeypatch.setattr(places_module, "SECONDS_OF_COURTESY", 0.0)  # who waited has not come again
    assert places.take("sixth", "greedy")


def test_others_cannot_take_turns_past_one_who_waits():
    places = Places(1)
    assert places.take("first", "one")
    assert not places.take("second", "patient")
    places.free("first")
    assert not places.take("third", "another")
    assert not places.take("fourth", "one")
    assert places.take("second", "patient")
    places.free("second")
    assert not places.take("fifth", "one")
    assert places.take("sixth", "another")  # who has waited longer


def test_places_are_kept_only_for_as_many_as_wait():
    places = Places(3)
    for owner in range(3):
        assert places.take(owner, owner)
    assert not places.take("waiting", "patient")
    places.free(0)
    assert not places.take("new", "new")
    places.free(1)
    assert places.take("waiting", "patient")
    assert places.take("new", "new")


def test_what_holds_is_said_before_when_it_is_near_and_in_the_end():
    quotas = Quotas(training_minutes=30, pause_minutes=5)
    assert "may take 30 minutes, and goes on by itself after 5 minutes of pause" in terms(quotas)
    running = Snapshot(RUNNING, ends=1000.0)
    assert remark(running, 500.0, quotas) == ""
    assert "ended in 4 min 20 s, as a training may take 30 minutes" in remark(running, 740.0, quotas)
    paused = dataclasses.replace(running, state=PAUSED, goes_on=530.0)
    assert remark(paused, 500.0, quotas) == "It goes on by itself in 30 s."
    assert "is being weighed" in remark(dataclasses.replace(running, is_out_of_time=True), 1001.0, quotas)
    assert "goes on by itself" in figures_html(paused, 0, remark(paused, 500.0, quotas))


def test_a_visitor_sees_what_time_is_left(trainer):
    state = TrainingState(trainer, Shared().library)
    trainer.snapshot = Snapshot(RUNNING, ends=time.monotonic() + 100)
    state.look()
    assert "It is ended in" in state.remark


def test_a_benchmark_that_takes_too_long_is_ended_and_says_so():
    benchmarks = fake(WAITS)
    benchmarks._most_seconds = 0.2
    benchmarks.start("somebody")
    wait_for(lambda: not benchmarks.status.is_running)
    assert "took longer than" in benchmarks.status.problem
    assert benchmarks._places.take("a training")


def test_a_benchmark_ends_with_the_session_of_who_started_it():
    store = Store()
    benchmarks = fake(WAITS)
    store.shared.__dict__["benchmarks"] = benchmarks
    watch, other = Watch(benchmarks, store), Watch(benchmarks, Store())
    watch.press(1000)
    other.press(1000)
    assert "running already" in other.progress or benchmarks.status.owner is store
    store.close()
    wait_for(lambda: not benchmarks.status.is_running)


def test_a_benchmark_takes_only_as_many_images_as_the_page_offers():
    benchmarks = fake(WAITS)
    watch = Watch(benchmarks)
    for samples in (10**9, -1, "--out=/tmp/x", None, [1000]):
        watch.press(samples)
        assert not benchmarks.status.is_running
        assert "choose on how many images" in watch.progress.lower()


# ---- What a training may ask for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("hidden", ",".join(["1"] * 11), "at most 10 hidden layers on this page, not 11"),
        ("hidden", "1," * 10**6 + "1", "at most 100 characters, not 2,000,001"),
        ("hidden", "4000,4000", "at most 4,000,000 weights and biases"),
        ("epochs", "9" * 5000, "at most 100 characters"),
        ("seed", "9" * 50, "at most 9,223,372,036,854,775,807 on this page"),
        ("learning_rate", "x" * 10**7, "at most 100 characters"),
    ],
)
def test_a_recipe_that_would_take_all_memory_is_refused_in_a_short_sentence(field, text, sentence):
    form = options(**{field: text})
    assert sentence in form.problems[field]
    assert len(form.problems[field]) < 300
    assert form.read() is None


# ---- Words -----------------------------------------------------------------------------------------------------------


def test_words_are_short_and_on_one_line():
    assert shortened("seven.png") == "seven.png"
    long = shortened("a" * 5_000_000 + ".png")
    assert len(long) == MOST_CHARACTERS
    assert long.endswith(".png")
    assert "…" in long
    assert shortened("a\nb\x00c\u202ed\ud800") == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert shortened("Ziffer fünf.png") == "Ziffer fünf.png"


def test_names_of_files_are_kept_and_told_short():
    store = Store()
    store.add_picture("x" * 5_000_000, b"no picture")
    store.add_picture("a\nb.png", b"no picture")
    two, one = store.pictures
    assert len(one.name) <= MOST_CHARACTERS
    assert len(one.problem) < 3 * MOST_CHARACTERS
    assert two.name == "a\ufffdb.png"
    assert "\n" not in two.problem


def test_an_address_is_read_and_told_no_further_than_any_is_long():
    store = Store(Address("?model=" + "x" * 10**6))
    assert len(store.address.problem) < 300
    store.address.search = "?" + "&".join(f"k{number}=1" for number in range(10**5))
    store.tab = "read"
    assert len(store.address.search) < 10**6


def test_a_model_of_any_name_gets_a_short_sentence():
    store = Store()
    store.model = "../" * 10**6
    assert "no such model" in store.problem
    assert len(store.problem) < 300


def test_nonsense_told_to_a_component_changes_nothing():
    store = Store()
    tabs = Tabs(store, [Tab("One", "one", lambda store: __import__("panel").Column())])
    tabs.chosen = "nonsense"
    assert (tabs.chosen, store.tab) == ("one", "one")
    switch = ModeSwitch(store)
    switch.mode = "nonsense"
    assert switch.mode == ""


def test_pictures_in_a_minute_are_counted_and_one_too_many_gets_a_sentence():
    store = Store()
    assert [store.may_bring() for _ in range(MOST_A_MINUTE + 1)].count(True) == MOST_A_MINUTE
    store.refuse_picture("x" * 10**6)
    assert f"more than {MOST_A_MINUTE} pictures in a minute" in store.pictures[0].problem
    assert len(store.pictures[0].problem) < 300


def test_pictures_that_wait_to_be_read_are_few(monkeypatch):
    store, asked = Store(), []
    gallery = Gallery(store)
    monkeypatch.setattr(gallery_module, "aside", lambda work, finish: asked.append((work, finish)))
    for _ in range(10):
        gallery._handle_msg({"name": "a.png", "content": b"no picture"})
    assert len(asked) == MOST_ASKED
    work, finish = asked[0]
    finish(work())
    gallery._handle_msg({"name": "b.png", "content": b"no picture"})
    assert len(asked) == MOST_ASKED + 1


# ---- Messages --------------------------------------------------------------------------------------------------------


def test_one_subscriber_of_version_6_is_one_visitor_and_has_one_share(monkeypatch):
    def handler(address: str) -> SimpleNamespace:
        return SimpleNamespace(request=SimpleNamespace(remote_ip=address))

    one, same, other = (lines._line(handler(f"2001:db8:{end}")) for end in (":1", ":1:0:0:2", "0:1::1"))
    assert one._shared is same._shared is not other._shared

    def visitor(address: str) -> str | None:
        curdoc = SimpleNamespace(session_context=handler(address))
        monkeypatch.setattr(app.pn, "state", SimpleNamespace(curdoc=curdoc))
        return app.visitor()

    assert visitor("2001:db8::1") == visitor("2001:db8::2") != visitor("2001:db8:0:1::1")
    assert visitor("192.0.2.1") != visitor("192.0.2.2")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_comes_back():
    clock = Clock()
    allowance = Allowance(2, 0.5, clock)
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    clock.now = 2.0
    assert [allowance.take() for _ in range(2)] == [True, False]
    allowance.use(3)
    assert allowance.seconds_short() == pytest.approx(6)
    clock.now = 10**6
    assert allowance.seconds_short() == 0
    assert [allowance.take() for _ in range(3)] == [True, True, False]  # no more than there ever is


def test_who_draws_is_never_slowed_down_and_who_floods_is():
    drawing, flooding = Line("1.1.1.1"), Line("2.2.2.2")
    for line, n in ((drawing, 300), (flooding, 3000)):
        for _ in range(n):
            assert line.fault("x" * 1000) == ""
            line.end_message()
    assert drawing.wait() == 0
    assert flooding.wait() > 1


def test_who_keeps_the_server_busy_waits_and_so_do_the_other_pages_of_the_address():
    busy, beside, elsewhere = Line("3.3.3.3"), Line("3.3.3.3"), Line("4.4.4.4")
    busy.spend(10.0)
    assert busy.wait() > beside.wait() > 0
    assert elsewhere.wait() == 0


def test_pages_are_told_when_they_are_slowed_down_and_when_no_longer():
    line = Line("5.5.5.5")
    assert line.news(0.0) is None
    assert line.news(1.0) is None
    assert line.news(5.0) == SLOWED_DOWN
    assert line.news(1.0) is None
    assert line.news(0.0) == ""


def test_a_message_may_not_be_without_end(monkeypatch):
    assert Line("6.6.6.6").fault("x" * (MOST_TEXT + 1)) == TOO_LARGE
    monkeypatch.setattr(lines, "MOST_BYTES", 10_000)
    line = Line("6.6.6.6")
    assert TOO_LARGE in [line.fault(b"") for _ in range(200)]  # pieces that never make a whole
    line = Line("6.6.6.6")
    for _ in range(200):
        assert line.fault("x" * 100) == ""
        line.end_message()


def test_a_page_that_waits_for_its_share_is_told_sooner_than_it_takes_its_line_for_dead():
    script = (ASSETS / "line.js").read_text(encoding="utf-8")
    for name in ("QUIET", "DEAD"):
        [milliseconds] = re.findall(rf"^const {name} = (\d+) //", script, re.MULTILINE)
        assert int(milliseconds) > 1000 * SECONDS_BETWEEN_SIGNS


def test_pages_of_one_address_that_wait_look_again_and_hear_signs_of_life(monkeypatch):
    class Handler:
        ws_connection = connection = SimpleNamespace(protocol=SimpleNamespace(create=lambda kind: kind))
        signs = 0

        async def send_message(self, message: str) -> None:
            self.signs += 1

    async def overdraw_and_wait() -> int:
        page, beside, handler = Line("7.7.7.7"), Line("7.7.7.7"), Handler()
        page.spend(3.1)
        waiting = asyncio.ensure_future(lines._wait_for(page, handler))
        await asyncio.sleep(0)
        beside.spend(0.3)
        await waiting
        assert page.wait() == beside._shared.seconds_short() == 0
        return handler.signs

    monkeypatch.setattr(lines, "SECONDS_BETWEEN_SIGNS", 0.05)
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop may run in this one
        assert thread.submit(asyncio.run, overdraw_and_wait()).result(PATIENCE) > 1
