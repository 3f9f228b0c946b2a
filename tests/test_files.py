"""Files and directories are seen whole or not at all: after an exception, the old one stands as it was."""

import errno
import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from fastnet import files
from fastnet.errors import ModelError, sentence_of
from fastnet.files import claim, copy_files, keep_all, put_back, read_whole, whole_directory, whole_file

from .conftest import PATIENCE


@pytest.fixture
def target(tmp_path):
    return tmp_path / "run"


def contents(directory):
    return {path.name: path.read_text() for path in directory.iterdir()}


def names_in(directory):
    return sorted(path.name for path in directory.iterdir())


def write(target, **files):
    with whole_directory(target) as new:
        for name, text in files.items():
            (new / name).write_text(text)


def test_directory_appears_only_at_the_end_of_the_block(target):
    with whole_directory(target) as new:
        (new / "a").write_text("1")
        assert not target.exists()
    assert contents(target) == {"a": "1"}
    assert names_in(target.parent) == ["run"]


def test_parents_are_made(target):
    write(target / "deep" / "er", a="1")
    assert contents(target / "deep" / "er") == {"a": "1"}


@pytest.mark.parametrize("part", ["its parent", "itself"])
def test_what_another_removes_at_the_very_moment_it_is_found_is_made_again(tmp_path, monkeypatch, part):
    target, make, lost = tmp_path / "deep" / "run", os.mkdir, []
    removed = files._beside(target, ".new") if part == "itself" else target.parent

    def make_beside_another(path, mode=0o777, **options):
        if Path(path) == removed and not lost:
            lost.append(path)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        make(path, mode, **options)

    monkeypatch.setattr(os, "mkdir", make_beside_another)
    with whole_directory(target) as new:
        (new / "a").write_text("b")
    assert lost
    assert (target / "a").read_text() == "b"


def test_a_file_where_a_directory_should_be_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError), whole_directory(tmp_path / "file" / "run"):
        pass
    (tmp_path / ".run.new").write_text("mine")
    with pytest.raises(FileExistsError), whole_directory(tmp_path / "run"):
        pass
    assert (tmp_path / "file").read_text() == (tmp_path / ".run.new").read_text() == "mine"


def test_old_directory_stands_until_the_end_and_is_replaced_as_a_whole(target):
    write(target, a="old", b="old")
    with whole_directory(target) as new:
        (new / "a").write_text("new")
        assert contents(target) == {"a": "old", "b": "old"}
    assert contents(target) == {"a": "new"}
    assert names_in(target.parent) == ["run"]


