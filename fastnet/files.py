"""Write a file or a set of files so that others see it whole or not at all.

A set of files is a directory. It is made beside its target, as `.NAME.new`, and takes its place in one step where the
system can exchange two names; elsewhere the old one is `.NAME.old` for a moment. Who writes holds a lock on these for
as long as the process lives: another writer waits, a reader never repairs what a living writer holds, and what a dead
one left is swept by the next.

Who writes for long, or over and over, claims the name from the start: `.NAME.claim` is locked meanwhile, and another
who wants to do the same is told at once.
"""

import ctypes
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

from .errors import ClaimedError, FastnetError, OptionError

try:
    import fcntl
except ImportError:  # a system without locks on files: one writer at a time is up to those who write
    fcntl = None  # type: ignore[assignment]

Found = TypeVar("Found")

_READINGS_BESIDE_WRITERS = 5
_MOST_SECONDS = 5.0  # that a reader waits for a writer between its two renames
_NEW, _OLD, _CLAIM = ".new", ".old", ".claim"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_TRIES, _SECONDS_BETWEEN_TRIES = 5, 0.02  # to claim: some hold a claim for an instant only
_MOST_LOSSES = 100  # of what was just made and is gone, at once again; then it is no other's doing: so it is in /proc


def require_new(target: Path, overwrite: bool, option: str = "--out") -> None:
    """OptionError for a file that exists, unless it may be overwritten, and for one that could not be written."""
    with _refused_as(target, option):
        if target.is_dir() or not target.absolute().parent.is_dir():
            raise OptionError(f"{target}: is no file in a directory that exists")
        if target.exists() and not target.is_file():
            raise OptionError(f"{target}: is a device or a pipe, whose place no file may take; choose another {option}")
        if target.exists() and not overwrite:
            raise OptionError(f"{target}: exists already; choose another {option}, or --force")
    require_free(target, option)


@contextmanager
def claim_new(target: Path, option: str = "--out", instead: str = "") -> Iterator[None]:
    """Claim the name of a directory that does not exist; OptionError for one that does, or could not be written."""
    with claim(target, option):
        if target.exists() and not target.is_dir():
            raise OptionError(f"{target}: is a file; {option} names a directory that does not exist yet")
        if target.exists():
            raise OptionError(f"{target}: exists already; choose another {option}{instead}")
        yield


@contextmanager
def claim(target: Path, option: str = "") -> Iterator[None]:
    """Hold the name of a file or directory while the block runs, from the first to the last of what is written there.

    ClaimedError if another process holds it, OptionError where nothing can be written. A claim ends with its process.
    Directories on the way there are made, and those that are still empty in the end are removed again.
    """
    with ExitStack() as until_ended:
        with _refused_as(target, option):
            if not _lock_in_time(_claim_of(target), until_ended):
                raise _claimed(target)
        with suppress(OSError):
            _sweep_beside(target)  # what ends before it writes leaves nothing either
        yield


def require_free(target: Path, option: str = "") -> None:
    """ClaimedError if another process holds that name, OptionError where nothing can be written."""
    with claim(target, option):
        pass


