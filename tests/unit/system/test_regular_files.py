"""Files inside a folder are regular files of that folder: nothing is read, emptied or replaced outside of it."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from vidgen_bench.errors import RecordError, UnreadableError, VidgenBenchError
from vidgen_bench.system import regular_files
from vidgen_bench.system.files import write_text
from vidgen_bench.system.lock_file import acquire
from vidgen_bench.system.regular_files import appending, is_there, read_file, reading, require_folders


def append(path: Path, below: Path | None = None) -> None:
    with appending(path, below=below) as stream:
        stream.truncate(0)
        stream.write(b"ours")


def lock(path: Path, below: Path | None = None) -> None:
    acquire(path)


def write(path: Path, below: Path | None = None) -> None:
    write_text(path, "ours", below=below)


ACTIONS: dict[str, Callable[..., object]] = {"read": read_file, "append": append, "write": write, "lock": lock}


def a_link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def a_link_to_nothing(path: Path, victim: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def a_link_to_a_device(path: Path, victim: Path) -> None:
    path.symlink_to("/dev/zero")


def a_pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        before = os.getcwd()
        os.chdir(path.parent)  # the address of a socket is short
        try:
            bound.bind(path.name)
        finally:
            os.chdir(before)


def a_folder(path: Path, victim: Path) -> None:
    path.mkdir()


KINDS = {
    a_link: "a symbolic link",
    a_link_to_nothing: "a symbolic link",
    a_link_to_a_device: "a symbolic link",
    a_pipe: "a named pipe",
    a_socket: "a socket",
    a_folder: "a folder",
}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("precious")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_what_is_no_regular_file_is_refused_by_name_and_left_alone(
    folder: Path, victim: Path, make: Callable[[Path, Path], None], action: str
) -> None:
    path = folder / "trace.jsonl"
    make(path, victim)
    before = os.lstat(path)
    with pytest.raises(RecordError) as caught:
        ACTIONS[action](path)
    assert str(caught.value).startswith(f"{path} is {KINDS[make]}; expected a regular file.")
    assert caught.value.exit_code == 2
    assert victim.read_text() == "precious"
    assert (os.lstat(path).st_ino, os.lstat(path).st_mode) == (before.st_ino, before.st_mode)
    assert os.listdir(folder) == ["trace.jsonl"]


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="this system has no /dev/zero")
def test_a_device_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match=r"^/dev/zero is a device; expected a regular file\."):
        read_file(Path("/dev/zero"))


@pytest.mark.parametrize("action", ["read", "append", "write"])
@pytest.mark.parametrize("inner", ["evaluations", "evaluations/fvd"])
def test_a_folder_below_the_given_one_that_is_a_link_is_refused(
    folder: Path, tmp_path: Path, inner: str, action: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "fvd").mkdir(parents=True)
    (outside / "fvd" / "record.json").write_text("precious")
    (outside / "record.json").write_text("precious")
    (folder / inner).parent.mkdir(exist_ok=True)
    (folder / inner).symlink_to(outside)
    with pytest.raises(RecordError, match=r"is a symbolic link; expected a folder") as caught:
        ACTIONS[action](folder / "evaluations" / "fvd" / "record.json", below=folder)
    assert str(folder / inner) in str(caught.value)
    assert (outside / "fvd" / "record.json").read_text() == (outside / "record.json").read_text() == "precious"
    assert sorted(os.listdir(outside)) == ["fvd", "record.json"]


def test_the_given_folder_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    write_text(tmp_path / "link" / "a" / "record.json", "x", below=tmp_path / "link")
    assert read_file(tmp_path / "link" / "a" / "record.json", below=tmp_path / "link") == b"x"
    assert (folder / "a" / "record.json").read_text() == "x"


@pytest.mark.parametrize("path", ["../victim", "a/../../victim", "/etc"])
def test_a_path_that_leads_out_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(RecordError, match="leads out of the folder"):
        require_folders(folder / path, folder)


def test_a_link_that_appears_between_the_check_and_the_opening_is_not_followed(
    folder: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "trace.jsonl"
    monkeypatch.setattr(regular_files, "require_regular", lambda path, follow=False: path.symlink_to(victim))
    with pytest.raises(OSError, match=r"symbolic links"):
        append(path)
    assert victim.read_text() == "precious"


def test_a_pipe_that_appears_between_the_check_and_the_opening_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regular_files, "require_regular", lambda path, follow=False: os.mkfifo(path))
    with pytest.raises(RecordError, match="is a named pipe"):
        read_file(folder / "record.json")


def test_regular_files_are_read_and_appended_to(folder: Path) -> None:
    path = folder / "trace.jsonl"
    append(path)
    with appending(path) as stream:
        assert stream.tell() == 4
        stream.write(b" more")
    assert read_file(path) == b"ours more"


def test_a_large_file_is_refused_without_being_read(folder: Path) -> None:
    path = folder / "record.json"
    with path.open("wb") as stream:
        stream.truncate(2**40)  # sparse
    with pytest.raises(RecordError, match=r"has 1,099,511,627,776 bytes; expected at most 67,108,864\."):
        read_file(path)
    path.write_bytes(b"1234")
    assert read_file(path, most=4) == b"1234"
    with pytest.raises(RecordError, match=r"has 4 bytes; expected at most 3\."):
        read_file(path, most=3)


def test_a_missing_file_is_the_callers_to_explain(folder: Path) -> None:
    for path in (folder / "none", folder / "none" / "none"):
        with pytest.raises(FileNotFoundError):
            read_file(path)
        assert not is_there(path)


@pytest.mark.parametrize("fault", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("at", ["open", "lstat"])
def test_a_file_that_cannot_be_read_may_be_intact(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: int, at: str
) -> None:
    path = folder / "last.pt"
    path.write_bytes(b"x")
    before = getattr(os, at)

    def failing(name: Path, *rest: int, **options: object) -> object:
        if str(name) == str(path):
            raise OSError(fault, os.strerror(fault), str(name))
        return before(name, *rest, **options)

    monkeypatch.setattr(regular_files.os, at, failing)
    with pytest.raises(UnreadableError) as caught, reading(path):
        pass
    assert str(caught.value).startswith(f"{path} could not be read: {os.strerror(fault)}. It may be intact")
    assert (caught.value.exit_code, "Delete" in str(caught.value)) == (1, False)
    if at == "lstat":
        with pytest.raises(UnreadableError, match="could not be read"):
            is_there(path)


def test_a_disk_that_fails_while_reading_is_no_damage(folder: Path) -> None:
    (folder / "last.pt").write_bytes(b"x")
    with pytest.raises(UnreadableError, match="Input/output error"), reading(folder / "last.pt"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    with pytest.raises(OSError, match=r"^a library's word$"), reading(folder / "last.pt"):
        raise OSError("a library's word")


def test_a_link_is_followed_only_where_that_is_asked_for_and_only_to_a_regular_file(folder: Path, victim: Path) -> None:
    (folder / "weights").symlink_to(victim)
    with reading(folder / "weights", follow=True) as stream:
        assert stream.read() == b"precious"
    (folder / "device").symlink_to("/dev/zero")
    with pytest.raises(RecordError, match="is a device"), reading(folder / "device", follow=True):
        pass


def test_a_lock_file_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VidgenBenchError, match=r"\.lock could not be written: "):
        acquire(tmp_path / "file" / ".lock")


@pytest.mark.parametrize("action", ["append", "lock"])
def test_a_file_with_a_second_name_is_not_changed_in_place(folder: Path, victim: Path, action: str) -> None:
    path = folder / "trace.jsonl"
    os.link(victim, path)
    with pytest.raises(RecordError, match=r"trace\.jsonl has 2 names \(hard links\)"):
        ACTIONS[action](path)
    assert victim.read_text() == "precious"
    write(path)  # replaces this name alone
    assert victim.read_text() == "precious"


def test_an_empty_file_with_a_second_name_may_be_locked(folder: Path, victim: Path) -> None:
    victim.write_text("")
    os.link(victim, folder / ".lock")
    acquire(folder / ".lock")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
@pytest.mark.filterwarnings("ignore:flock not supported")
@pytest.mark.timeout(30)
def test_a_file_system_without_locks_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Versions of filelock report it, take it for the lock of another process, or use a file in place of a lock."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    (folder / ".lock").touch()
    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(VidgenBenchError, match=r"Use a folder on (another file system|a file system that has locks)"):
        acquire(folder / ".lock")


def test_a_lock_that_is_held_is_not_waited_for(folder: Path) -> None:
    with (folder / ".lock").open("ab") as held:  # as by another process
        fcntl.flock(held, fcntl.LOCK_EX)
        assert acquire(folder / ".lock") is None
    last = acquire(folder / ".lock")
    assert last is not None
    assert last.is_locked