@pytest.mark.parametrize("exception", [RuntimeError, OSError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("existing", [False, True])
def test_exception_leaves_things_as_they_were(target, exception, existing):
    if existing:
        write(target, a="old")

    def fail():
        with whole_directory(target) as new:
            (new / "a").write_text("half")
            raise exception

    with pytest.raises(exception):
        fail()
    assert names_in(target.parent) == ["run"] * existing
    if existing:
        assert contents(target) == {"a": "old"}


@pytest.mark.parametrize("failing", [1, 2], ids=["first rename", "second rename"])
def test_failure_of_a_rename_leaves_the_old_directory(target, monkeypatch, failing):
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)  # as on systems that cannot
    write(target, a="old")
    rename, calls = Path.rename, []

    def fail_once(self, to):
        calls.append(to)
        if len(calls) == failing:
            raise OSError(5, "Input/output error")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(OSError, match="Input/output"):
        write(target, a="new")
    assert contents(target) == {"a": "old"}
    assert names_in(target.parent) == ["run"]


def test_leftovers_of_a_process_that_was_killed_are_cleared(target):
    write(target, a="old")
    for leftover in (".run.new", ".run.old"):
        (target.parent / leftover).mkdir()
        (target.parent / leftover / "b").write_text("left over")
    write(target, a="new")
    assert contents(target) == {"a": "new"}
    assert names_in(target.parent) == ["run"]


def test_old_directory_of_a_process_killed_between_the_renames_outlives_a_failure(target):
    write(target.parent / ".run.old", a="old")

    def fail():
        with whole_directory(target):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert contents(target) == {"a": "old"}


def test_current_directory_can_be_the_target(target, monkeypatch):
    write(target, a="old")
    monkeypatch.chdir(target)
    write(Path(), a="new")
    assert contents(target) == {"a": "new"}


def test_link_to_a_directory_stays_a_link(target):
    write(target, a="old")
    link = target.parent / "latest"
    link.symlink_to("run")
    for text in ("new", "newer"):
        write(link, a=text)
    assert contents(target) == {"a": "newer"}
    assert link.is_symlink()
    assert names_in(target.parent) == ["latest", "run"]


# ---- Files ----------------------------------------------------------------------------------------------------------


def test_file_appears_only_at_the_end_of_the_block_and_replaces_the_old_one(target):
    target.write_text("old")
    with whole_file(target) as new:
        new.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names_in(target.parent) == ["run"]


@pytest.mark.parametrize("exception", [OSError, KeyboardInterrupt])
def test_exception_leaves_the_file_as_it_was(target, exception):
    def fail():
        with whole_file(target) as new:
            new.write_text("half")
            raise exception

    target.write_text("old")
    with pytest.raises(exception):
        fail()
    assert target.read_text() == "old"
    assert names_in(target.parent) == ["run"]


def test_what_a_killed_writer_of_a_file_left_is_swept_by_the_next(target):
    for leftover in (".run.new", ".run.claim"):
        target.with_name(leftover).write_text("left over")
    with whole_file(target) as new:
        new.write_text("new")
    assert target.read_text() == "new"
    assert names_in(target.parent) == ["run"]


def test_errors_of_the_system_name_what_was_written(target):
    for whole in (whole_file, whole_directory):
        with pytest.raises(OSError, match="No space left") as raised, whole(target):
            raise OSError(28, "No space left on device")
        assert raised.value.filename == str(target)
        with pytest.raises(BrokenPipeError) as raised, whole(target):  # of another's doing
            raise BrokenPipeError(32, "Broken pipe")
        assert raised.value.filename is None


def test_files_are_written_where_the_system_has_no_locks(target, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        write(target / "directory", a=text)
        with claim(target / "directory"), whole_file(target / "file") as new:
            new.write_text(text)
    assert contents(target / "directory") == {"a": "new"}
    assert read_whole(target / "directory", lambda: contents(target / "directory")) == {"a": "new"}
    assert names_in(target) == ["directory", "file"]


# ---- Several at a time ----------------------------------------------------------------------------------------------


def test_what_is_kept_stays_with_its_folders_and_links_and_what_is_written_replaces_it(target):
    write(target, a="old", b="old")
    (target / "folder").mkdir()
    (target / "folder" / "c").write_text("deep")
    (target / "link").symlink_to("b")
    (target / ".a.new").mkdir()
    with whole_directory(target, keep_all) as new:
        (new / "a").write_text("new")
    assert ((target / "a").read_text(), (target / "b").read_text()) == ("new", "old")
    assert (target / "folder" / "c").read_text() == "deep"
    assert (target / "link").is_symlink()
    assert names_in(target) == ["a", "b", "folder", "link"]
    with whole_directory(target, keep=lambda name: name == "b") as new:
        pass
    assert contents(target) == {"b": "old"}


def test_a_failure_while_files_are_kept_changes_none_of_them(target, monkeypatch):
    write(target, a="old", b="old")

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "_put_in_place", fail)
    with pytest.raises(OSError, match="Input/output"), whole_directory(target, keep_all) as new:
        (new / "a").write_text("new")
    assert contents(target) == {"a": "old", "b": "old"}
    assert names_in(target.parent) == ["run"]


def test_writers_of_one_directory_wait_for_each_other(target):
    write(target, n="0")

    def add_one():
        for _ in range(10):
            with whole_directory(target, keep_all) as new:
                (new / "n").write_text(str(int((target / "n").read_text()) + 1))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert contents(target) == {"n": "40"}
    assert names_in(target.parent) == ["run"]


@pytest.mark.parametrize("existing", [False, True])
def test_a_writer_that_ends_leaves_alone_what_the_next_one_has_begun(target, monkeypatch, existing):
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)  # as on systems that cannot
    if existing:
        write(target, a="old")
    flush = files._flush
    with ExitStack() as next_writer:

        def begin_the_next(path):
            if path == target.parent:
                monkeypatch.setattr(files, "_flush", flush)
                begun.append(next_writer.enter_context(whole_directory(target)))
            flush(path)

        begun: list[Path] = []
        monkeypatch.setattr(files, "_flush", begin_the_next)
        write(target, a="first")
        assert contents(target) == {"a": "first"}
        (begun[0] / "a").write_text("second")
    assert contents(target) == {"a": "second"}
    assert names_in(target.parent) == ["run"]


