"""What comes over a raw websocket: Bokeh would let any browser change any part of its page to anything of any size."""

import asyncio
import base64
import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import panel_material_ui as pmui
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from benchmarks.serving import wait_for as wait_for_server
from fastnet.dashboard.server.lines import TOO_LARGE
from fastnet.dashboard.server.messages import MOST_NUMBERS, fault, leave_out_echoes, refer
from fastnet.dashboard.server.sessions import SECONDS, SENTENCE

from .conftest import serving
from .raw_page import RawPage, raw_page


def run(coroutine) -> Any:
    """Playwright's event loop may run in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


# ---- Looked at before Bokeh does -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document() -> Document:
    document = Document()
    plot = figure(name="plot")
    plot.line("x", "y", source=ColumnDataSource({"x": [1], "y": [1]}, name="source"), name="line")
    document.add_root(plot)
    document.add_root(pmui.TextInput(label="Epochs").get_root(document))
    document.add_root(pmui.Select(label="Digits", options=["one", "two"]).get_root(document))
    document.add_root(pmui.Select(label="Numbers", options={"one": 1, "two": 2}).get_root(document))
    return document


def changed(document: Document, model: str, attr: str, new: Any) -> dict[str, Any]:
    names = {
        "widget": lambda each: type(each).__name__.startswith("TextInput"),
        "choice": lambda each: getattr(each, "label", "") == "Digits",
        "named": lambda each: getattr(each, "label", "") == "Numbers",
    }
    is_it = names.get(model, lambda each: each.name == model)
    [found] = [each for each in document.models if is_it(each)]
    return {"kind": "ModelChanged", "model": {"id": found.id}, "attr": attr, "new": new}


def told(values: Any, name: str = "data_event") -> dict[str, Any]:
    told = {"type": "event", "name": name, "values": values}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": told}


def deep(n: int) -> Any:
    return [deep(n - 1)] if n else 0


BOMB = base64.b64encode(gzip.compress(bytes(10**8))).decode()


@pytest.mark.parametrize(
    ("model", "attr", "new"),
    [
        ("widget", "value", "128"),
        ("widget", "value", ["run 1", "mnist-best-large"]),
        ("widget", "dark_theme", True),
        ("widget", "disabled", False),
        ("widget", "label", "Epochs"),  # as it is
        ("choice", "value", "two"),
        ("choice", "value", ""),
        ("named", "value", "two"),
        ("plot", "inner_width", 597),
        ("plot", "background_fill_color", "#121212"),
        ("plot", "min_border", {"type": "number", "value": "nan"}),
        ("line", "visible", False),
        ("source", "indices", list(range(MOST_NUMBERS))),
    ],
)
def test_what_widgets_and_figures_send_is_taken(document, model, attr, new):
    assert fault("PATCH-DOC", {"events": [changed(document, model, attr, new)]}, document) == ""


def test_what_browsers_repeat_of_a_widget_changes_nothing(document):
    """A late "enabled" would hide from the server that it has disabled the widget since: it would stay so."""
    kept = [changed(document, "widget", "value", "1"), changed(document, "line", "visible", False)]
    content = {"events": [changed(document, "widget", "disabled", False), *kept]}
    leave_out_echoes(content, document)
    assert content == {"events": kept}


def test_what_browsers_say_of_a_part_that_is_gone_is_no_fault_and_changes_nothing(document):
    """They may not know yet, as of a figure that another has just taken the place of."""
    late = {"kind": "ModelChanged", "model": {"id": "gone"}, "attr": "inner_width", "new": 597}
    kept = changed(document, "widget", "value", "1")
    content = {"events": [late, kept]}
    assert fault("PATCH-DOC", content, document) == ""
    leave_out_echoes(content, document)
    assert content == {"events": [kept]}


@pytest.mark.parametrize(
    ("model", "attr", "new"),
    [
        ("widget", "value", "x" * 20_000_000),
        ("widget", "value", ["x" * 10_000]),
        ("widget", "value", [{"type": "object", "name": "CustomJS", "id": "p1"}]),
        ("widget", "value", {"type": "map", "entries": []}),
        ("widget", "label", "nonsense"),
        ("widget", "esm", "alert(1)"),
        ("widget", "helper_text", "<b>"),
        ("widget", "options", ["a"]),
        ("choice", "value", "x\n200 GET /forged"),
        ("named", "value", "three"),
        ("source", "data", {"type": "map", "entries": [["x", [1]]]}),
        ("source", "indices", list(range(MOST_NUMBERS + 1))),
        ("source", "indices", ["a"]),
        ("source", "tags", ["a"]),
        ("plot", "renderers", []),
        ("plot", "title", {"id": "p1001"}),
        ("plot", "background_fill_color", "x" * 10_000),
    ],
)
def test_other_changes_are_refused(document, model, attr, new):
    assert fault("PATCH-DOC", {"events": [changed(document, model, attr, new)]}, document)


@pytest.mark.parametrize(
    "values",
    [
        {"type": "map", "entries": [["model", {"id": "p1"}], ["data", {"type": "map", "entries": [["sample", 3]]}]]},
        {"type": "map", "entries": [["content", {"type": "bytes", "data": {"id": "1"}}], ["name", "a.png"]]},
        {"type": "map", "entries": [["strokes", [[0.1, {"type": "number", "value": "nan"}, 0.3]]], ["resting", True]]},
        {"type": "map"},
    ],
)
def test_what_components_tell_is_taken(document, values):
    assert fault("PATCH-DOC", {"events": [told(values)]}, document) == ""


@pytest.mark.parametrize(
    "values",
    [
        {"type": "bytes", "data": BOMB},
        {"type": "ndarray", "array": ["a"], "dtype": "S1000000000", "shape": [1], "order": "little"},
        {"type": "map", "entries": [["data", {"type": "object", "name": "CustomJS", "id": "x"}]]},
        {"type": "typed_array", "array": [1], "dtype": "uint8", "order": "little"},
        {"type": "set", "entries": []},
        {"type": "number", "value": "1" * 900_000},
        deep(500),
    ],
    ids=["bomb", "huge dtype", "object", "typed array", "set", "long number", "deep"],
)
def test_what_would_unpack_to_more_than_was_sent_is_refused(document, values):
    assert fault("PATCH-DOC", {"events": [told(values)]}, document)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("PUSH-DOC", {"doc": {}}),
        ("ACK", {}),
        ("x" * 10**6, {}),
        ("PATCH-DOC", []),
        ("PATCH-DOC", {"events": {}}),
        ("PATCH-DOC", {"events": [None]}),
        ("PATCH-DOC", {"events": [{"kind": "TitleChanged", "title": "mine"}]}),
        ("PATCH-DOC", {"events": [{"kind": "RootRemoved", "model": {"id": "p1"}}]}),
        ("PATCH-DOC", {"events": [{"kind": "RootAdded", "model": {"type": "object", "name": "Div", "id": "x"}}]}),
        ("PATCH-DOC", {"events": [{"kind": "ColumnsStreamed", "model": {"id": "p1"}, "data": {}}]}),
        ("PATCH-DOC", {"events": [told({"type": "map"}, "connection_lost")]}),
        ("PATCH-DOC", {"events": [told({"type": "map"}), {"kind": "TitleChanged", "title": "mine"}]}),
    ],
)
def test_other_messages_are_refused_in_a_short_sentence(document, kind, content):
    sentence = fault(kind, content, document)
    assert sentence
    assert len(sentence) < 200


# ---- Over a websocket ------------------------------------------------------------------------------------------------


def test_a_hostile_page_is_refused_and_its_session_goes_on(address):
    async def attack() -> None:
        async with raw_page(address, "?tab=train") as page:
            epochs = await page.find("TextInput", label="Epochs")
            preset = await page.find("Select", label="Start from recipe")
            tabs = await page.find("Tabs")
            assert await page.set(epochs, "value", "7") == "OK"
            assert "characters at most" in await page.set(epochs, "value", "x" * 500_000)
            assert "may not be changed" in await page.set(epochs, "label", "mine")
            assert "may not be changed" in await page.set(tabs, "names", [])
            assert "no change of this kind" in await page.change({"kind": "TitleChanged", "title": "mine"})
            await page.send("PUSH-DOC", {"doc": {"roots": [], "title": "mine"}})
            assert "no message of the kind" in (await page.answer())[1]["text"]
            await page.set(preset, "value", "nonsense")
            assert await page.set(tabs, "chosen", "nonsense") == "OK"
            assert await page.find("TextInput", label="Epochs", value="7")

    run(attack())


def test_a_page_does_not_tell_which_folder_its_server_runs_in(address):
    async def look() -> None:
        async with raw_page(address) as page:
            await page.send("PULL-DOC-REQ", {})
            assert os.getcwd() not in str(await page.answer())

    run(look())


def test_a_message_that_is_too_large_or_never_ends_closes_its_line_alone(address):
    async def too_large(page: RawPage) -> None:
        await page.send_piece("x" * 2_000_000)

    async def never_ending(page: RawPage) -> None:
        for part in ('{"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 1000000000}', "{}", "{}"):
            await page.send_piece(part)
        for number in range(40):
            await page.send_piece(f'{{"id": "{number}"}}')
            await page.send_piece(bytes(10**6))

    async def attack() -> None:
        async with raw_page(address) as bystander:
            for send in (too_large, never_ending):
                async with raw_page(address) as page:
                    sending = asyncio.ensure_future(send(page))
                    assert await page.closed() == (1009, TOO_LARGE)
                    await asyncio.wait([sending])
                    sending.exception()  # the line was closed while it was sent
            assert await bystander.find("Tabs", chosen="read")

    run(attack())


def test_one_page_that_floods_is_slowed_down_and_others_are_answered(address):
    async def attack() -> None:
        async with raw_page(address) as flooding, raw_page(address) as bystander:
            for _ in range(30):  # each takes the server some tenths of a second
                await flooding.send("PULL-DOC-REQ", {})
            mode = await bystander.find("ModeSwitch")
            for _ in range(3):
                assert await bystander.set(mode, "mode", "playful") == "OK"
            assert flooding._websocket.close_code is None

    run(attack())


# ---- Sessions --------------------------------------------------------------------------------------------------------


def test_one_session_too_many_is_told_when_to_come_again():
    from tornado.httpclient import AsyncHTTPClient

    async def visit(address: str) -> None:
        async with raw_page(address), raw_page(address):
            refused = await AsyncHTTPClient().fetch(address, raise_error=False)
            assert (refused.code, refused.headers["Retry-After"]) == (503, str(SECONDS))
            assert SENTENCE in refused.body.decode().lower()
            assert "Traceback" not in refused.body.decode()

    with serving(["-P", "-m", "fastnet", "dashboard", "--sessions", "2", "--port"]) as address:
        wait_for_port(address)
        run(visit(address))


def wait_for_port(address: str) -> None:
    """Until the server listens: asking for the page would begin a session."""
    wait_for_server(f"{address}favicon.ico")


def test_an_event_may_hold_all_of_a_part_that_the_page_has(document):
    """Browsers send a part whole that has just been made; of any other, nothing is made."""
    known, foreign = document.roots[0].id, "p999999"
    for id, sentence in ((known, ""), (foreign, "an event tells what is not taken here")):
        whole = {"type": "object", "name": "Any", "id": id, "attributes": {"text": "b"}}
        values = {"type": "map", "entries": [["model", whole], ["data", {"type": "map", "entries": []}]]}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": {"name": "data_event", "values": values}}
        refer({"events": [event]}, document)
        assert fault("PATCH-DOC", {"events": [event]}, document) == sentence


@pytest.mark.parametrize("content", [None, [], {"events": 3}, {"events": [None, {"kind": "MessageSent"}]}])
def test_what_is_no_change_is_left_as_it_is(document, content):
    refer(content, document)
