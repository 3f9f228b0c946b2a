"""The pictures in the body of a request: one as it is, or the files of a form."""

from typing import Any

from tornado.httputil import HTTPFile, HTTPInputError, parse_multipart_form_data

from fastnet.errors import told

from .handler import MEGABYTE, ApiError
from .reading import MOST_PICTURE_MEGABYTES, Upload

MOST_PICTURE_BYTES = MOST_PICTURE_MEGABYTES * MEGABYTE
MOST_FORM_BYTES = 20 * MEGABYTE
MOST_PICTURES = 32  # in a form
FORM, BYTES, PDF = "multipart/form-data", "application/octet-stream", "application/pdf"
UNNAMED = "picture"

_LONGEST_NAME = 200  # characters; files have names, and who sends more sends something else


def kind_of_body(content_type: str) -> str:
    """FORM or BYTES; ApiError for a content type that no picture comes in. Without any, it is taken for a picture."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == FORM:
        return FORM
    if kind in ("", BYTES, PDF) or kind.startswith("image/"):
        return BYTES
    raise ApiError(
        415,
        f"a picture comes as image/*, as {BYTES} or in {FORM}, not as {told(kind, 80)}: send its bytes with the header"
        f" Content-Type: {BYTES}, or a form that holds the file (curl -F picture=@FILE)",
    )


def most_bytes(kind: str) -> int:
    """How large a body may be."""
    return MOST_FORM_BYTES if kind == FORM else MOST_PICTURE_BYTES


def uploads_in(content_type: str, body: bytes) -> tuple[list[Upload], int]:
    """The pictures of a body, in their order, and the number of the form's fields that are no files; or a ApiError."""
    if kind_of_body(content_type) == BYTES:
        if not body:
            raise ApiError(400, "the request has no body, where a picture should be")
        return [Upload(UNNAMED, body)], 0
    files, n_others = _files_in(content_type, body)
    if not files:
        raise ApiError(400, "the form has no files, where pictures should be")
    if len(files) > MOST_PICTURES:
        raise ApiError(413, f"a request may hold {MOST_PICTURES} pictures, not {len(files)}")
    return [Upload(told(file.filename, _LONGEST_NAME), file.body) for file in files], n_others


class _InOrder(dict[str, list[Any]]):
    """What Tornado sorts by the names of fields, in the order of the request."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def setdefault(self, name: str, default: list[Any] | None = None) -> list[Any]:
        """The one list for all names."""
        return self.all


def _files_in(content_type: str, body: bytes) -> tuple[list[HTTPFile], int]:
    fields, files = _InOrder(), _InOrder()
    _, _, boundary = content_type.partition("boundary=")
    try:
        if not boundary:
            raise HTTPInputError("its header names no boundary")
        parse_multipart_form_data(boundary.partition(";")[0].encode(), body, fields, files)
    except (HTTPInputError, ValueError) as error:
        raise ApiError(400, f"the form cannot be read ({told(error, 100)})") from error
    return files.all, len(fields.all)
