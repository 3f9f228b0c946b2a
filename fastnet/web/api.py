"""The HTTP interface: what is answered under /api/."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from fastnet.errors import FastnetError, ModelError, OptionError, did_you_mean, sentence_of, told
from fastnet.models.documents import Manifest
from fastnet.models.files import read_manifest
from fastnet.reading.batch import as_json
from fastnet.reading.constraints import CONSTRAINTS, Constraint
from fastnet.version import __version__
from fastnet.weights import DEFAULT

from .bodies import BYTES, kind_of_body, most_bytes, uploads_in
from .examples import page_of_examples
from .handler import Api, ApiError, Handler, Models
from .openapi import description
from .reading import Answer, BusyError, LostError, Upload
from .receiving import Receiver

Routes = list[tuple[str, type[RequestHandler], dict[str, Any]]]


def routes(api: Api, prefix: str = "") -> Routes:
    """The handlers, as Tornado and Bokeh take them; Bokeh puts its prefix before the paths itself."""
    handlers: dict[str, type[RequestHandler]] = {
        r"/api/read": Read,
        r"/api/models": ListModels,
        r"/api/health": Health,
        r"/api/openapi\.json": OpenApi,
        r"/api/?": Examples,
        r"/api/.*": Nothing,
    }
    return [(prefix + pattern, handler, {"api": api}) for pattern, handler in handlers.items()]


class Read(Receiver):
    """The digits in pictures."""

    PARAMETERS = ("model", *CONSTRAINTS)

    _reading: "asyncio.Task[list[Answer]] | None" = None

    async def admit(self) -> None:
        """Refuse what is no picture by its type, has no model, or would find no place."""
        self._content_type = self.request.headers.get("Content-Type", "")
        self._kind = kind_of_body(self._content_type)
        self.most_bytes = most_bytes(self._kind)
        if self.request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ApiError(415, "a body is taken as it is, without Content-Encoding: send it uncompressed")
        self._constraint = self._find_constraint()
        self._require_place(1)
        self._model = self.get_query_argument("model", DEFAULT)
        self._folder = await self._find_model(self._model)

    async def received(self) -> None:
        """Answer as `fastnet predict --json` does; one picture that is none is an error of the whole request."""
        assert self.body is not None
        uploads, n_others = uploads_in(self._content_type, bytes(self.body))
        self.body = None
        answers = await self._answers(uploads)
        if self._kind == BYTES and len(answers) == 1 and "error" in answers[0]:
            raise ApiError(400, answers[0]["error"])
        self.answer(as_json(answers, n_others, self._model))

    def on_connection_close(self) -> None:
        """Leave unread what nobody waits for."""
        super().on_connection_close()
        if self._reading:
            self._reading.cancel()

    def _find_constraint(self) -> Constraint | None:
        """What the request says is known of the digits."""
        try:
            return Constraint.parse({name: self.get_query_argument(name, None) for name in CONSTRAINTS})
        except OptionError as error:
            raise ApiError(400, str(error)) from error

    async def _find_model(self, name: str) -> Path:
        names = [DEFAULT] if name == DEFAULT else await asyncio.to_thread(self.api.models.names)
        if name in names:
            with contextlib.suppress(ModelError):  # removed a moment ago
                return self.api.models.folder(name)
        near = did_you_mean(name, names)
        raise ApiError(404, f"there is no model {told(name, 80)!r} here{near or '; GET /api/models lists them'}")

    async def _answers(self, uploads: list[Upload]) -> list[Answer]:
        self._require_place(len(uploads))
        self._reading = asyncio.ensure_future(self.api.readers.read(self._folder, uploads, self._constraint))
        try:
            return await self._reading
        except BusyError as error:  # more came in this moment
            raise _busy(error) from error
        except asyncio.CancelledError as error:
            raise ApiError(503, "the connection was closed") from error
        except (LostError, ModelError, MemoryError) as error:
            print(f"not read: {sentence_of(error)}", file=sys.stderr, flush=True)
            sentence = sentence_of(error) if isinstance(error, LostError) else "the model cannot be used at the moment"
            raise ApiError(503, sentence, Retry_After="1") from error

    def _require_place(self, n: int) -> None:
        try:
            self.api.readers.require_place(n)
        except BusyError as error:
            raise _busy(error) from error


class ListModels(Handler):
    """The models that may be asked."""

    async def get(self) -> None:
        """Each with its layer sizes, parameters and accuracy."""
        self.answer({"default": DEFAULT, "models": await asyncio.to_thread(_facts_of_all, self.api.models)})


class Health(Handler):
    """Whether the server does its work."""

    def get(self) -> None:
        """Status 200 while it takes pictures, 503 when it ends."""
        readers = self.api.readers
        if self.api.is_ending:
            self.set_status(503)
        self.answer(
            {
                "status": "ending" if self.api.is_ending else "ok",
                "version": __version__,
                "seconds_up": round(time.monotonic() - self.api.started, 1),
                "queue": {"waiting": readers.waiting, "most": readers.most_waiting, "workers": readers.n_workers},
            }
        )


class OpenApi(Handler):
    """The description for programs."""

    def get(self) -> None:
        """OpenAPI, with the address under which it was asked."""
        self.answer(description(self.request.path.removesuffix("/api/openapi.json") or "/"))


class Examples(Handler):
    """The description for people."""

    def get(self) -> None:
        """A page of examples, with the address under which it was asked."""
        prefix = self.request.path.rstrip("/").removesuffix("/api")
        self.send(
            "text/html; charset=utf-8", page_of_examples(f"{self.request.protocol}://{self.request.host}{prefix}")
        )


class Nothing(Handler):
    """Any other address."""

    def prepare(self) -> None:
        """There is nothing."""
        raise ApiError(404, f"there is nothing at {told(self.request.path, 200)}; GET /api/ tells what there is")


def _busy(error: BusyError) -> ApiError:
    return ApiError(429, str(error), Retry_After=str(error.seconds))


def _facts_of_all(models: Models) -> list[dict[str, Any]]:
    found = []
    for name in models.names():
        try:
            found.append(_facts(name, read_manifest(models.folder(name))))
        except FastnetError:  # removed a moment ago
            continue
    return found


def _facts(name: str, manifest: Manifest) -> dict[str, Any]:
    return {
        "name": name,
        "layer_sizes": list(manifest.layer_sizes),
        "parameters": manifest.n_parameters,
        "accuracy": manifest.test.accuracy if manifest.test else None,
    }
