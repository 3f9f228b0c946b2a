"""The HTTP interface described for programs: OpenAPI 3.1, with the limits that hold."""

from typing import Any

from fastnet.reading.constraints import CHECKS
from fastnet.version import __version__
from fastnet.weights import DEFAULT

from .bodies import BYTES, FORM, MOST_FORM_BYTES, MOST_PICTURE_BYTES, MOST_PICTURES, PDF
from .handler import MEGABYTE
from .reading import MOST_PAGES

Json = dict[str, Any]

_REFUSALS = {
    400: "The request is not understood, or its one picture cannot be read.",
    403: "This name or site is none that the server answers.",
    404: "There is no such address or model.",
    405: "The method is not taken here; `Allow` tells which are.",
    408: "The body did not come in time.",
    413: "The body is larger, or holds more pictures, than is taken.",
    415: "The body is of a type that is no picture.",
    429: "Too much is waiting, or came from this address; `Retry-After` tells the seconds to wait.",
    500: "The server failed.",
    503: "The server is ending or cannot read at the moment.",
}
_CONSTRAINTS = {
    "digits": "How many digits a line has; of readings that fit all that is known, the likeliest is answered",
    "pattern": "What a line looks like: # is any digit, [0-3] one of these, - . / and blanks are not read: ##-####",
    "range": "The least and the largest number that a line may be: 0-9999",
    "check": f"The check that the last digit of a line makes right: {' or '.join(CHECKS)}",
}
_ALWAYS = (400, 403, 405, 429, 500)


