"""Write a directory so that others see it whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Yield an empty directory beside `target`; at the end of the block it is flushed and takes the place of `target`.

    After an exception, `target` is as it was and the new directory is gone.
    """
    target = target.resolve()
    new = target.with_name(f".{target.name}.new")
    old = target.with_name(f".{target.name}.old")
    _put_back(old, target)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        for path in [*new.iterdir(), new]:
            _flush(path)
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException:
        _put_back(old, target)
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _put_back(old: Path, target: Path) -> None:
    """Undo the first of the two renames if the second never came."""
    if old.exists() and not target.exists():
        old.rename(target)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
