"""JSON documents that hold the SHA-256 of all else in them, so that no field changes unseen."""

import hashlib
import json
from pathlib import Path
from typing import Any

from fastnet.errors import ModelError

_SUM = "sha256"


def sha256_of(content: object) -> str:
    """The SHA-256 of JSON, however it is laid out."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """The document with its sum, in place of an earlier one."""
    rest = _without_sum(content)
    return {**rest, _SUM: sha256_of(rest)}


def unsealed(content: dict[str, Any], path: Path, remedy: str = "", is_required: bool = True) -> dict[str, Any]:
    """The document in a file without its sum; ModelError, which ends in `remedy`, if that is another or missing."""
    rest = _without_sum(content)
    if (is_required or _SUM in content) and content.get(_SUM) != sha256_of(rest):
        raise ModelError(f"{path}: its SHA-256 is not that of its content, so it was changed or damaged{remedy}")
    return rest


def _without_sum(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != _SUM}
