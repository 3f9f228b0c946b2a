"""The page on a bad network, and while its server goes away and comes back: nobody has to press anything."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.serving import wait_for

from ..conftest import PATIENCE
from .conftest import MILLISECONDS, RETURNING, SIZES, free_port
from .test_browser import NOTHING, ONE, SEVEN, answer, draw, ink, png, upload
from .test_train_tab import LONG, expect_state, figure, points, press, small_data, start

LOST = "The connection to the server is lost"


class Line:
    """What is between the browser and the server: a proxy that passes bytes on, swallows them, or hangs up."""

    def __init__(self) -> None:
        self.server_port = free_port()
        self.websockets_to_break = 0  # as soon as the browser asks for them; all else goes through
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("localhost", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, hangs_up: bool = True) -> None:
        """No more bytes; either all ends are told, or nobody is, as when a phone loses its network."""
        self._passes.clear()
        if hangs_up:
            self._hang_up()

    def mend(self) -> None:
        """What was connected meanwhile is lost; what comes now goes through."""
        self._hang_up()
        self._passes.set()

    def close(self) -> None:
        self._listener.close()
        self.mend()

    def _hang_up(self) -> None:
        sockets, self._sockets = self._sockets, []
        for end in sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                if self._passes.is_set():
                    self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("localhost", self.server_port))
        except OSError:
            near.close()
            return
        self._sockets.append(far)
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(2**16):
                self._passes.wait()
                if self.websockets_to_break and b"Upgrade: websocket" in data:
                    self.websockets_to_break -= 1
                    source.shutdown(socket.SHUT_RDWR)
                    break
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class Place:
    """A server behind a line, and the page in a browser that reaches it through the line alone."""

    def __init__(self, browser, options: list[str], stack: contextlib.ExitStack):
        self._browser, self._stack = browser, stack
        self.line = Line()
        stack.callback(self.line.close)
        allowed = f"localhost:{self.line.port}"
        self._command = [sys.executable, "-P", "-m", "fastnet", "dashboard", "--allow-origin", allowed, *options]
        self._command += ["--port", str(self.line.server_port)]
        self.start_server()

    @contextlib.contextmanager
    def visited(self) -> Iterator["Place"]:
        """What a test did to the line and to the server ends with it, and so do its pages."""
        with contextlib.ExitStack() as self._visits:
            yield self
            self.line.websockets_to_break = 0
        self.line.mend()

    def start_server(self) -> None:
        self.server = subprocess.Popen(self._command)
        self._stack.callback(self.stop_server)
        wait_for(f"http://localhost:{self.line.server_port}/", PATIENCE)

    def stop_server(self) -> None:
        if self.server.poll() is None:
            self.server.terminate()
            self.server.wait(60)

    @contextlib.contextmanager
    def server_stopped(self) -> Iterator[None]:
        """Its server is there and does nothing, as one that is very busy."""
        self.server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)

    def open_page(self, size: str = "desk", search: str = "", prepare=lambda page: None):
        context = self._browser.new_context(viewport=SIZES[size])
        self._visits.callback(context.close)
        context.add_init_script(RETURNING)
        page = context.new_page()
        page.set_default_timeout(MILLISECONDS)
        page.on("console", lambda message: print("console:", message.text))  # told of a test that fails
        page.on("pageerror", lambda error: print("error:", error))
        prepare(page)
        page.goto(f"http://localhost:{self.line.port}/{search}")
        page.get_by_role("tab", selected=True).wait_for()
        return page


@pytest.fixture(scope="module")
def options(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("server")
    return [*small_data(folder), "--models", str(folder / "models"), "--runs", str(folder)]


@pytest.fixture(scope="module")
def shared_place(browser, options) -> Iterator[Place]:
    with contextlib.ExitStack() as stack:
        yield Place(browser, options, stack)


@pytest.fixture
def place(shared_place) -> Iterator[Place]:
    """With a server that was there before the test."""
    with shared_place.visited():
        yield shared_place


@pytest.fixture
def own_place(browser, options) -> Iterator[Place]:
    """With a server of the test's own, which it may stop and start."""
    with contextlib.ExitStack() as stack, Place(browser, options, stack).visited() as place:
        yield place


def banner(page):
    return page.get_by_role("status").locator(".banner")


def mark(page) -> None:
    """Tell this load of the page from the next one."""
    page.evaluate("window.isMarked = true")


def is_marked(page) -> bool:
    return page.evaluate("window.isMarked === true")


def expect_fresh(page, is_fresh: bool = True) -> None:
    """Expect the answer as it is, or greyed."""
    from playwright.sync_api import expect

    expect(page.locator(".answer")).to_have_css("opacity", "1" if is_fresh else "0.35")


@pytest.mark.parametrize(
    ("seconds", "hangs_up"), [(6, True), (6, False), (25, False)], ids=["6 s", "6 s, untold", "25 s, untold"]
)
def test_a_cut_line_is_told_of_and_taken_up_with_what_was_drawn_meanwhile(place, seconds, hangs_up):
    from playwright.sync_api import expect

    page = place.open_page("phone" if hangs_up else "desk")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "ERROR reply" in message.text else None)
    mark(page)
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    place.line.cut(hangs_up)
    end = time.monotonic() + seconds
    page.get_by_role("button", name="Clear").click()
    draw(page, ONE)
    expect_fresh(page, False)
    expect(banner(page)).to_be_visible()
    page.wait_for_timeout(max(0, 1000 * (end - time.monotonic())))
    if seconds == 25:  # the page has taken the line for lost, and tried in vain to take it up
        expect(banner(page)).to_contain_text(LOST)
    place.line.mend()
    expect(answer(page)).to_have_text("1")
    expect(banner(page)).to_be_hidden()
    expect_fresh(page)
    assert is_marked(page)  # no other load of the page
    assert refused == []


