"""What all requests of the HTTP interface have in common: errors in JSON, and who may ask from another site."""

import json
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from tornado.web import HTTPError, RequestHandler, stream_request_body

from fastnet.errors import told

from .hosts import Hosts
from .reading import Readers

BODY_SECONDS = 50.0  # in which a body has to come; the server hangs up a little later
MEGABYTE = 10**6
MOST_BUFFERED_BYTES = 200 * MEGABYTE  # of all bodies that come, or wait to be read


class Models(Protocol):
    """The models that are offered. Any thread may ask."""

    def names(self) -> list[str]:
        """What they are called."""

    def folder(self, name: str) -> Path:
        """Where the model of that name is; ModelError if there is none."""


@dataclass
class Api:
    """What all requests of one server share."""

    models: Models
    readers: Readers
    sites: Hosts | None = None  # whose pages may ask from elsewhere
    body_seconds: float = BODY_SECONDS
    most_buffered_bytes: int = MOST_BUFFERED_BYTES
    started: float = field(default_factory=time.monotonic)
    buffered_bytes: int = 0
    under_way: int = 0  # requests with a body
    is_ending: bool = False  # what is under way is answered, and nothing else


class ApiError(HTTPError):
    """A request that is not answered: its status, and one sentence for whoever sent it."""

    def __init__(self, status: int, sentence: str, **headers: str):
        super().__init__(status)
        self.sentence = sentence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@stream_request_body  # nothing of a body is kept but by who wants it
class Handler(RequestHandler):
    """Answers one address; `TAKES` are its methods and `PARAMETERS` what may stand in the query."""

    TAKES: ClassVar[tuple[str, ...]] = ("GET", "HEAD")
    PARAMETERS: ClassVar[tuple[str, ...]] = ()

    def initialize(self, api: Api) -> None:
        """Know what is shared."""
        self.api = api

    def check_xsrf_cookie(self) -> None:
        """Nothing: no cookie says who asks here, so none can be abused."""

    def prepare(self) -> Awaitable[None] | None:
        """Refuse parameters that would go unheard."""
        self._tell_origin()
        for name in self.request.query_arguments:
            if name not in self.PARAMETERS:
                taken = ", ".join(self.PARAMETERS) or "none"
                raise ApiError(400, f"{told(name, 80)!r} is no parameter of this address, which takes {taken}")
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Drop it."""
        return None

    def head(self) -> Any:
        """As GET; Tornado leaves out the body."""
        return self.get()

    def options(self) -> None:
        """Say what may be asked, and to browsers by whom."""
        self._tell_methods()
        self.set_status(204)

    def answer(self, document: object) -> None:
        """Write JSON: a document, or the text of one."""
        self.send("application/json", document if isinstance(document, str) else json.dumps(document, allow_nan=False))

    def send(self, content_type: str, text: str) -> None:
        """Write the whole of a body."""
        body = text.encode()
        self.set_header("Content-Type", content_type)
        self.set_header("Content-Length", str(len(body)))
        self.set_header("Cache-Control", "no-store")
        self.write(body)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Write one sentence, in JSON."""
        error = details.get("exc_info", (None, None))[1]
        self._tell_origin()
        if status_code == 405:
            self._tell_methods()
        if isinstance(error, ApiError):
            for name, value in error.headers.items():
                self.set_header(name, value)
        self.answer({"error": error.sentence if isinstance(error, ApiError) else self._sentence_about(status_code)})

    def _sentence_about(self, status: int) -> str:
        """For what Tornado refuses."""
        if status == 405:
            return f"{told(self.request.method, 20)} is not taken here; {', '.join(self.TAKES)} may be asked"
        return "the request is not understood" if status < 500 else "the server failed at this"

    def _tell_methods(self) -> None:
        self.set_header("Allow", ", ".join((*self.TAKES, "OPTIONS")))

    def _tell_origin(self) -> None:
        """Let pages of other sites that may ask read the answer; never with what a browser knows of its user."""
        if not self.api.sites:
            return
        self.set_header("Vary", "Origin")
        origin = self.request.headers.get("Origin", "")
        if self.api.sites.trust(origin, self.request.host):
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Methods", ", ".join(self.TAKES))
            self.set_header("Access-Control-Allow-Headers", "Content-Type")
            self.set_header("Access-Control-Expose-Headers", "Retry-After")