def require_unclaimed(target: Path) -> None:
    """ClaimedError if another process holds the name of this file or directory."""
    with suppress(FileNotFoundError, PermissionError), ExitStack() as locks:
        try:
            _hold(_claim_of(target), locks, shared=True, wait=False)
        except BlockingIOError as error:
            raise _claimed(target) from error


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; at the end of the block the file is flushed and becomes `target`.

    After an exception, `target` is as it was and the new file is gone. ClaimedError if another writes that file.
    """
    target = real_path(target)
    new = _beside(target, _NEW)
    with claim(target), _named(target):
        try:
            yield new
            _flush(new)
            new.replace(target)
            _flush(target.parent)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


@contextmanager
def whole_directory(target: Path, keep: Callable[[str], bool] = lambda name: False) -> Iterator[Path]:
    """Yield an empty directory beside `target`; at the end of the block it is flushed and takes the place of `target`.

    `keep` tells by its name what of the old directory goes on in the new one, unless the block wrote it anew; without,
    all of the old is gone. After an exception, `target` is as it was and the new directory is gone. Another writer of
    the same directory is waited for.
    """
    target = real_path(target)
    new, old = _beside(target, _NEW), _beside(target, _OLD)
    with _named(target), ExitStack() as locks:
        _begin(new, locks)
        try:
            put_back(target)
            shutil.rmtree(old, ignore_errors=True)
            yield new
            for path in new.rglob("*"):
                _flush(path)
            if target.is_dir():
                _hold(target, locks)
                _link(target, new, lambda name: keep(name) and not _is_temporary(name))
                shutil.copymode(target, new)
            _flush(new)
            leftover = _put_in_place(new, target, old)
        except BaseException:
            _rename_back(target, old)
            shutil.rmtree(new, ignore_errors=True)
            raise
        _flush(target.parent)
        if leftover:  # and nothing else: the name of the new directory may be another writer's by now
            shutil.rmtree(leftover, ignore_errors=True)


def real_path(path: Path) -> Path:
    """Where a path leads through all links, also one that does not exist; OSError for a link that leads to itself."""
    place = Path(os.path.realpath(path))  # `resolve` has another error for that in each version of Python
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return place


def keep_all(_name: str) -> bool:
    """For `whole_directory`: what the block does not write stays."""
    return True


def put_back(target: Path) -> None:
    """Undo the first of the two renames of `whole_directory` if the process was killed before the second.

    While the process lives, it is waited for instead.
    """
    old, deadline = _beside(target, _OLD), time.monotonic() + _MOST_SECONDS
    while not target.exists() and old.is_dir() and time.monotonic() < deadline:
        try:
            with ExitStack() as locks:
                if _hold(old, locks, wait=False):
                    _rename_back(target, old)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:  # another reader did the same, or the disk is read-only
            return


def sweep(parent: Path) -> None:
    """Remove what killed processes left in a directory: their claims, and what they were writing under these names."""
    for path in parent.glob(f".*{_CLAIM}"):
        target = path.with_name(path.name[1 : -len(_CLAIM)])
        with suppress(OSError), ExitStack() as locks:
            _lock(path, locks)
            _sweep_beside(target)
            path.unlink()


def _sweep_beside(target: Path) -> None:
    """Remove what a killed process left beside a target whose claim is held, after putting back what it moved away."""
    put_back(target)
    for leftover in (_beside(target, _NEW), _beside(target, _OLD)):
        if leftover.exists():  # a writer that claims nothing may be at work there
            with ExitStack() as locks:
                _lock(leftover, locks)
                shutil.rmtree(leftover)


def is_directory(target: Path) -> bool:
    """Whether a directory stands there, also for a writer between its two renames."""
    for _ in range(_READINGS_BESIDE_WRITERS):  # a fast writer may be between them at each look
        put_back(target)
        if target.is_dir():
            return True
    return False


def read_whole(directory: Path, read: Callable[[], Found]) -> Found:
    """What `read` returns; asked again where the directory was replaced while it read.

    A file that is only missing between two renames makes no error, so what was read in that time is not taken, either.
    After some readings in vain, writers must wait for it.
    """
    for _ in range(_READINGS_BESIDE_WRITERS):
        before = _identity(directory)
        try:
            found = read()
        except FastnetError:
            if _identity(directory) == before:
                raise
        else:
            if _identity(directory) == before:
                return found
    deadline = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError), ExitStack() as locks:  # it is missing between a writer's two renames
            if _hold(directory, locks, shared=True):
                return read()
    return read()


def copy_files(source: Path, target: Path) -> None:
    """Copy all that is in one directory into another. Unlike `shutil.copytree`, it ends with the first error."""
    for path in source.iterdir():
        if path.is_dir():
            (target / path.name).mkdir(exist_ok=True)
            copy_files(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name)


def _beside(target: Path, suffix: str) -> Path:
    return target.parent / f".{target.name}{suffix}"


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Errors of writing tell what could not be written, as those of a full disk do not by themselves."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None and not isinstance(error, ConnectionError):
            error.filename = str(target)
        raise


@contextmanager
def _refused_as(target: Path, option: str) -> Iterator[None]:
    """Errors of the system are OptionErrors that name the target: its name is too long, its directory read-only."""
    try:
        yield
    except OSError as error:
        place = f" in {Path(error.filename).parent}" if isinstance(error, PermissionError) and error.filename else ""
        advice = f"; choose another {option}" if option else ""
        raise OptionError(f"{target}: cannot be written ({error.strerror}{place}){advice}") from error


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith((_NEW, _OLD, _CLAIM))


def _begin(new: Path, locks: ExitStack) -> None:
    """Make an empty directory and hold it; wait for who else does, and sweep what a dead process left in it."""
    for _ in _until_lost_too_often(new):
        with suppress(FileNotFoundError), ExitStack() as attempt:
            _make_directory(new.parent, parents=True)
            if _hold(new.parent, attempt, shared=True):  # it must not be replaced by another writer meanwhile
                _make_directory(new)
                if _hold(new, attempt):
                    locks.push(attempt.pop_all())
                    break
    for leftover in new.iterdir():
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _make_directory(directory: Path, parents: bool = False) -> None:
    """Make a directory that may be there; FileNotFoundError where it was, and another removed it meanwhile."""
    try:
        directory.mkdir(parents=parents, exist_ok=True)
    except FileExistsError as error:
        if directory.exists():
            raise
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(directory)) from error


def _claim_of(target: Path) -> Path:
    return _beside(real_path(target), _CLAIM)


def _claimed(target: Path) -> ClaimedError:
    return ClaimedError(f"{target}: another process writes to it; wait for its end, or choose another place")


def _lock_in_time(path: Path, locks: ExitStack) -> bool:
    """Make the file of a claim and hold it; False if another does for longer than an instant."""
    for _ in range(_TRIES):
        try:
            _lock_claim(path, locks)
        except BlockingIOError:
            time.sleep(_SECONDS_BETWEEN_TRIES)
        else:
            return True
    return False


def _lock_claim(path: Path, locks: ExitStack) -> None:
    """Make the file of a claim and hold it; again where who had it last, or made its directory, took that away."""
    for _ in _until_lost_too_often(path):
        with suppress(FileNotFoundError), ExitStack() as attempt:
            for parent in reversed(list(takewhile(lambda parent: not parent.exists(), path.parents))):
                with suppress(FileExistsError):  # another made it just now
                    parent.mkdir()
                    attempt.callback(_remove_if_empty, parent)
            path.touch()
            if _hold(path, attempt, wait=False):
                attempt.callback(_remove_claim, path, path.stat())
                locks.push(attempt.pop_all())
                return


def _until_lost_too_often(path: Path) -> Iterator[None]:
    """Turns to make what others may take away at once; FileNotFoundError where nothing can be made at all."""
    for _ in range(_MOST_LOSSES):
        yield
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def _remove_claim(path: Path, found: os.stat_result) -> None:
    """Remove the file of a claim, unless it is another's by now."""
    with suppress(OSError):
        if os.path.samestat(path.stat(), found):
            path.unlink()


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()