def test_a_line_that_breaks_again_and_again_does_not_cost_the_session(place):
    from playwright.sync_api import expect

    page = place.open_page()
    mark(page)
    upload(page, ("three.png", png(ink(3))))
    expect(answer(page)).to_have_text("3")
    place.line.websockets_to_break = 4
    place.line.cut()
    place.line.mend()
    expect(banner(page)).to_contain_text(LOST)
    expect(banner(page)).to_be_hidden()
    assert place.line.websockets_to_break == 0
    assert is_marked(page)
    expect(page.get_by_label("Your pictures").get_by_role("button")).not_to_have_count(0)


def test_a_line_that_breaks_within_a_message_or_sends_nonsense_is_taken_up(place):
    """A message of Bokeh's is several frames: the rest of one that was cut must not be awaited on the next line."""
    from playwright.sync_api import expect

    breaks = []  # what the lines do at the next message

    def connect(line) -> None:
        server = line.connect_to_server()

        def pass_on(frame) -> None:
            line.send(frame)
            if breaks and "PATCH-DOC" in frame:
                breaks.pop()(line)

        server.on_message(pass_on)

    page = place.open_page(prepare=lambda page: page.route_web_socket(re.compile("/ws"), connect))
    mark(page)
    for number, act in enumerate([lambda line: line.close(), lambda line: line.send("nonsense")], 1):
        draw(page, SEVEN)
        expect(answer(page)).to_have_text("7")
        breaks.append(act)
        page.get_by_role("button", name="Clear").click()
        expect(answer(page)).to_have_text(NOTHING)
        expect(banner(page)).to_be_hidden()
        assert breaks == [], number
    assert is_marked(page)


def test_a_line_that_breaks_before_the_page_has_come_leaves_no_blank_page(place):
    lines = []

    def break_first(line) -> None:
        lines.append(line)
        if len(lines) == 1:
            line.close()
        else:
            line.connect_to_server()

    place.open_page(prepare=lambda page: page.route_web_socket(re.compile("/ws"), break_first))
    assert len(lines) == 2


def test_what_was_cleared_during_a_cut_is_not_answered_any_more(place):
    from playwright.sync_api import expect

    page = place.open_page()
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    place.line.cut()
    expect(banner(page)).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    place.line.mend()
    expect(answer(page)).to_have_text(NOTHING)
    expect(banner(page)).to_be_hidden()


def test_a_restarted_server_finds_the_drawing_the_tab_and_the_model_and_what_was_lost_is_told(own_place):
    from playwright.sync_api import expect

    page = own_place.open_page(search="?model=mnist-784-512-10")
    mark(page)
    upload(page, ("three.png", png(ink(3))))
    expect(answer(page)).to_have_text("3")
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    own_place.stop_server()
    expect(banner(page)).to_contain_text(LOST)
    expect_fresh(page, False)
    own_place.start_server()
    expect(banner(page)).to_contain_text("your pictures could not be kept")
    expect(answer(page)).to_have_text("7")
    expect(page.get_by_label("Your pictures").get_by_role("button")).to_have_count(0)
    assert not is_marked(page)
    assert "model=mnist-784-512-10" in page.url
    page.get_by_role("button", name="OK").click()
    expect(banner(page)).to_be_hidden()


def test_a_plain_reload_keeps_the_drawing_and_undoes_nothing(place):
    from playwright.sync_api import expect

    page = place.open_page()
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    page.reload()
    expect(answer(page)).to_have_text("7")
    page.get_by_role("button", name="Clear").click()
    page.reload()
    page.get_by_role("tab", selected=True).wait_for()
    expect(page.locator(".hint")).to_be_visible()
    expect(answer(page)).to_have_text(NOTHING)


def test_an_answer_is_greyed_while_the_server_is_busy_and_not_when_it_is_quick(place):
    from playwright.sync_api import expect

    page = place.open_page()
    mark(page)
    draw(page, SEVEN)
    expect(answer(page)).to_have_text("7")
    expect_fresh(page)
    with place.server_stopped():
        draw(page, ONE, shift=0.25)
        expect_fresh(page, False)
        expect(answer(page)).to_have_text("7")
        expect(banner(page)).to_be_visible()
    expect(answer(page)).to_have_text("71")
    expect_fresh(page)
    expect(banner(page)).to_be_hidden()
    assert is_marked(page)


def open_training(place):
    """The page with a training under way."""
    page = place.open_page()
    page.get_by_role("tab", name="Train").click()
    start(page, **LONG)
    expect_state(page, "Training")
    return page


def test_a_training_lives_through_a_cut_and_its_curves_go_on(place):
    from playwright.sync_api import expect

    page = open_training(place)
    expect(figure(page, "Epoch")).not_to_have_text(re.compile("^0 "))
    mark(page)
    place.line.cut()
    expect(banner(page)).to_contain_text(LOST)
    page.wait_for_timeout(8000)  # longer than it once lived without a browser
    place.line.mend()
    expect(banner(page)).to_be_hidden()
    expect_state(page, "Training")
    step = figure(page, "Step").inner_text()
    expect(figure(page, "Step")).not_to_have_text(step)
    assert min(points(page)) > 0
    assert is_marked(page)
    press(page, "Stop")  # or it would train on beside other tests
    expect_state(page, "Stopped")


def test_a_lost_training_is_told_of(own_place):
    from playwright.sync_api import expect

    page = open_training(own_place)
    press(page, "Pause")  # it takes no processor, and is under way all the same
    expect_state(page, "Paused")
    own_place.stop_server()
    own_place.start_server()
    expect(banner(page)).to_contain_text("your training could not be kept")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Train")
