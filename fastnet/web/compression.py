"""Answers that are compressed on their way; a file that does not change, once for all who ask for it."""

from typing import ClassVar

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import Application, GZipContentEncoding

_MOST_FILES = 200


class Compression(GZipContentEncoding):
    """As Tornado compresses; a whole file is remembered by its Etag, in the pieces in which it was written."""

    _files: ClassVar[dict[str, list[bytes]]] = {}

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._is_file = "/static/" in request.path
        self._key = ""
        self._pieces: list[bytes] = []
        self._remembered: list[bytes] | None = None

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Begin; what is a part of a file stays as it is."""
        if status_code == 206:
            self._gzipping = False
        if self._is_file and status_code == 200:
            self._key = headers.get("Etag", "")
            self._remembered = self._files.get(self._key)
        return super().transform_first_chunk(status_code, headers, chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Compress a piece, or take it from what was compressed before."""
        if not self._gzipping:
            return chunk
        if self._remembered is not None:
            piece = self._remembered[len(self._pieces)]
        else:
            piece = super().transform_chunk(chunk, finishing)
        self._pieces.append(piece)
        if finishing and self._key and len(self._files) < _MOST_FILES:
            self._files[self._key] = self._pieces
        return piece


def compress(application: Application) -> None:
    """Have all answers of an application compressed that gain by it, where the client takes it."""
    application.add_transform(Compression)