def _hold(path: Path, locks: ExitStack, shared: bool = False, wait: bool = True) -> bool:
    """Lock a file or directory until `locks` close or the process ends; False if another stands there after the wait.

    BlockingIOError where it must be waited for and is not.
    """
    if fcntl is None:  # there, what is open can be neither renamed nor removed, and a directory cannot be opened
        path.stat()
        return True
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    locks.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        locks.callback(fcntl.flock, descriptor, fcntl.LOCK_UN)  # closing is not enough where a child was forked
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        pass
    return os.path.samestat(os.stat(path), os.fstat(descriptor))


def _lock(path: Path, locks: ExitStack) -> None:
    """As `_hold`, at once; OSError also where nothing can be locked, so that nobody knows who else writes there."""
    if fcntl is None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path))
    descriptor = os.open(path, os.O_RDONLY)
    locks.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _link(source: Path, target: Path, keep: Callable[[str], bool]) -> None:
    """Have what is kept of one directory in the other too, by further links to the same files."""
    for path in source.iterdir():
        place = target / path.name
        if place.exists() or not keep(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            place.mkdir()
            _link(path, place, keep_all)
            shutil.copystat(path, place)
        else:
            _link_file(path, place)


def _link_file(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without links; a system whose links follow others
        shutil.copy2(source, target, follow_symlinks=False)


def _put_in_place(new: Path, target: Path, old: Path) -> Path | None:
    """Let the new directory take the place of the old one; return where that is now, None if there was none."""
    if not target.exists():
        new.rename(target)
        return None
    if _exchange(new, target):
        return new
    target.rename(old)
    new.rename(target)
    return old


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    status: int = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return status == 0


def _rename_back(target: Path, old: Path) -> None:
    if not target.exists() and old.is_dir():
        old.rename(target)


def _identity(directory: Path) -> tuple[int, int, int] | None:
    """What changes when a directory is replaced, or files in it are."""
    with suppress(OSError):
        found = directory.stat()
        return found.st_dev, found.st_ino, found.st_mtime_ns
    return None


def _flush(path: Path) -> None:
    if os.name == "nt":  # there, directories cannot be opened, and files are flushed by who may write to them only
        if path.is_dir():
            return
        descriptor = os.open(path, os.O_RDWR)
    else:
        descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
