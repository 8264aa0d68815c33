"""A file that the user names is replaced if it is a regular file; a link, pipe or device stays and gets the text."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.system.output_file import write_output


def text(stream: BinaryIO) -> None:
    stream.write(b"the text\n")


def test_a_new_and_a_regular_file_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "table.csv"
    write_output(path, text)
    inode = path.stat().st_ino
    held = path.open("rb")
    write_output(path, text)
    assert path.stat().st_ino != inode  # replaced by a new file: who reads the old one sees the old content
    assert path.read_bytes() == held.read() == b"the text\n"
    held.close()


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    def full(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path, link = tmp_path / "table.csv", tmp_path / "link.csv"
    path.write_text("old")
    link.symlink_to(path)
    for given in (path, link):
        with pytest.raises(VidgenBenchError, match="could not be written: No space left"):
            write_output(given, full)
    assert path.read_text() == "old"
    assert link.is_symlink()


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    target, link = tmp_path / "elsewhere" / "table.csv", tmp_path / "link.csv"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    link.symlink_to(target)
    write_output(link, text)
    assert link.is_symlink()
    assert target.read_bytes() == b"the text\n"
    assert not target.is_symlink()


def test_a_pipe_stays_and_its_reader_gets_the_text(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_output(path, text)
    reader.join(30)
    assert got == [b"the text\n"]
    assert path.is_fifo()


def test_a_device_stays(tmp_path: Path) -> None:
    before = os.stat("/dev/null")
    write_output(Path("/dev/null"), text)
    assert stat.S_ISCHR(os.lstat("/dev/null").st_mode)
    assert os.stat("/dev/null").st_ino == before.st_ino
    device = tmp_path / "device"
    try:
        os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"devices cannot be made or used here: {error.strerror}")
    write_output(device, text)
    assert device.is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_reported() -> None:
    with pytest.raises(VidgenBenchError, match="/dev/full could not be written: No space left on device"):
        write_output(Path("/dev/full"), text)
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("to", ["file", "pipe"])
def test_standard_output_by_name_gets_the_text_where_it_is(tmp_path: Path, to: str) -> None:
    code = (
        "from pathlib import Path; from vidgen_bench.cli.console import write_out\n"
        "print('before'); write_out('the text\\n', Path('/dev/stdout')); print('after')"
    )
    if to == "pipe":
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60).stdout
    else:
        (tmp_path / "log").write_text("earlier\n")
        with (tmp_path / "log").open("ab") as stream:
            subprocess.run([sys.executable, "-c", code], stdout=stream, check=True, timeout=60)
        said = (tmp_path / "log").read_bytes().removeprefix(b"earlier\n")
    assert said == b"before\nthe text\nafter\n"  # and nothing else: no line that says that it was written


@pytest.mark.parametrize("name", ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", "/dev/fd/7"])
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc/self/fd")
def test_an_open_file_by_its_number_gets_the_text_where_it_is(tmp_path: Path, name: str) -> None:
    """A log that standard error is appended to is not replaced: others write to it."""
    code = (
        "import sys; from pathlib import Path; from vidgen_bench.system.output_file import write_output\n"
        f"print('before', file=sys.stderr); write_output(Path({name!r}), lambda stream: stream.write(b'the text\\n'))\n"
        "print('after', file=sys.stderr)"
    )
    (tmp_path / "log").write_text("earlier\n")
    shell = '"$0" -c "$1" 2>>"$2" 7>&2'
    subprocess.run(["sh", "-c", shell, sys.executable, code, tmp_path / "log"], check=True, timeout=60)
    assert (tmp_path / "log").read_bytes() == b"earlier\nbefore\nthe text\nafter\n"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is a folder; expected a file to write"):
        write_output(tmp_path, text)


def test_a_loop_of_links_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(VidgenBenchError, match="could not be written: Too many levels of symbolic links"):
        write_output(tmp_path / "a", text)
