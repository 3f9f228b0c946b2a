"""Read frozen dataclasses from JSON, field by field, and write them again.

The types of the fields say what is accepted: int (a count, from 0), float (a finite number), str, bool, another
dataclass, tuple[..., ...], dict[str, ...], dict[str, object] for plain JSON that others know how to read, and each of
them `| None`. A bool is no number. What may be None is None where it is missing; where it is something else than its
type says, it is None too, and a sentence is added to the faults. What may not be None raises FieldError.
"""

import dataclasses
import math
import sys
from collections.abc import Callable, Hashable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NoReturn, TypeVar, cast, get_args, get_origin, get_type_hints

from fastnet.errors import told

Document = TypeVar("Document")

OTHERS = "others"  # a field of this name holds what this version doesn't know, as it was

_MOST = 2**63
_DEEPEST = 30
_NULL, _NO_JSON = "null", "no JSON"

NULL = {_NULL: True}  # metadata of a field that is written as null where it is None; others are left out
NO_JSON = {_NO_JSON: True}  # metadata of a field that is neither read nor written


class FieldError(Exception):
    """A field that is not what its type says, in words."""


@dataclasses.dataclass(frozen=True)
class Within:
    """The bounds of a number, for `Annotated`."""

    least: float
    most: float


Share = Annotated[float, Within(0, 1 + 1e-6)]  # of weighted samples the sum may be a little more


def read_fields(kind: type[Document], content: object, faults: list[str], where: str = "") -> Document:
    """The dataclass that a JSON object describes; `where` is the name of the field that holds it."""
    if not isinstance(content, dict):
        _refuse(where or "its content", "an object", content)
    hints = _hints(cast(Hashable, kind))
    values: dict[str, object] = {}
    known: set[str] = set()
    for field in _fields(kind):
        known.add(field.name)
        if field.name != OTHERS:
            name = f"{where}.{field.name}" if where else field.name
            values[field.name] = _read(hints[field.name], content.get(field.name), name, faults)
    if OTHERS in known:
        values[OTHERS] = {
            name: value for name, value in content.items() if name not in known and _is_plain(value, name, faults)
        }
    return kind(**values)


def to_json(document: object) -> Any:
    """What `read_fields` reads, ready for JSON."""
    if dataclasses.is_dataclass(document):
        content: dict[str, Any] = {}
        for field in _fields(type(document)):
            value = getattr(document, field.name)
            if field.name == OTHERS:
                content |= value
            elif value is not None or _NULL in field.metadata:
                content[field.name] = to_json(value)
        return content
    if isinstance(document, dict):
        return {name: to_json(value) for name, value in document.items()}
    return [to_json(item) for item in document] if isinstance(document, tuple) else document


def _read(kind: Any, value: object, name: str, faults: list[str]) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType or NoneType in arguments:
        return _read_optional(next(each for each in arguments if each is not NoneType), value, name, faults)
    if origin is Annotated:
        number, bounds = _read(arguments[0], value, name, faults), arguments[1]
        if not bounds.least <= number <= bounds.most:
            _refuse(name, f"from {bounds.least:g} to {bounds.most:g}", value)
        return number
    if dataclasses.is_dataclass(kind):
        return read_fields(cast(type, kind), value, faults, name)
    if origin is tuple:
        items = value if isinstance(value, list) else _refuse(name, "a list", value)
        return tuple(_read(arguments[0], item, f"{name}[{number}]", faults) for number, item in enumerate(items))
    if origin is dict:
        return _read_mapping(arguments[1], value, name, faults)
    words, is_one = _PLAIN[kind]
    return value if is_one(value) else _refuse(name, words, value)


def _read_optional(kind: Any, value: object, name: str, faults: list[str]) -> object:
    try:
        return None if value is None else _read(kind, value, name, faults)
    except FieldError as error:
        faults.append(str(error))
        return None


def _read_mapping(kind: Any, value: object, name: str, faults: list[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        _refuse(name, "an object", value)
    if kind is object:
        if not _is_plain(value, name, faults):
            _refuse(name, "an object", None)
        return value
    return {key: _read(kind, item, f"{name}.{key}", faults) for key, item in value.items()}


def _is_plain(value: object, name: str, faults: list[str], depth: int = 0) -> bool:
    """Whether JSON can be written as it was read: no NaN in it, no number without end and not nested without end."""
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        faults.append(f"{name} holds NaN, an infinite number or too many levels")
        return False
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_plain(item, name, faults, depth + 1) for item in items)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max  # type: ignore[arg-type]


_PLAIN: dict[type, tuple[str, Callable[[object], bool]]] = {
    int: ("a whole number from 0", lambda value: type(value) is int and 0 <= value < _MOST),
    float: ("a number", _is_number),
    str: ("text", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
}


def _refuse(name: str, words: str, value: object) -> NoReturn:
    raise FieldError(f"{name} must be {words}, not {told(value)}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _fields(kind: type) -> list[dataclasses.Field[Any]]:
    """The fields that are JSON."""
    return [field for field in dataclasses.fields(kind) if _NO_JSON not in field.metadata]
