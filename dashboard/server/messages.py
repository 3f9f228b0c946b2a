"""What a browser may tell the server: Bokeh would let it change any property of any part of the page, to anything.

Only what the page's own widgets and figures send is taken, in its usual size. It is looked at before Bokeh makes
objects of it: what that unpacks may be a thousand times as large as what was sent.
"""

import json
from typing import Any, cast

from bokeh.core.types import ID
from bokeh.document import Document

MOST_CHARACTERS = 2000  # of a value, as JSON: an address is the longest
MOST_NUMBERS = 10_000  # of a list: points that were chosen in a figure
MOST_DEPTH = 20  # of what a part of the page tells of itself

_ASKS = ("PULL-DOC-REQ", "SERVER-INFO-REQ")
_EVENTS = ("document_ready", "client_reconnected", "data_event", "dom_event")
_ECHOES = ("disabled", "visible")  # the server's to say; browsers repeat them, maybe late
_WIDGETS = {  # what visitors change about widgets, and browsers tell of themselves
    *("value", "value_input", "active", "open", "chosen", "mode", "search", "dropdown_open", "dark_theme", "dark_mode"),
    *("device_pixel_ratio", "language", "webdriver", "timezone", "timezone_offset", "webgl"),
    *_ECHOES,
    *("href", "hash", "hostname", "pathname", "port", "protocol"),  # of the address
}
_FIGURES = ("bokeh.models.", "bokeh.plotting.")  # the components of this page are declared elsewhere
_LISTS = {"indices": int, "value": str, "stylesheets": str}  # what they are of


def fault(kind: str, content: Any, document: Document) -> str:
    """What is wrong with a message of that kind, as a sentence without its end; empty if nothing is."""
    if kind in _ASKS:
        return ""
    if kind != "PATCH-DOC":
        return f"no message of the kind {kind[:20]!r} is taken here"
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        return "a change has no list of events"
    return next(filter(None, (_fault_of_event(event, document) for event in events)), "")


def refer(content: Any, document: Document) -> None:
    """Have events name the part of the page that they come from, where a browser sends all of it.

    It does so of a part that has just been made and is not in its list of parts yet.
    """
    events = content.get("events") if isinstance(content, dict) else None
    for event in events if isinstance(events, list) else ():
        match event:
            case {"kind": "MessageSent", "msg_data": {"values": {"type": "map", "entries": list(entries)}}}:
                for entry in entries:
                    _refer(entry, document)


def leave_out_echoes(content: Any, document: Document) -> None:
    """Drop what browsers only repeat, or say of a part of the page that is gone by now.

    Late, an echo would hide from the server that it has said otherwise since: the page would keep what it was told
    then, as a button that is never enabled again.
    """
    events = content.get("events") if isinstance(content, dict) else None
    if isinstance(events, list):
        events[:] = [event for event in events if not _changes_nothing(event, document)]


def _changes_nothing(event: Any, document: Document) -> bool:
    match event:
        case {"kind": "ModelChanged", "model": {"id": str(id)}, "attr": str(name), "new": new}:
            model = document.models.get_by_id(cast(ID, id))
            is_echo = name in _ECHOES and isinstance(new, bool) and not _is_of_figure(model)
            return model is None or is_echo
    return False


def _is_of_figure(model: Any) -> bool:
    return type(model).__module__.startswith(_FIGURES)


def _refer(entry: Any, document: Document) -> None:
    match entry:
        case ["model", {"type": "object", "id": str(id)}] if document.models.get_by_id(cast(ID, id)):
            entry[1] = {"id": id}


def _fault_of_event(event: Any, document: Document) -> str:
    match event:
        case {"kind": "ModelChanged", "model": {"id": str(id), **rest}, "attr": str(name), "new": new} if not rest:
            return _fault_of_change(document.models.get_by_id(cast(ID, id)), name, new)
        case {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": {"name": str(name), "values": values}}:
            if name not in _EVENTS:
                return f"no event {name[:20]!r} is taken here"
            return "" if _is_plain(values) else "an event tells what is not taken here"
        case _:
            return "no change of this kind is taken here"


def _fault_of_change(model: Any, name: str, new: Any) -> str:
    """A figure may look as the browser likes, but its data stay; of all else, what visitors can change may change.

    Of a part that is gone, anything may be told: nothing changes by it.
    """
    if model is None:
        return ""
    if not _is_of_figure(model) and name not in _WIDGETS and not _is_there(model, name, new):
        return f"{name[:20]!r} may not be changed from a browser"
    if name == "value" and isinstance(new, str) and not _is_offered(model, new):
        return "a choice is not among what is offered"
    if isinstance(new, list):
        kind = _LISTS.get(name)
        is_taken = kind is not None and len(new) <= MOST_NUMBERS and all(type(item) is kind for item in new)
        is_short = kind is int or len(json.dumps(new)) <= MOST_CHARACTERS
        return "" if is_taken and is_short else f"{name[:20]!r} may not be a list of this kind"
    if not (new is None or isinstance(new, bool | int | float | str) or _is_number(new)):
        return f"{name[:20]!r} may not be an object"
    return "" if len(str(new)) <= MOST_CHARACTERS else f"a value may have {MOST_CHARACTERS:,} characters at most"


def _is_there(model: Any, name: str, new: Any) -> bool:
    """Whether it is so already: browsers repeat some of what they are told."""
    return isinstance(new, bool | int | float | str) and getattr(model, name, None) == new


def _is_offered(model: Any, new: str) -> bool:
    """Whether it is one of the options of what has some; nothing may be chosen of any."""
    options = getattr(model, "options", None)
    return not (new and options) or new in options


def _is_number(value: Any) -> bool:
    """Whether it is a number that JSON has no word for."""
    return isinstance(value, dict) and value.get("type") == "number" and value.get("value") in ("nan", "-inf", "+inf")


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether it is made of numbers, words, lists, maps, files that came as they are, and known parts of the page."""
    if not isinstance(value, list | dict):
        return True
    parts = value if isinstance(value, list) else _parts(value)
    return parts is not None and depth < MOST_DEPTH and all(_is_plain(part, depth + 1) for part in parts)


def _parts(value: dict[str, Any]) -> list[Any] | None:
    match value:
        case {"type": "map", **rest} if rest.keys() <= {"entries"}:
            return [rest.get("entries", [])]
        case {"type": "bytes", "data": {"id": str()}} | {"type": "number", "value": int() | float()}:
            return []
        case {"type": "number"} if _is_number(value):
            return []
        case {"type": _}:
            return None
        case _:
            return list(value.values())
