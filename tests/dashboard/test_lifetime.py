"""How long a session lives without a browser: minutes where one may come back, and no longer where none will."""

from types import SimpleNamespace

import pytest
from bokeh.document import Document
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop

from fastnet.dashboard.server import lifetime
from fastnet.dashboard.server.lifetime import MINUTES, Lifetime
from fastnet.dashboard.session.store import Store
from fastnet.dashboard.views.connection import Connection
from fastnet.dashboard.worker.snapshot import FINISHED, RUNNING, Snapshot


@pytest.fixture
def session(monkeypatch):
    """A session whose document is current, as its server makes one."""
    document = Document()
    loop = IOLoop(make_current=False)
    session = ServerSession("some-session", document, loop)
    context = SimpleNamespace(session=session, request=SimpleNamespace(arguments={}))
    monkeypatch.setattr(Document, "session_context", property(lambda _: context))
    with set_curdoc(document):
        yield session
    loop.close()


def test_a_session_lives_on_for_minutes_once_a_browser_was_there(session, monkeypatch):
    life = Lifetime()
    assert not session.expiration_blocked  # nobody ever came: Bokeh forgets it soon
    life.lengthen()
    life.lengthen()
    assert session.expiration_blocked_count == 1
    life._look()
    assert session.expiration_blocked
    away = property(lambda _: MINUTES * 60_000 + 1)
    monkeypatch.setattr(ServerSession, "milliseconds_since_last_unsubscribe", away)
    life._look()
    assert not session.expiration_blocked
    life.lengthen()  # it came back before Bokeh looked
    assert session.expiration_blocked


def test_a_training_that_nobody_watches_gives_way_to_who_waits_and_to_nobody_else(session, monkeypatch):
    """A browser may go without a word; its training must not keep others waiting for minutes."""
    store, ended, seconds = Store(), [], [0.0]
    store.trainer.snapshot = Snapshot(RUNNING)
    monkeypatch.setattr(store.trainer, "close", lambda: ended.append(seconds[0]))
    monkeypatch.setattr(ServerSession, "milliseconds_since_last_unsubscribe", property(lambda _: 1000 * seconds[0]))
    connection = Connection(store)
    connection._handle_msg("here")
    seconds[0] = 60.0
    connection._lifetime._look()
    assert store.shared.places.take("mine")
    assert not store.shared.places.take("another's", "another visitor")
    seconds[0] = 20.0
    connection._lifetime._look()
    assert ended == []
    seconds[0] = 40.0
    connection._lifetime._look()
    assert ended == [40.0]
    store.trainer.snapshot = Snapshot(FINISHED)  # it holds no place, and its run is there to be saved
    connection._lifetime._look()
    assert ended == [40.0]


def test_a_session_that_has_a_browser_is_not_ended(session, monkeypatch):
    life = Lifetime()
    life.lengthen()
    monkeypatch.setattr(lifetime, "MINUTES", -1)
    monkeypatch.setattr(ServerSession, "connection_count", property(lambda _: 1))
    life._look()
    assert session.expiration_blocked


def test_a_browser_that_leaves_ends_its_training_and_lets_the_session_go(session, monkeypatch):
    store = Store()
    connection, ended = Connection(store), []
    monkeypatch.setattr(store, "close", lambda: ended.append(True))
    connection._handle_msg("here")
    assert session.expiration_blocked
    assert not ended
    connection._handle_msg("leaving")
    assert not session.expiration_blocked
    assert ended


@pytest.mark.parametrize("message", [None, 3, {"here": 1}, ["leaving"]])
def test_messages_of_another_form_change_nothing(session, message):
    Connection(Store())._handle_msg(message)
    assert not session.expiration_blocked


def test_it_is_known_in_words_what_a_session_holds():
    store = Store()
    connection = Connection(store)
    assert connection.held == ""
    store.add_picture("a.png", b"")
    assert connection.held == "your pictures"
    store.has_training = True
    assert connection.held == "your training and your pictures"
