"""Twenty people draw at once: how long an answer takes, and whether the server's memory stays flat.

    python -m benchmarks sessions
    python -m benchmarks sessions --training numba    while one more page trains a network

Each session is a websocket that speaks the page's own protocol: it sends a stroke that grows as a pen moves, one
message at a time, the next as soon as the answer is there but no sooner than a screen shows it. Sessions come and go in
waves, because what a closed session leaves behind shows in the next wave.
"""

import asyncio
import json
import math
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.browsing import training_aside
from benchmarks.publishing import study_parser
from benchmarks.serving import ADDRESS, served_page
from fastnet.training.recipe import ENGINES

FRAME = 1 / 60  # seconds
PATIENCE = 120  # seconds that a page may take
FORGOTTEN_AFTER = 40  # seconds; Bokeh discards a session half a minute after it was closed


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__)
    parser.add_argument("--sessions", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10, help="that a wave lasts (default: %(default)s)")
    parser.add_argument("--waves", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--training", choices=ENGINES, help="the engine of a training on one more page")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    with served_page() as server, training_aside(args.training):
        waves = [asyncio.run(wave(args.sessions, args.seconds, server.pid)) for _ in range(args.waves)]
    if args.json:
        print(json.dumps({"sessions": args.sessions, "waves": waves}))
    else:
        for number, figures in enumerate(waves, start=1):
            print(f"wave {number}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))


async def wave(n_sessions: int, seconds: float, server: int) -> dict[str, float]:
    """Open the sessions, let all of them draw, close them."""
    sockets = [await open_session() for _ in range(n_sessions)]
    opened = memory(server)
    drawn = await asyncio.gather(*(draw(*socket, time.monotonic() + seconds) for socket in sockets))
    after_drawing = memory(server)
    for socket, _ in sockets:
        socket.close()
    await asyncio.sleep(FORGOTTEN_AFTER)
    latencies = sorted(1000 * latency for session in drawn for latency in session)
    return {
        "answers": len(latencies),
        "median_ms": round(statistics.median(latencies), 1),
        "p95_ms": round(latencies[math.ceil(0.95 * len(latencies)) - 1], 1),
        "opened_mb": opened,
        "after_drawing_mb": after_drawing,
        "closed_mb": memory(server),
    }


async def open_session(address: str = ADDRESS) -> tuple[WebSocketClientConnection, str]:
    """Load the page as a browser does; return its websocket and the id of its board."""
    page = (await AsyncHTTPClient().fetch(address, request_timeout=PATIENCE)).body.decode()
    token = found(r'"token":"([^"]+)"', page)
    request = HTTPRequest(address.replace("http:", "ws:") + "ws", headers={"Origin": address.rstrip("/")})
    socket = await websocket_connect(request, subprotocols=["bokeh", token])
    assert socket.protocol
    socket.protocol.set_nodelay(True)  # as browsers do
    await receive(socket, "ACK")
    await send(socket, "PULL-DOC-REQ", {})
    document = await receive(socket, "PULL-DOC-REPLY")
    return socket, board_of(document)


def board_of(document: dict[str, Any]) -> str:
    """The id of the component whose script is the board's."""

    def models(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                yield from models(part)

    is_board = "// The board:"
    board: str = next(
        model["id"] for model in models(document) if is_board in str(model.get("attributes", {}).get("esm", ""))
    )
    return board


async def draw(socket: WebSocketClientConnection, board: str, until: float, every: float = FRAME) -> list[float]:
    """Draw eights, a point every so many seconds; return how long each answer took, in seconds."""
    latencies: list[float] = []
    while time.monotonic() < until:
        points: list[float] = []
        for step in range(120):
            angle = 2 * math.pi * step / 80
            points += [0.5 + 0.15 * math.sin(2 * angle), 0.5 - 0.35 * math.cos(angle), 0.07]
            asked = time.monotonic()
            await send(socket, "PATCH-DOC", {"events": [question(board, points)]})
            await receive(socket, "heard")
            latencies.append(time.monotonic() - asked)
            await asyncio.sleep(max(0, every - latencies[-1]))
            if time.monotonic() > until:
                break
    return latencies


def question(board: str, points: list[float]) -> dict[str, Any]:
    """What the browser sends when the pen has moved."""

    def as_map(**entries: object) -> dict[str, Any]:
        return {"type": "map", "entries": list(entries.items())}

    data = as_map(strokes=[as_map(erases=False, points=points)], resting=False)
    event = {"type": "event", "name": "data_event", "values": as_map(model={"id": board}, data=data)}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}


async def send(socket: WebSocketClientConnection, kind: str, content: dict[str, Any]) -> None:
    for part in ({"msgid": str(time.monotonic_ns()), "msgtype": kind}, {}, content):
        await socket.write_message(json.dumps(part))


async def receive(socket: WebSocketClientConnection, sign: str) -> dict[str, Any]:
    """The content of the next message of that type, or that holds that word."""
    while True:
        header, _, content = [await read(socket) for _ in range(3)]
        if f'"{sign}"' in header or f'"{sign}"' in content:
            found: dict[str, Any] = json.loads(content)
            return found


async def read(socket: WebSocketClientConnection) -> str:
    message = await socket.read_message()
    if message is None:
        raise RuntimeError("the server closed the session")
    return str(message)


def memory(process: int) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return round(int(found(r"VmRSS:\s+(\d+)", status)) / 1024, 1)


def found(pattern: str, text: str) -> str:
    """What the pattern's group holds in the text."""
    match = re.search(pattern, text)
    if not match:
        raise RuntimeError(f"nothing like {pattern} was found")
    return match[1]
