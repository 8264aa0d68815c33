"""Files with their hash beside them: a change is noticed, a kill leaves no wrong hash, and a file without one gets it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vidgen_bench.errors import DamagedError
from vidgen_bench.system import hashed_files
from vidgen_bench.system.hashed_files import delete_hashed, hash_file, read_hashed, write_hashed


def write(path: Path, content: bytes) -> None:
    write_hashed(path, lambda stream: stream.write(content))


def test_the_hash_is_that_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write(path, b"content")
    assert read_hashed(path) == b"content"
    assert hash_file(path).read_text() == f"{hashlib.sha256(b'content').hexdigest()}  a.json\n"


def test_every_bit_counts(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, b"content")
    for bit in range(8 * 7):
        changed = bytearray(b"content")
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedError, match="a has changed since it was written"):
            read_hashed(path)
    path.write_bytes(b"content")
    assert read_hashed(path) == b"content"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0" * 64, b"none  a\n"])
def test_a_damaged_hash_counts_as_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    write(path, b"content")
    hash_file(path).write_bytes(content)
    with pytest.raises(DamagedError):
        read_hashed(path)


def test_a_file_without_a_hash_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"of an earlier version")
    assert read_hashed(path) == b"of an earlier version"
    path.write_bytes(b"of an earlier versioN")
    with pytest.raises(DamagedError):
        read_hashed(path)


@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_at_any_write_leaves_no_wrong_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    path, names = tmp_path / "a", ["write_whole", "write_text"]
    write(path, b"old")

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(hashed_files, names[at - 1], killed)
        with pytest.raises(KeyboardInterrupt):
            write(path, b"new")
    assert read_hashed(path) == (b"old" if at == 1 else b"new")


def test_both_are_deleted(tmp_path: Path) -> None:
    write(tmp_path / "a", b"content")
    delete_hashed(tmp_path / "a")
    delete_hashed(tmp_path / "a")
    assert not list(tmp_path.iterdir())
