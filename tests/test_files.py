"""Files and directories are seen whole or not at all: after an exception, the old one stands as it was."""

from pathlib import Path

import pytest

from fastnet import files
from fastnet.files import whole_directory, whole_file


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
