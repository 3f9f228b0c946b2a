"""Write a file or a directory so that others see it whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OptionError


def require_new(target: Path, overwrite: bool) -> None:
    """OptionError for a file that exists, unless it may be overwritten, and for one whose directory does not."""
    if target.exists() and not overwrite:
        raise OptionError(f"{target}: exists already; choose another --out, or --force")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise OptionError(f"{target}: is no file in a directory that exists")


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; at the end of the block the file is flushed and becomes `target`.

    After an exception, `target` is as it was and the new file is gone.
    """
    target = target.resolve()
    new = target.with_name(f".{target.name}.new")
    try:
        yield new
        _flush(new)
        new.replace(target)
        _flush(target.parent)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Yield an empty directory beside `target`; at the end of the block it is flushed and takes the place of `target`.

    After an exception, `target` is as it was and the new directory is gone.
    """
    target = target.resolve()
    new, old = target.with_name(f".{target.name}.new"), _old(target)
    put_back(target)
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
        _flush(target.parent)
    except BaseException:
        put_back(target)
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def put_back(target: Path) -> None:
    """Undo the first of the two renames of `whole_directory` if the process was killed before the second."""
    if not target.exists() and _old(target).is_dir():
        _old(target).rename(target)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
