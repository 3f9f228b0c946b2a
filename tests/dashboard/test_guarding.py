"""What a stranger tries on a server that was started as the documentation says."""

import base64
import gzip
import http.client
import re
import socket
import urllib.parse
from contextlib import ExitStack, closing

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload

from fastnet.web.headers import ALWAYS

from ..conftest import PATIENCE

pytestmark = pytest.mark.parametrize("address", ["fastnet dashboard"], indirect=True)

# Each test that asks for much does so from an address of its own.
FLOODING, OPENING, CONNECTING, ASKING = (f"127.0.0.{number}" for number in range(2, 6))
PATHS = ("/", "/static/js/bokeh.min.js", "/favicon.ico", "/ws", "/autoload.js", "/nowhere")
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}


def netloc(address: str) -> str:
    return urllib.parse.urlsplit(address).netloc


def ask(address: str, path: str = "/", headers=(), method: str = "GET", body: bytes | None = None, source: str = ""):
    """Ask as no browser would: any header, from any address of this computer. The answer and its body."""
    host, port = netloc(address).split(":")
    origin = (source or "127.0.0.1", 0)
    with closing(http.client.HTTPConnection("127.0.0.1", int(port), PATIENCE, source_address=origin)) as connection:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": f"{host}:{port}"} | dict(headers)).items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer, answer.read()


def token_of(address: str, headers=()) -> str:
    """The token in a page of its own."""
    _, page = ask(address, headers=headers)
    return re.search(rb'"token":"([^"]+)"', page)[1].decode()


def open_socket(address: str, headers=(), token: str = "", source: str = "127.0.0.1") -> tuple[socket.socket, bytes]:
    """Ask for a websocket; the connection, and how it was answered."""
    host, port = netloc(address).split(":")
    sent = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"} | UPGRADE | dict(headers)
    if token:
        sent["Sec-WebSocket-Protocol"] = f"bokeh, {token}"
    connection = socket.create_connection(("127.0.0.1", int(port)), PATIENCE, source_address=(source, 0))
    lines = [f"{name}: {value}\r\n" for name, value in sent.items() if value is not None]
    connection.sendall(f"GET /ws HTTP/1.1\r\n{''.join(lines)}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer and (more := connection.recv(4096)):
        answer += more
    return connection, answer


def answered(address: str, headers=(), token: str = "", source: str = "127.0.0.1") -> tuple[int, bytes]:
    """The status with which a websocket is answered, and what follows: Bokeh's greeting, or nothing."""
    connection, answer = open_socket(address, headers, token, source)
    with connection:
        status = int(answer.split()[1])
        *_, rest = answer.partition(b"\r\n\r\n")
        while status == 101 and b"ACK" not in rest and (more := connection.recv(4096)):
            rest += more
        return status, rest


@pytest.mark.parametrize("path", ["/", "/ws", "/metadata", "/autoload.js"])
@pytest.mark.parametrize("name", ["bokeh-session-id", "bokeh%2Dsession%2Did", "bokeh-token", "Bokeh-Session-Id"])
def test_nobody_names_the_session_of_a_visitor(address, path, name):
    answer, sentence = ask(address, f"{path}?a=b&{name}=mine")
    assert answer.status == 400
    assert sentence == b"a session is begun by the server, never named by who asks\n"


def test_a_session_is_not_named_by_a_header_or_by_a_body_either(address):
    assert ask(address, headers={"Bokeh-Session-Id": "mine"})[0].status == 400
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(address, headers=form, body=b"bokeh-session-id=mine")[0].status == 400


def test_the_token_of_ones_own_session_leads_nobody_into_it(address):
    token = token_of(address)
    answer, page = ask(address, f"/?bokeh-token={token}")
    assert answer.status == 400
    assert token.encode() not in page


def test_a_token_that_this_server_did_not_sign_opens_nothing(address):
    forged = generate_jwt_token(generate_session_id())
    signed = generate_jwt_token(generate_session_id(b"a guess", True), b"a guess", True)
    for token in (forged, signed):
        status, greeting = answered(address, token=token)
        assert status == 101
        assert b"ACK" not in greeting


def test_the_token_of_a_page_holds_no_cookie_and_no_header(address):
    sent = {"Cookie": "secret=of-another-program", "Authorization": "Basic c2VjcmV0", "X-Secret": "secret"}
    payload = get_token_payload(token_of(address, sent))
    assert (payload["headers"], payload["cookies"]) == ({}, {})
    assert "secret" not in str(payload)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "", None])
def test_a_server_called_by_a_foreign_name_answers_nothing(address, path, host):
    answer, sentence = ask(address, path, {"Host": host})
    assert answer.status in (400, 403)  # Tornado's own where the header is not there
    assert len(sentence.splitlines()) <= 1


@pytest.mark.parametrize("path", ["/", "/?tab=train?", "/?a=b?c&d=?#e", "/?%00=%ff&&==", f"/?{'a' * 5000}"])
@pytest.mark.parametrize("host", [None, "localhost", "[::1]:5006", "127.0.0.1:99999"])
def test_the_page_is_there_whatever_its_own_address_looks_like(address, path, host):
    assert ask(address, path, {"Host": host} if host else {}, source=ASKING)[0].status == 200


