"""The HTTP interface: its answers are those of `fastnet predict --json`, and every request gets one.

Whatever a test is answered is held against the OpenAPI description: its status is declared, and its JSON is of that
form.
"""

import asyncio
import contextlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from itertools import pairwise
from pathlib import Path
from re import DOTALL, findall, fullmatch

import jsonschema
import numpy as np
import pytest
from PIL import Image
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from fastnet import weights
from fastnet.dashboard.server.library import Library
from fastnet.models.documents import Manifest
from fastnet.models.files import write_model
from fastnet.web.bodies import MOST_FORM_BYTES, MOST_PICTURE_BYTES, MOST_PICTURES
from fastnet.web.examples import page_of_examples
from fastnet.web.handler import Api
from fastnet.web.hosts import Hosts
from fastnet.web.openapi import description
from fastnet.web.reading import Readers
from fastnet.web.service import make_application

from ..conftest import PATIENCE

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "dashboard" / "assets" / "samples").iterdir())
SEVEN, POSTCODE = (next(path for path in SAMPLES if path.stem == name) for name in ("18-digit-7", "01-a-postcode"))
PNG = {"Content-Type": "image/png"}
BOUNDARY = "a-boundary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
DESCRIPTION = description()


@contextlib.contextmanager
def running(api):
    """A server of the interface in a thread; yields its port."""
    (served,) = bind_sockets(0, "127.0.0.1")
    loops, begun = [], threading.Event()

    async def serve():
        server = HTTPServer(make_application(api))
        server.add_sockets([served])
        end = asyncio.Event()
        loops.append((asyncio.get_running_loop(), end))
        begun.set()
        await end.wait()
        server.stop()
        await server.close_all_connections()
        api.readers.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert begun.wait(PATIENCE)
    try:
        yield served.getsockname()[1]
    finally:
        loop, end = loops[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(PATIENCE)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The models that come with fastnet, and one that answers 4 whatever it is shown."""
    directory = tmp_path_factory.mktemp("models")
    make_model(directory / "four", 4)
    return Library(directory, directory / "none")


def make_model(directory, digit):
    directory.mkdir(exist_ok=True)
    parameters = {"W1": np.zeros((784, 10), np.float32), "b1": np.eye(10, dtype=np.float32)[digit]}
    write_model(directory, parameters, Manifest(layer_sizes=(784, 10), pixel_scale=1 / 255))


@pytest.fixture(scope="module")
def api(library):
    return Api(library, Readers(1))


@pytest.fixture(scope="module")
def port(api):
    with running(api) as port:
        yield port


def ask(port, method="GET", path="/api/health", body=None, headers=None, declared=None):
    """The status, the headers and the JSON of an answer, which must be as the description has it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        return answer_of(connection.getresponse(), method, declared or path.partition("?")[0])


def answer_of(response, method="POST", path="/api/read"):
    text = response.read()
    document = json.loads(text) if response.headers["Content-Type"] == "application/json" and text else text.decode()
    operation = DESCRIPTION["paths"].get(path, {}).get(method.lower())
    if operation:
        declared = operation["responses"][str(response.status)]
        declared = resolved(declared)
        for kind, content in declared["content"].items():
            assert response.headers["Content-Type"].startswith(kind)
            if kind == "application/json":
                schema = {**content["schema"], "components": DESCRIPTION["components"]}
                jsonschema.Draft202012Validator(schema).validate(document)
        assert declared.get("headers", {}).keys() <= set(response.headers.keys())
    elif response.status >= 400:
        assert document.keys() == {"error"}
    return response.status, response.headers, document


def resolved(part):
    """What stands in the description, or what it points to there."""
    if "$ref" not in part:
        return part
    found = DESCRIPTION
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def form_of(*files):
    """A form of `(field, file name or None, content)`."""
    parts = []
    for field, name, content in files:
        named = f'; filename="{name}"' if name is not None else ""
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n'.encode())
        parts += [content, b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def post(port, body, headers=PNG, query=""):
    return ask(port, "POST", f"/api/read{query}", body, headers)


def predicted(*arguments):
    """What `fastnet predict --json` prints, with the bits of one BLAS thread, and names of files alone."""
    command = [sys.executable, "-m", "fastnet", "predict", *map(str, arguments), "--json"]
    document = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    for answer in document["results"]:
        if "error" in answer:
            answer["error"] = answer["error"].replace(answer["path"], Path(answer["path"]).name)
        answer["path"] = Path(answer["path"]).name
    return document


# ---- Answers --------------------------------------------------------------------------------------------------------


def test_several_pictures_are_answered_as_the_command_line_answers_them(port):
    form = form_of(*(("picture", path.name, path.read_bytes()) for path in SAMPLES))
    status, _, document = post(port, form, FORM)
    assert (status, document) == (200, predicted(*SAMPLES))


def test_one_picture_is_answered_so_too(port):
    status, _, document = post(port, POSTCODE.read_bytes())
    (answer,) = predicted(POSTCODE)["results"]
    assert (status, document) == (
        200,
        {"results": [{**answer, "path": "picture"}], "passed_over": 0, "model": weights.DEFAULT},
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp", "gif", "tiff"])
def test_each_kind_of_file_is_read(port, tmp_path, kind):
    path = tmp_path / f"postcode.{kind}"
    Image.open(POSTCODE).convert("RGB").save(path)
    status, _, document = post(port, path.read_bytes(), {"Content-Type": f"image/{kind}"})
    (answer,) = predicted(path)["results"]
    assert (status, document["results"]) == (200, [{**answer, "path": "picture"}])
    assert answer["text"]


def test_another_model_is_asked_by_its_name(port):
    *_, document = post(port, SEVEN.read_bytes(), query="?model=mnist-best-large")
    (answer,) = predicted(SEVEN, "--model", "mnist-best-large")["results"]
    assert document["results"] == [{**answer, "path": "picture"}]
    assert document["model"] == "mnist-best-large"
    assert post(port, SEVEN.read_bytes(), query="?model=four")[2]["results"][0]["text"] == "4"


def test_a_model_that_was_made_anew_is_asked_anew(port, library, tmp_path):
    assert post(port, SEVEN.read_bytes(), query="?model=four")[2]["results"][0]["text"] == "4"
    make_model(library.folder("four"), 9)
    try:
        assert post(port, SEVEN.read_bytes(), query="?model=four")[2]["results"][0]["text"] == "9"
    finally:
        make_model(library.folder("four"), 4)


def test_what_cannot_be_read_has_an_error_in_its_place_whatever_the_fields_are_called(port, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(SEVEN.read_bytes()[:100])
    paths = [SEVEN, broken, POSTCODE, broken]
    form = form_of(*((field, path.name, path.read_bytes()) for field, path in zip("abab", paths, strict=True)))
    status, _, document = post(port, form, FORM)
    assert (status, document) == (200, predicted(*paths))
    assert ["error" in answer for answer in document["results"]] == [False, True, False, True]


def test_fields_that_are_no_files_are_counted(port):
    form = form_of(("a", "seven.png", SEVEN.read_bytes()), ("note", None, b"a seven"))
    assert post(port, form, FORM)[2]["passed_over"] == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "application/octet-stream"}, {"Content-Type": "IMAGE/PNG; x=y"}],
    ids=["none", "bytes", "odd"],
)
def test_what_a_picture_is_its_content_says(port, headers):
    status, _, document = post(port, SEVEN.read_bytes(), headers)
    assert (status, document["results"][0]["text"]) == (200, "7")


def test_names_of_files_are_kept_short_and_on_one_line(port):
    names = ("x" * 5000 + ".png", "a\tb.png", "a\u202eb.png")
    long, odd, hostile = post(port, form_of(*(("a", name, SEVEN.read_bytes()) for name in names)), FORM)[2]["results"]
    assert len(long["path"]) < 210
    assert odd["path"] == "a b.png"
    assert hostile["path"] == "a\ufffdb.png"


def test_models_are_told(port, library):
    document = ask(port, path="/api/models")[2]
    assert document["default"] == weights.DEFAULT
    assert [model["name"] for model in document["models"]] == library.names() == [*weights.names(), "four"]
    (best,) = [model for model in document["models"] if model["name"] == weights.DEFAULT]
    sizes = [784, 1500, 1000, 500, 10]
    assert best["layer_sizes"] == sizes
    assert best["parameters"] == sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    assert best["accuracy"] > 0.99
    assert document["models"][-1]["accuracy"] is None


def test_health_is_told(port):
    status, headers, document = ask(port)
    assert (status, document["status"], document["queue"]["waiting"]) == (200, "ok", 0)
    assert headers["Cache-Control"] == "no-store"


def test_the_description_is_sound_and_names_the_server(port):
    document = ask(port, path="/api/openapi.json")[2]
    assert document == DESCRIPTION
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    references = findall(r'"\$ref": "([^"]*)"', json.dumps(document))
    assert all(resolved({"$ref": reference}) for reference in references)
    assert description("/digits")["servers"] == [{"url": "/digits"}]


@pytest.mark.parametrize("path", ["/api/", "/api/models", "/api/health", "/api/openapi.json"])
def test_heads_are_answered_as_what_they_are_heads_of(port, path):
    for method in ("HEAD", "GET"):
        status, headers, document = ask(port, method, path, declared="-")
        assert status == 200
        assert int(headers["Content-Length"]) > 0
        assert bool(document) == (method == "GET")


# ---- Errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_of", "status", "sentence"),
    [
        (("POST", "/api/read", b"no picture", PNG), 400, "picture: is text, not a picture"),
        (("POST", "/api/read", b"", PNG), 400, "the request has no body, where a picture should be"),
        (("POST", "/api/read", form_of(("a", None, b"b")), FORM), 400, "the form has no files"),
        (("POST", "/api/read", b"no form", FORM), 400, "the form cannot be read"),
        (("POST", "/api/read", b"", {"Content-Type": "multipart/form-data"}), 400, "the form cannot be read"),
        (("POST", "/api/read?modle=x", b"", PNG), 400, "'modle' is no parameter of this address, which takes model"),
        (("GET", "/api/health?x=y", None, {}), 400, "'x' is no parameter of this address, which takes none"),
        (("POST", "/api/read?model=%ff", b"", PNG), 400, "the request is not understood"),
        (("POST", "/api/read?model=mnist-best-larg", b"", PNG), 404, "did you mean mnist-best-large?"),
        (("POST", "/api/read?model=../four", b"", PNG), 404, "there is no model '../four' here"),
        (("GET", "/api/nothing", None, {}), 404, "there is nothing at /api/nothing"),
        (("POST", "/nothing", b"body", PNG), 404, "there is nothing at /nothing"),
        (("GET", "/api/read", None, {}), 405, "GET is not taken here; POST may be asked"),
        (("DELETE", "/api/models", None, {}), 405, "DELETE is not taken here; GET, HEAD may be asked"),
        (("POST", "/api/read", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}), 415, "not as applicat"),
        (
            ("POST", "/api/read", b"a", {"Content-Type": "text/plain"}),
            415,
            "send its bytes with the header Content-Type",
        ),
        (("POST", "/api/read", b"a", {**PNG, "Content-Encoding": "gzip"}), 415, "without Content-Encoding"),
        (("POST", "/api/read", b"a", {**PNG, "Content-Encoding": "gzip"}), 415, "send it uncompressed"),
        (("POST", "/api/read", bytes(MOST_PICTURE_BYTES + 1), PNG), 413, "the body is larger than 10 MB"),
        (("POST", "/api/read", bytes(MOST_FORM_BYTES + 1), FORM), 413, "the body is larger than 20 MB"),
        (
            ("POST", "/api/read", form_of(*[("a", "a.png", b"")] * (MOST_PICTURES + 1)), FORM),
            413,
            "a request may hold 32 pictures, not 33",
        ),
    ],
    ids=lambda value: None if isinstance(value, tuple) else str(value)[:30],
)
def test_errors_are_a_status_and_a_sentence(port, api, request_of, status, sentence):
    found, headers, document = ask(port, *request_of)
    assert found == status
    assert sentence in document["error"]
    assert "\n" not in document["error"]
    if status == 405:
        assert headers["Allow"]
    wait_until(lambda: (api.buffered_bytes, api.under_way) == (0, 0))