def description(server: str = "/") -> Json:
    """The document, of a server that is reached at that address or path."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fastnet",
            "version": __version__,
            "summary": "Reads handwritten digits in pictures.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "paths": {
            "/api/read": {"post": _reading()},
            "/api/models": {"get": _asking("The models that may be asked", "Models")},
            "/api/health": {"get": _asking("Whether the server does its work", "Health", ending=True)},
            "/api/openapi.json": {"get": _asking("This document", None)},
            "/api/": {"get": _page()},
        },
        "components": {"schemas": _SCHEMAS, "responses": _responses()},
    }


# ---- Operations -----------------------------------------------------------------------------------------------------


def _reading() -> Json:
    picture = {"schema": {"type": "string", "format": "binary", "maxLength": MOST_PICTURE_BYTES}}
    form = {
        "schema": {
            "type": "object",
            "maxProperties": MOST_PICTURES,
            "additionalProperties": {"type": "array", "items": {"type": "string", "format": "binary"}},
        }
    }
    return {
        "operationId": "read",
        "summary": "Read the digits in one picture, or in several",
        "description": (
            "A picture (PNG, JPEG, WebP, BMP, GIF or TIFF; PDF and HEIC where the server can) of at most"
            f" {MOST_PICTURE_BYTES // MEGABYTE} MB, or a form"
            f" with at most {MOST_PICTURES} files and {MOST_FORM_BYTES // MEGABYTE} MB. The answers to several stand in"
            " their order, and one that cannot be read has an `error` in its place. A document of at most"
            f" {MOST_PAGES} pages has an answer for each."
        ),
        "parameters": [
            {
                "name": "model",
                "in": "query",
                "description": "The name of a model, as /api/models tells them",
                "schema": {"type": "string", "default": DEFAULT},
            },
            *(
                {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
                for name, text in _CONSTRAINTS.items()
            ),
        ],
        "requestBody": {"required": True, "content": {"image/*": picture, PDF: picture, BYTES: picture, FORM: form}},
        "responses": {
            "200": _json("What `fastnet predict --json` prints", "Answers"),
            **_refused(*_ALWAYS, 404, 408, 413, 415, 503),
        },
    }


def _asking(summary: str, schema: str | None, ending: bool = False) -> Json:
    responses = {"200": _json(summary, schema), **_refused(*_ALWAYS)}
    if ending:
        responses["503"] = _json("The server is ending", schema)
    return {"operationId": (schema or "description").lower(), "summary": summary, "responses": responses}


def _page() -> Json:
    return {
        "operationId": "examples",
        "summary": "A page of examples, for people",
        "responses": {
            "200": {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}},
            **_refused(*_ALWAYS),
        },
    }


def _refused(*statuses: int) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}


def _json(text: str, schema: str | None) -> Json:
    content = {"$ref": f"#/components/schemas/{schema}"} if schema else {"type": "object"}
    return {"description": text, "content": {"application/json": {"schema": content}}}


def _responses() -> Json:
    responses = {str(status): _json(text, "Error") for status, text in _REFUSALS.items()}
    seconds = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
    for status in ("429", "503"):
        responses[status]["headers"] = {"Retry-After": seconds}
    return responses


# ---- Documents ------------------------------------------------------------------------------------------------------


def _object(description: str, **properties: Json) -> Json:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: Json, description: str = "") -> Json:
    return {"type": "array", "items": items, **({"description": description} if description else {})}


_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer", "minimum": 0}
_SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}


def _or_null(schema: Json, description: str = "") -> Json:
    return {**schema, "type": [schema["type"], "null"], **({"description": description} if description else {})}


_PAGE: Json = {"type": "integer", "minimum": 1, "description": "of a document (PDF, TIFF); a picture has none"}
_BOX: Json = {**_list(_NUMBER, "x0, y0, x1, y1 in pixels of the upright picture"), "minItems": 4, "maxItems": 4}
_DIGIT = _object(
    "One digit",
    digit=_or_null(_NUMBER, "null where it looks like no digit"),
    label={"type": "string", "description": "what the likeliest class is called"},
    probability=_SHARE,
    box=_BOX,
    line={**_NUMBER, "description": "of `lines`, from 0"},
    kind={"type": "string", "description": "digit; empty: a cell of a grid; other: a letter, a point, a dash"},
    column=_or_null(_NUMBER, "of the cell in `grid`, from 0"),
    flags=_list(_TEXT, "what speaks against it"),
)
_LINE = _object(
    "Digits that stand in one line",
    text={"type": "string", "description": "what its digits are called"},
    box=_BOX,
    n_digits=_NUMBER,
)
_OVERRULED = _object(
    "A digit that a constraint had taken for another than it was read as",
    place={**_NUMBER, "description": "in `digits`, from 0"},
    read={"type": "string", "description": "what it was read as, or no digit"},
    taken={"type": "string", "description": "what is answered"},
)
_LEFT_OUT = _object("Ink that is not read", box=_BOX, reason={"type": "string", "description": "why"})
_READ = _object(
    "What a picture says; the figures are those of its first digit",
    path={"type": "string", "description": "the name of the file in the form, else picture"},
    text={"type": "string", "description": "the digits in reading order, a line of text for each line"},
    digit=_or_null(_NUMBER),
    label=_or_null(_TEXT),
    second_label=_or_null(_TEXT, "the next guess"),
    probability={**_SHARE, "description": "calibrated, where the model has a calibration"},
    probabilities=_list(_SHARE, "of each class"),
    second=_or_null(_NUMBER),
    flags=_list(_TEXT, "what speaks against the answer"),
    digits=_list(_DIGIT),
    lines=_list(_LINE, "in reading order"),
    grid=_or_null(
        _list(_list(_or_null(_TEXT, "null for an empty cell"))), "rows of cells, where digits stand in some; else null"
    ),
    left_out=_list(_LEFT_OUT),
    overruled=_list(_OVERRULED),
)
_READ["properties"]["page"] = _PAGE
_UNREADABLE = _object("A picture that cannot be read", path=_TEXT, error={"type": "string", "description": "why"})
_UNREADABLE["properties"]["page"] = _PAGE
_SCHEMAS: Json = {
    "Error": _object("Why there is no answer", error={"type": "string", "description": "one sentence"}),
    "Answers": _object(
        "An answer to each picture, in order",
        results=_list({"anyOf": [_READ, _UNREADABLE]}),
        passed_over={**_NUMBER, "description": "fields of the form that are no files"},
        model={"type": "string", "description": "the name of the model that read"},
    ),
    "Models": _object(
        "All models",
        default=_TEXT,
        models=_list(
            _object(
                "A model",
                name=_TEXT,
                layer_sizes=_list(_NUMBER, "from the pixels to the classes"),
                parameters=_or_null(_NUMBER),
                accuracy=_or_null(_SHARE, "on its test set"),
            )
        ),
    ),
    "Health": _object(
        "How the server is",
        status={"enum": ["ok", "ending"]},
        version=_TEXT,
        seconds_up={"type": "number", "minimum": 0},
        queue=_object(
            "Pictures that are read or wait to be",
            waiting=_NUMBER,
            most={**_NUMBER, "description": "beyond it, status 429"},
            workers={**_NUMBER, "description": "pictures that are read at the same time"},
        ),
    ),
}