def test_who_may_read_a_directory_stays(target):
    write(target, a="old")
    target.chmod(0o700)
    write(target, a="new")
    assert target.stat().st_mode & 0o777 == 0o700


def test_a_directory_is_not_exchanged_while_something_in_it_is_written(target):
    write(target, a="old")

    def write_inside(started):
        with whole_directory(target / "inner") as new:
            started.set()
            time.sleep(0.2)
            (new / "b").write_text("inside")

    started = threading.Event()
    thread = threading.Thread(target=write_inside, args=(started,))
    thread.start()
    started.wait()
    with whole_directory(target, keep_all) as new:
        (new / "a").write_text("new")
    thread.join()
    assert (target / "a").read_text() == "new"
    assert contents(target / "inner") == {"b": "inside"}


def test_a_reader_does_not_repair_what_a_living_writer_holds(target):
    old = target.with_name(".run.old")
    write(old, a="old")
    with ExitStack() as locks:
        files._hold(old, locks)  # as between the two renames
        reader = threading.Thread(target=put_back, args=(target,))
        reader.start()
        reader.join(0.2)
        assert reader.is_alive()
        assert not target.exists()
        target.mkdir()
    reader.join()
    assert old.is_dir()
    assert contents(target) == {}


def test_what_was_replaced_while_it_was_read_is_read_again(target):
    write(target, a="old")
    tries = []

    def read():
        tries.append(1)
        if len(tries) == 1:
            write(target, a="new")
            raise ModelError("was changed or damaged")
        return contents(target)

    assert read_whole(target, read) == {"a": "new"}
    with pytest.raises(ModelError, match="for good"):
        read_whole(target, lambda: (_ for _ in ()).throw(ModelError("for good")))


def test_what_was_only_missing_while_it_was_replaced_is_read_again(target):
    write(target, a="old", b="old")
    tries = []

    def read():
        tries.append(1)
        found = contents(target)
        if len(tries) == 1:
            found.pop("b")  # as one that asks for `b` between the two renames, and takes it for none
            write(target, a="new", b="new")
        return found

    assert read_whole(target, read) == {"a": "new", "b": "new"}
    assert len(tries) == 2


def test_a_folder_that_cannot_be_kept_is_told_by_its_name(target, monkeypatch):
    write(target, a="old")
    (target / "mine" / "deep").mkdir(parents=True)
    (target / "mine" / "deep" / "note").write_text("mine")

    def refuse(source, *_):
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(files, "_link_file", refuse)
    with pytest.raises(PermissionError) as told, whole_directory(target, keep_all) as new:
        (new / "a").write_text("new")
    assert told.value.filename == str(target / "mine" / "deep" / "note")
    assert contents(target / "mine" / "deep") == {"note": "mine"}


def test_where_nothing_links_files_are_copied(target, monkeypatch):
    write(target, a="old", b="old")

    def link(*_, **__):
        raise NotImplementedError("link: follow_symlinks unavailable on this platform")

    monkeypatch.setattr(os, "link", link)
    with whole_directory(target, keep_all) as new:
        (new / "a").write_text("new")
    assert contents(target) == {"a": "new", "b": "old"}


def test_where_directories_cannot_be_opened_files_and_directories_appear_whole(target, monkeypatch):
    """As on Windows, which flushes only what was opened for writing, and has no locks like ours."""

    def open_as_on_windows(path, flags, *mode):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        assert flags & (os.O_RDWR | os.O_WRONLY)
        return os.open(path, flags, *mode)

    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    monkeypatch.setattr(files, "os", SimpleNamespace(**{**vars(os), "name": "nt", "open": open_as_on_windows}))
    write(target, a="old", b="old")
    write(target, a="new")
    with whole_file(target / "b") as new:
        new.write_text("file")
    monkeypatch.undo()
    assert contents(target) == {"a": "new", "b": "file"}
    assert names_in(target.parent) == ["run"]


def test_a_directory_is_copied_with_all_below_it_until_the_first_error(tmp_path, monkeypatch):
    (tmp_path / "one/below").mkdir(parents=True)
    (tmp_path / "one/a").write_text("a")
    (tmp_path / "one/below/b").write_text("b")
    (tmp_path / "two").mkdir()
    copy_files(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two/below/b").read_text() == "b"

    def fail(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr("shutil.copy2", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        copy_files(tmp_path / "one", tmp_path / "two")
    assert sentence_of(caught.value) in {
        f"{tmp_path / 'two' / name}: no space left on device" for name in ("a", "below/b")
    }