def test_what_is_known_of_the_digits_is_a_parameter(port):
    content = io.BytesIO()
    pixels = np.full((80, 80), 255, np.uint8)
    pixels[15:65, 38:44] = 0  # a 1
    Image.fromarray(pixels).save(content, "PNG")
    status, _, document = post(port, content.getvalue(), query="?pattern=7")
    (answer,) = document["results"]
    assert (status, answer["text"], answer["flags"]) == (200, "7", ["unsure", "read 1, taken as 7"])
    assert answer["overruled"] == [{"place": 0, "read": "1", "taken": "7"}]
    status, _, document = post(port, content.getvalue(), query="?digits=six")
    assert (status, document["error"]) == (400, "the number of digits is a whole number from 1 to 100, not 'six'")


def test_each_page_of_a_document_is_answered(port):
    pages, content = [Image.new("L", (60, 60), 255)] * 2, io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    _, _, document = post(port, content.getvalue())
    assert [(answer["page"], answer["flags"]) for answer in document["results"]] == [
        (1, ["no digit", "blank"]),
        (2, ["no digit", "blank"]),
    ]


def test_a_picture_of_too_many_pixels_is_refused_in_a_sentence(port):
    content = io.BytesIO()
    Image.new("1", (9000, 9000)).save(content, "PNG")
    status, _, document = post(port, content.getvalue())
    assert (status, document["error"]) == (400, "picture: has more than 16 megapixels (9000 x 9000 pixels)")


