"""How many pictures a second the HTTP interface reads, how long they wait, and what becomes of too many.

    python -m benchmarks serving-load
    python -m benchmarks serving-load --write    into docs/api.md

Clients send sample pictures over connections of their own, each the next as soon as the answer is there: through
`fastnet serve`, then through the page's server beside people who draw. In the end far more ask at once than may wait.
"""

import asyncio
import http.client
import itertools
import math
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.publishing import machine_text, publish, study_parser
from benchmarks.serving import PORT, served
from benchmarks.studies.sessions import draw, open_session
from fastnet.timing.texts import load_average

DOCUMENT = Path("docs") / "api.md"
SAMPLES = Path("dashboard") / "assets" / "samples"
CLIENTS = (1, 4, 16)
PATIENCE = 120  # seconds
BOUNDARY = "a-boundary"
PICTURES_A_FORM = 8  # of those that ask at once


@dataclass(frozen=True)
class Answer:
    """What a request came to: its status, 0 where there was no answer, and the seconds that took."""

    status: int
    seconds: float


def main(argv: list[str]) -> None:
    parser = study_parser(__doc__, DOCUMENT)
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement (default: %(default)s)")
    parser.add_argument("--drawing", type=int, default=10, help="who draw meanwhile (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=100, help="who ask at once (default: %(default)s)")
    args = parser.parse_args(argv)
    load = load_average()
    pictures = [path.read_bytes() for path in sorted(SAMPLES.iterdir())]
    rows = []
    for n in CLIENTS:
        with served("serve"):
            rows.append(row("`fastnet serve`", n, ask_for(pictures, n, args.seconds), args.seconds))
    with served("dashboard"):
        for n in (0, *CLIENTS):
            answers, drawn = beside_drawing(pictures, n, args.drawing, args.seconds)
            rows.append(row(f"the page, {args.drawing} draw", n, answers, args.seconds, drawn))
    with served("serve"):
        warm(pictures)
        crowd = ask_at_once(form_of(pictures[:PICTURES_A_FORM]), args.at_once)
    publish({"load": table(rows, crowd, load)}, args.write)


# ---- Clients --------------------------------------------------------------------------------------------------------


def ask_for(pictures: Sequence[bytes], n_clients: int, seconds: float) -> list[Answer]:
    """Have so many clients ask for that long, one picture after the other."""
    warm(pictures)
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(max(1, n_clients)) as clients:
        asked = [clients.submit(ask_in_turn, pictures, number, until) for number in range(n_clients)]
        return [answer for client in asked for answer in client.result()]


def warm(pictures: Sequence[bytes]) -> None:
    """Have the processes that read begun, and each picture read once."""
    with closing(connect()) as connection:
        for picture in pictures:
            ask(connection, picture)


def ask_in_turn(pictures: Sequence[bytes], number: int, until: float) -> list[Answer]:
    """One client, which begins with the picture of its number."""
    answers = []
    with closing(connect()) as connection:
        for picture in itertools.islice(itertools.cycle(pictures), number, None):
            answers.append(ask(connection, picture))
            if time.monotonic() > until:
                break
    return answers


def ask_at_once(form: bytes, n_clients: int) -> list[Answer]:
    """Have so many clients send a form at the same moment."""
    begin = threading.Barrier(n_clients)

    def one() -> Answer:
        with closing(connect()) as connection:
            connection.connect()
            begin.wait(PATIENCE)
            return ask(connection, form, f"multipart/form-data; boundary={BOUNDARY}")

    with ThreadPoolExecutor(n_clients) as clients:
        return [asked.result() for asked in [clients.submit(one) for _ in range(n_clients)]]


def connect() -> http.client.HTTPConnection:
    return http.client.HTTPConnection("localhost", PORT, timeout=PATIENCE)


def ask(connection: http.client.HTTPConnection, body: bytes, kind: str = "image/png") -> Answer:
    """Send a picture or a form; what becomes of it."""
    asked = time.monotonic()
    try:
        connection.request("POST", "/api/read", body, {"Content-Type": kind})
        response = connection.getresponse()
        response.read()
        status = response.status
    except (OSError, http.client.HTTPException):
        connection.close()  # the next request opens another
        status = 0
    return Answer(status, time.monotonic() - asked)


def form_of(pictures: Sequence[bytes]) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="picture"\r\n\r\n'.encode()
    return b"".join(head + picture + b"\r\n" for picture in pictures) + f"--{BOUNDARY}--\r\n".encode()


# ---- Beside those who draw ------------------------------------------------------------------------------------------


def beside_drawing(
    pictures: Sequence[bytes], n_clients: int, n_drawing: int, seconds: float
) -> tuple[list[Answer], list[float]]:
    """The answers of the clients, and how long each of those to people who draw meanwhile took, in seconds."""
    with drawing(n_drawing) as latencies:
        answers = ask_for(pictures, n_clients, seconds)
        if not n_clients:
            time.sleep(seconds)
    return answers, latencies


@contextmanager
def drawing(n: int) -> Iterator[list[float]]:
    """Have people draw until the block ends; yields the list of latencies, which is filled at the end."""
    latencies: list[float] = []
    is_ready, is_over = threading.Event(), threading.Event()

    async def all_draw() -> None:
        sockets = [await open_session() for _ in range(n)]
        is_ready.set()

        async def one(place: int) -> None:
            while not is_over.is_set():
                latencies.extend(await draw(*sockets[place], time.monotonic() + 1))

        await asyncio.gather(*map(one, range(n)))
        for socket, _ in sockets:
            socket.close()

    thread = threading.Thread(target=asyncio.run, args=(all_draw(),))
    thread.start()
    try:
        if not is_ready.wait(PATIENCE):
            raise RuntimeError("nobody could draw")
        yield latencies
    finally:
        is_over.set()
        thread.join()


# ---- Tables ---------------------------------------------------------------------------------------------------------


def row(server: str, n_clients: int, answers: Sequence[Answer], seconds: float, drawn: Sequence[float] = ()) -> str:
    """Pictures a second and how long they took, refused ones apart; beside it, how long those who draw waited."""
    read = [answer.seconds for answer in answers if answer.status == 200]
    others = Counter(answer.status for answer in answers if answer.status != 200)
    cells = [server, n_clients or "none"]
    cells += [f"{len(read) / seconds:.0f}", *two_times(read)] if read else ["", "", ""]
    cells += [str(others.pop(429, 0)), str(others.total()), *two_times(drawn)]
    return "| " + " | ".join(map(str, cells)) + " |"


def two_times(seconds: Sequence[float]) -> tuple[str, str]:
    """The median and the 99th percentile, in milliseconds."""
    if not seconds:
        return "", ""
    last = sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]
    return f"{1000 * statistics.median(seconds):.0f}", f"{1000 * last:.0f}"


def table(rows: Sequence[str], crowd: Sequence[Answer], load: float | None) -> str:
    statuses = Counter(answer.status for answer in crowd)
    n_read, n_busy = statuses.pop(200, 0), statuses.pop(429, 0)
    return "\n".join(
        [
            "| server | clients | pictures/s | p50, ms | p99, ms | 429 | lost | who draw wait: p50, ms | p99, ms |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            f"{len(crowd)} clients that sent {PICTURES_A_FORM} pictures each at the same moment: {n_read} got their"
            f" answers, {n_busy} were told to wait (429), and {statuses.total()} came to anything else; the last was"
            f" answered after {max(answer.seconds for answer in crowd):.1f} s.",
            "",
            f"Clients on the same machine; {machine_text(load)}",
        ]
    )