def test_what_the_guard_refuses_bears_the_headers_of_every_answer(address):
    for method, has_body in (("GET", True), ("HEAD", False)):
        answer, body = ask(address, headers={"Host": "evil.example"}, method=method)
        assert (answer.status, bool(body)) == (403, has_body)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS


def test_a_websocket_under_a_foreign_name_is_refused_though_its_page_has_the_same(address):
    rebound = {"Host": "evil.example:5006", "Origin": "http://evil.example:5006"}
    assert answered(address, rebound, token_of(address))[0] == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://localhost:1", "http://127.0.0.1"])
def test_a_websocket_of_no_page_or_of_a_foreign_one_is_refused(address, origin):
    status, sentence = answered(address, {"Origin": origin}, token_of(address))
    assert status == 403
    assert b"page" in sentence


def test_a_websocket_of_the_page_is_greeted(address):
    status, greeting = answered(address, token=token_of(address))
    assert status == 101
    assert b"ACK" in greeting


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "GET"])
def test_a_foreign_page_can_ask_for_nothing(address, method):
    assert ask(address, "/", {"Origin": "http://evil.example"}, method)[0].status == 403


def test_one_address_gets_so_many_pages_and_is_told_when_to_come_again(address):
    answers = [ask(address, method="PATCH", source=FLOODING)[0] for _ in range(60)]  # refused in the end, but counted
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers[:40]} == {405}
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    answer, sentence = ask(address, headers={"X-Forwarded-For": "203.0.113.9"}, source=FLOODING)
    assert answer.status == 429
    assert re.fullmatch(rb"too many pages were asked for from your address; try again in \d+ s\n", sentence)
    assert ask(address)[0].status == 200


def test_one_address_holds_so_many_websockets(address):
    token = token_of(address)
    with ExitStack() as stack:
        statuses = []
        for _ in range(61):
            connection, answer = open_socket(address, token=token, source=OPENING)
            stack.enter_context(connection)
            statuses.append(int(answer.split()[1]))
        assert statuses == [101] * 60 + [429]
        assert answered(address, token=token)[0] == 101


def test_one_address_holds_so_many_connections_though_it_asks_for_nothing(address):
    _, port = netloc(address).split(":")
    with ExitStack() as stack:
        for _ in range(401):
            connection = socket.create_connection(("127.0.0.1", int(port)), PATIENCE, source_address=(CONNECTING, 0))
            stack.enter_context(connection)
        assert connection.recv(1) == b""  # closed at once
        assert ask(address)[0].status == 200


@pytest.mark.parametrize("path", ["/autoload.js", "/metadata", "/components/panel/Column/anything/x.css"])
def test_what_the_page_does_not_need_is_not_there(address, path):
    assert ask(address, path)[0].status == 404


@pytest.mark.parametrize("path", ["/", "/static/js/bokeh.min.js", "/favicon.ico", "/nowhere", "/static/nowhere"])
def test_every_answer_tells_the_browser_what_not_to_do(address, path):
    headers = ask(address, path)[0].headers
    policy = dict(part.split(maxsplit=1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    assert "unsafe" not in policy["script-src"]
    assert "*" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] is None  # this is no HTTPS
    assert headers["Server"] is None


def test_a_script_that_is_put_into_the_page_does_not_run(address, browser):
    with closing(browser.new_page()) as page:
        page.goto(address)
        page.get_by_role("tab", selected=True).wait_for()
        page.evaluate("""() => {
            const place = document.createElement("div")
            document.body.append(place)
            place.innerHTML = "<img src=x onerror='window.ran = 1'>"
            const script = document.createElement("script")
            script.textContent = "window.ran = 2"
            place.append(script)
        }""")
        page.wait_for_timeout(500)
        assert page.evaluate("window.ran") is None


def test_files_are_compressed_and_kept_for_ever_where_their_address_has_a_version(address):
    versioned = re.search(rb'src="(static/js/bokeh.min.js\?v=\w+)"', ask(address)[1])[1].decode()
    _, plain = ask(address, f"/{versioned}")
    for _ in range(2):  # compressed, and remembered
        answer, compressed = ask(address, f"/{versioned}", {"Accept-Encoding": "gzip"})
        assert gzip.decompress(compressed) == plain
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    part, some = ask(address, f"/{versioned}", {"Accept-Encoding": "gzip", "Range": "bytes=10-19"})
    assert (part.status, some) == (206, plain[10:20])
    assert ask(address, "/favicon.ico")[0].headers["Cache-Control"] is None
    assert ask(address)[0].headers["Cache-Control"] == "no-store"


def test_a_first_visit_loads_less_than_a_megabyte_and_a_half_and_a_second_one_little(address, browser):
    context = browser.new_context()
    loaded: list[float] = []
    with closing(context.new_page()) as page:
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
        for most in (1_450_000, 200_000):
            page.goto(address)
            page.get_by_role("tab", selected=True).wait_for()
            page.wait_for_timeout(1000)
            assert 1000 < sum(loaded) < most
            loaded.clear()
    context.close()
    extensions = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    connection, answer = open_socket(address, extensions, token_of(address))
    connection.close()
    assert b"Sec-Websocket-Extensions: permessage-deflate" in answer