def wait_until(condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def opened(port, *headers, body=b""):
    """A connection to which the head of a request was sent, and with it the beginning of its body."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        head = ("POST /api/read HTTP/1.1", "Host: localhost", "Content-Type: image/png", *headers)
        connection.sendall("\r\n".join((*head, "", "")).encode() + body)
        yield connection


def response_on(connection):
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    return answer_of(response)


def test_a_body_that_would_be_too_large_is_refused_before_it_comes(port):
    for length in (MOST_PICTURE_BYTES + 1, 10**12):
        with opened(port, f"Content-Length: {length}") as connection:
            assert response_on(connection)[0] == 413


def test_a_body_of_untold_length_is_refused_when_it_is_too_large_and_no_more_of_it_is_kept(port, api):
    chunk = bytes(2**16)
    kept = 0
    with opened(port, "Transfer-Encoding: chunked") as connection:
        for _ in range(2 * MOST_PICTURE_BYTES // len(chunk)):
            connection.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            kept = max(kept, api.buffered_bytes)
        connection.sendall(b"0\r\n\r\n")
        assert response_on(connection)[0] == 413
    assert kept <= MOST_PICTURE_BYTES
    wait_until(lambda: api.buffered_bytes == 0)


def test_who_expects_leave_to_send_is_told_before(port):
    with opened(port, "Expect: 100-continue", f"Content-Length: {MOST_PICTURE_BYTES + 1}") as connection:
        assert response_on(connection)[0] == 413
    with opened(port, "Expect: 100-continue", "Content-Length: 10") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")


def test_a_body_that_trickles_is_refused(library):
    api = Api(library, Readers(1), body_seconds=0.3)
    with running(api) as port, opened(port, "Content-Length: 1000", body=b"some") as connection:
        status, _, document = response_on(connection)
        assert (status, document["error"]) == (
            408,
            "the body did not come within 0.3 s, and that is the longest here",
        )
        assert connection.recv(1) == b""
        wait_until(lambda: (api.buffered_bytes, api.under_way) == (0, 0))


# ---- Overload -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def stopped_readers(api):
    """Have the processes that read do nothing for a while."""
    processes = list(api.readers._pool._processes)
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield processes
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


@pytest.mark.skipif(os.name != "posix", reason="stops a process")
def test_every_request_of_an_overload_is_answered(library):
    api = Api(library, Readers(1, most_waiting=5))
    n = 40
    with running(api) as port, ThreadPoolExecutor(n) as clients:
        assert post(port, SEVEN.read_bytes())[0] == 200
        with stopped_readers(api):
            asked = [clients.submit(post, port, SEVEN.read_bytes()) for _ in range(n)]
            wait_until(lambda: sum(answer.done() for answer in asked) == n - 5)
            assert ask(port)[2]["queue"]["waiting"] == 5  # and who asks for something else is answered
        answers = [answer.result(PATIENCE) for answer in asked]
        assert sorted(status for status, *_ in answers) == [200] * 5 + [429] * (n - 5)
        assert all(int(headers["Retry-After"]) >= 1 for status, headers, _ in answers if status == 429)
        assert post(port, SEVEN.read_bytes())[0] == 200
        wait_until(lambda: (api.buffered_bytes, api.readers.waiting) == (0, 0))


def test_more_pictures_than_there_is_room_for_are_refused_at_once(library):
    form = form_of(*[("a", "seven.png", SEVEN.read_bytes())] * 3)
    with running(Api(library, Readers(1, most_waiting=2))) as port:
        assert post(port, form, FORM)[0] == 429
        assert post(port, SEVEN.read_bytes())[0] == 200


def test_bodies_that_are_more_than_memory_is_kept_for_are_refused(library):
    with running(Api(library, Readers(1), most_buffered_bytes=1000)) as port:
        status, headers, _ = post(port, bytes(1001))
        assert (status, headers["Retry-After"]) == (429, "1")
        assert post(port, SEVEN.read_bytes())[0] == 200


@pytest.mark.skipif(os.name != "posix", reason="stops a process")
def test_what_nobody_waits_for_any_more_is_not_read(library):
    api = Api(library, Readers(1))
    body = SEVEN.read_bytes()
    with running(api) as port:
        assert post(port, body)[0] == 200
        with stopped_readers(api):
            for _ in range(9):
                with opened(port, f"Content-Length: {len(body)}") as connection:
                    connection.sendall(body)
            wait_until(lambda: (api.readers.waiting, api.buffered_bytes, api.under_way) == (0, 0, 0))
        assert post(port, body)[0] == 200


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_process_that_dies_loses_no_request_and_another_takes_its_place(library, capfd):
    api = Api(library, Readers(1))
    with running(api) as port, ThreadPoolExecutor(3) as clients:
        assert post(port, SEVEN.read_bytes())[0] == 200
        with stopped_readers(api) as processes:
            asked = [clients.submit(post, port, SEVEN.read_bytes()) for _ in range(3)]
            wait_until(lambda: api.readers.waiting == 3)
            os.kill(processes[0], signal.SIGKILL)
            answers = [answer.result(PATIENCE) for answer in asked]
        assert [(status, headers["Retry-After"]) for status, headers, _ in answers] == [(503, "1")] * 3
        assert post(port, SEVEN.read_bytes())[0] == 200
    assert "a process that read pictures came to an end of its own" in capfd.readouterr().err


def test_a_model_that_is_damaged_is_told_without_a_path(tmp_path, capfd):
    make_model(tmp_path / "mine", 4)
    (tmp_path / "mine" / "W1.npy").write_bytes(b"")
    with running(Api(Library(tmp_path, tmp_path / "none"), Readers(1))) as port:
        status, _, document = post(port, SEVEN.read_bytes(), query="?model=mine")
    assert (status, document["error"]) == (503, "the model cannot be used at the moment")
    assert str(tmp_path) in capfd.readouterr().err


def test_a_server_that_ends_takes_nothing_more(library):
    with running(Api(library, Readers(1), is_ending=True)) as port:
        assert ask(port)[::2][0] == 503
        assert ask(port)[2]["status"] == "ending"
        status, headers, document = post(port, SEVEN.read_bytes())
        assert (status, headers["Retry-After"], document["error"]) == (503, "1", "the server is ending")


# ---- Other sites ----------------------------------------------------------------------------------------------------


def test_no_other_site_may_ask_unless_it_is_named(port, library):
    origin = {"Origin": "https://a.example"}
    for method in ("OPTIONS", "POST"):
        headers = ask(port, method, "/api/read", SEVEN.read_bytes(), {**PNG, **origin}, declared="-")[1]
        assert not [name for name in headers if name.startswith("Access-Control")]
    with running(Api(library, Readers(1), Hosts(allowed=["a.example"]))) as named:
        for method, body, status in (("OPTIONS", None, 204), ("POST", SEVEN.read_bytes(), 200), ("POST", b"x", 400)):
            found, headers, _ = ask(named, method, "/api/read", body, {**PNG, **origin}, declared="-")
            assert (found, headers["Access-Control-Allow-Origin"]) == (status, "https://a.example")
            assert "Access-Control-Allow-Credentials" not in headers
            assert headers["Vary"] == "Origin"
        for other in ("https://b.example", "https://a.example.b.example", "https://a.example:81", "null"):
            headers = ask(named, "OPTIONS", "/api/read", headers={"Origin": other}, declared="-")[1]
            assert "Access-Control-Allow-Origin" not in headers


# ---- The page of examples -------------------------------------------------------------------------------------------


@pytest.fixture
def examples(port, tmp_path, monkeypatch):
    """The page's blocks by their language, run where the pictures are that they speak of."""
    shutil.copy(SEVEN, tmp_path / "seven.png")
    shutil.copy(POSTCODE, tmp_path / "postcode.png")
    monkeypatch.chdir(tmp_path)
    page = ask(port, path="/api/", headers={"Host": f"localhost:{port}"})[2]
    blocks = findall(r'<pre data-run="(\w+)">(.*?)</pre>', page, DOTALL)
    return [(language, unescape(source)) for language, source in blocks]


def test_the_examples_for_curl_run(examples):
    if os.environ.get("CI") != "true" and not shutil.which("curl"):
        pytest.skip("there is no curl")
    texts = []
    for source in [source for language, source in examples if language == "sh"]:
        done = subprocess.run(["sh", "-c", source], capture_output=True, text=True, check=True, timeout=PATIENCE)
        texts.append([answer["text"] for answer in json.loads(done.stdout)["results"]])
    assert texts == [["7"], ["7", "94107"]]


def test_the_example_for_python_runs(examples):
    (source,) = [source for language, source in examples if language == "python"]
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert fullmatch(r"7 0\.\d+ \[\]\n", done.stdout)


def test_the_address_on_the_page_is_no_markup():
    assert "<b>" not in page_of_examples("http://localhost/<b>")
