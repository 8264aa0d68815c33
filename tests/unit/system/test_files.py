"""Files are written atomically."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.system.files import disk_errors, write_bytes, write_text, write_whole


def test_writes_and_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "record.json"
    write_text(path, "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    assert os.listdir(path.parent) == ["record.json"]


def test_the_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    write_text(tmp_path / "ours", "x")
    (tmp_path / "plain").write_text("x")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o400])
def test_a_file_that_is_replaced_keeps_who_may_read_it(tmp_path: Path, mode: int) -> None:
    (tmp_path / "x").write_text("private")
    (tmp_path / "x").chmod(mode)
    write_text(tmp_path / "x", "still private")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode
    assert (tmp_path / "x").read_text() == "still private"


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("old")

    def full(stream: BinaryIO) -> None:
        stream.write(b"half of the n")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(VidgenBenchError) as caught:
        write_whole(path, full)
    assert caught.value.exit_code == 1
    assert str(path) in str(caught.value)
    assert "No space left on device" in str(caught.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["record.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_really_full_device_is_reported() -> None:
    with (
        pytest.raises(VidgenBenchError, match="/dev/full could not be written: No space left on device"),
        disk_errors(Path("/dev/full")),
    ):
        os.write(os.open("/dev/full", os.O_WRONLY), b"x")


def test_another_failure_leaves_nothing_either(tmp_path: Path) -> None:
    def stopped(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x", stopped)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(VidgenBenchError, match=r"runs/a/record\.json could not be written"):
        write_text(tmp_path / "runs" / "a" / "record.json", "x")


def _left(folder: Path, name: str, age: float) -> Path:
    """Write a temporary file as a killed writer of ``name`` leaves it."""
    part = folder / f".{name}.abc123.part"
    part.write_bytes(b"half")
    os.utime(part, (time.time() - age, time.time() - age))
    return part


def test_what_killed_writers_left_is_swept_by_the_next_write(tmp_path: Path) -> None:
    old, fresh, other = _left(tmp_path, "x", 3600), tmp_path / ".x.new.part", _left(tmp_path, "y", 3600)
    fresh.write_bytes(b"half")
    write_bytes(tmp_path / "x", b"whole")
    assert not old.exists()
    assert fresh.exists()
    assert other.exists()


@pytest.mark.timeout(30)
def test_a_pipe_under_a_temporary_name_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".x.abc123.part")
    write_bytes(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert (tmp_path / ".x.abc123.part").is_fifo()


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "Free disk space, then"),
        (errno.EMFILE, "Raise the limit on open files"),
        (errno.ENOLCK, "that has locks"),
    ],
)
def test_the_fix_is_that_of_the_error(number: int, fix: str) -> None:
    with pytest.raises(VidgenBenchError, match=fix) as caught, disk_errors(Path("x")):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(
        f"x could not be written: {os.strerror(number)}. The previous content is intact. "
    )


def test_a_writer_that_lives_keeps_its_file(tmp_path: Path) -> None:
    def write(stream) -> None:
        stream.write(b"first")
        (part,) = tmp_path.glob(".x.*.part")
        os.utime(part, (0, time.time() - 3600))
        write_bytes(tmp_path / "x", b"second")
        assert part.exists()

    write_whole(tmp_path / "x", write)
    assert (tmp_path / "x").read_bytes() == b"first"
