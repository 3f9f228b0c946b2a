"""Lottie files, as far as the page's player (assets/lottie.js) plays them: what it does not know is named, not ignored.

The format: https://lottie.github.io/lottie-spec/1.0/specs/.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fastnet.errors import DataError

Item = dict[str, Any]

_SHAPE_LAYER = 4
_TRANSFORM = {"a": True, "p": True, "s": True, "r": True, "o": True}  # whether it may be animated
_PROPERTIES: dict[str, dict[str, bool]] = {
    "el": {"p": False, "s": False},
    "rc": {"p": False, "s": False, "r": False},
    "sh": {"ks": False},
    "st": {"c": False, "w": False, "o": True},
    "fl": {"c": False, "o": True},
    "tm": {"s": True, "e": True, "o": False},
    "tr": _TRANSFORM,
}
_OTHERS = {"st": {"lc", "lj", "cl"}, "fl": {"r", "cl"}}
_NAMES = {"nm", "mn"}  # what may stand anywhere, and changes nothing
_ANIMATION = {"v", "fr", "ip", "op", "w", "h", "layers", "assets"}
_LAYER = {"ty", "ip", "op", "st", "ind", "ks", "shapes"}


def read_animation(path: Path) -> Item:
    """The animation in a file; DataError if it asks for more than the player can do."""
    animation: Item = json.loads(path.read_text(encoding="utf-8"))
    if found := unsupported(animation):
        raise DataError(f"{path}: has what the player does not know: {'; '.join(found)}")
    return animation


def unsupported(animation: Item) -> list[str]:
    """Where the animation asks for what the player does not do, such as `layers[2].shapes[0]: gf`."""
    return list(_in_animation(animation))


def _in_animation(animation: Item) -> Iterator[str]:
    yield from _other_keys("animation", animation, _ANIMATION)
    if animation.get("assets"):
        yield "animation: assets"
    for number, layer in enumerate(animation["layers"]):
        where = f"layers[{number}]"
        if layer["ty"] != _SHAPE_LAYER:
            yield f"{where}: a layer of type {layer['ty']}"
            continue
        yield from _other_keys(where, layer, _LAYER)
        yield from _each(f"{where}.shapes", layer["shapes"], _in_group)
        yield from _in_properties(f"{where}.ks", layer["ks"], _TRANSFORM)


def _in_group(where: str, group: Item) -> Iterator[str]:
    if group["ty"] != "gr":
        yield f"{where}: {group['ty']} outside of a group"
        return
    yield from _other_keys(where, group, {"ty", "it"})
    items = group["it"]
    types = [item["ty"] for item in items]
    if "gr" in types and {"st", "fl", "tm"} & set(types):
        yield f"{where}: a stroke, fill or trim over nested groups"
    if "tm" in types and (types.count("tm") > 1 or "fl" in types or types[0] != "sh" or types[1] != "tm"):
        yield f"{where}: a trim of other than one path with strokes"
    yield from _each(f"{where}.it", items, _in_item)


def _in_item(where: str, item: Item) -> Iterator[str]:
    kind = item["ty"]
    if kind == "gr":
        yield from _in_group(where, item)
    elif kind in _PROPERTIES:
        others = {"ty"} | _OTHERS.get(kind, set())
        rest = {key: value for key, value in item.items() if key not in others}
        yield from _in_properties(where, rest, _PROPERTIES[kind])
    else:
        yield f"{where}: {kind}"


def _in_properties(where: str, item: Item, properties: dict[str, bool]) -> Iterator[str]:
    """Each property is known; animated ones may be, and have one easing for all of their numbers."""
    yield from _other_keys(where, item, set(properties))
    for name, may_move in properties.items():
        if name not in item:
            yield f"{where}: no {name}"
        elif item[name].get("a"):
            if not may_move:
                yield f"{where}.{name}: animated"
            yield from _in_keyframes(f"{where}.{name}", item[name]["k"])


def _in_keyframes(where: str, keys: list[Item]) -> Iterator[str]:
    for number, key in enumerate(keys):
        yield from _other_keys(f"{where}[{number}]", key, {"t", "s", "i", "o", "h"})
        if number < len(keys) - 1 and not key.get("h"):
            handles = [key.get(side, {}).get(axis) for side in "io" for axis in "xy"]
            if not all(isinstance(number, int | float) for number in handles):
                yield f"{where}[{number}]: an easing that is not one for all numbers"


def _each(where: str, items: list[Item], check: Callable[[str, Item], Iterator[str]]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield from check(f"{where}[{number}]", item)


def _other_keys(where: str, item: Item, known: set[str]) -> Iterator[str]:
    for key in item.keys() - known - _NAMES:
        yield f"{where}: {key}"
