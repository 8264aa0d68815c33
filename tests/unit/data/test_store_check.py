"""Damage to a finished store is noticed when it is opened, whatever changed, and the videos are decoded again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.data_files import write_tree
from tests.kit.prepared_videos import prepared
from vidgen_bench.api import VideoSource
from vidgen_bench.data import store_check
from vidgen_bench.data.store import Store
from vidgen_bench.data.store_check import check_store, verified_file, verify_store
from vidgen_bench.errors import DamagedStoreError


def silent(what: str, done: int, total: int) -> None:
    """Discard a report."""


@pytest.fixture
def source(tmp_path: Path) -> VideoSource:
    return write_tree(tmp_path)


@pytest.fixture
def store(source: VideoSource, tmp_path: Path) -> Store:
    return prepared(source, tmp_path / "cache")


def flip(path: Path, at: int, *, keep_time: bool = False) -> None:
    """Flip one bit, as a disk does (the file's time stays) or as a program does."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


HARMS: dict[str, Callable[[Path], None]] = {
    "a bit of the first video": lambda folder: flip(folder / "frames.u8", 0),
    "a bit of the last video": lambda folder: flip(folder / "frames.u8", -1),
    "a bit on the disk": lambda folder: flip(folder / "frames.u8", 20_000, keep_time=True),
    "the end": lambda folder: cut(folder / "frames.u8"),
    "the frames": lambda folder: (folder / "frames.u8").unlink(),
    "the index": lambda folder: (folder / "index.json").unlink(),
    "half of the index": lambda folder: (folder / "index.json").write_bytes((folder / "index.json").read_bytes()[:300]),
    "a label": lambda folder: (folder / "index.json").write_text(
        (folder / "index.json").read_text().replace('"label": 1', '"label": 0', 1)
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damage_is_reported_and_the_videos_are_decoded_again(
    source: VideoSource, store: Store, tmp_path: Path, harm: str
) -> None:
    good = {name: (store.folder / name).read_bytes() for name in ("frames.u8", "index.json")}
    HARMS[harm](store.folder)
    said: list[str] = []
    again = prepared(source, tmp_path / "cache", report=lambda what, done, total: said.append(what))
    assert "decoded again now" in " ".join(said)
    assert again.fingerprint == store.fingerprint
    assert {name: (again.folder / name).read_bytes() for name in good} == good
    said.clear()
    prepared(source, tmp_path / "cache", report=lambda what, done, total: said.append(what))
    assert "decoding" not in said


def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Return the list to which every later check appends how many videos it hashed (None: all)."""
    found: list[int | None] = []
    verify = Store.verify

    def noted(store: Store, report=silent, only=None) -> None:
        found.append(None if only is None else len(only))
        verify(store, report, only)

    monkeypatch.setattr(Store, "verify", noted)
    return found


def test_every_frame_is_hashed_once_per_boot_and_after_the_file_changed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_check, "SAMPLED", 20 * 3 * 16 * 16)  # two videos of 8 to 10 frames
    found = hashed(monkeypatch)
    check_store(store, silent)
    assert found == [2]
    monkeypatch.setattr(store_check, "BOOT_ID", tmp_path / "boot")
    (tmp_path / "boot").write_text("another boot\n")
    check_store(store, silent)
    check_store(store, silent)
    (tmp_path / "boot").write_text("the next boot\n")
    check_store(store, silent)
    check_store(store, silent)
    assert found == [2, None, 2, None, 2]
    os.utime(store.folder / "frames.u8")
    check_store(store, silent)
    assert found[-1] is None
    (tmp_path / "boot").write_text("another boot\n")
    check_store(store, silent)
    assert found[-1] is None, "it was verified in that boot, but before the file changed"


def test_without_a_boot_id_every_frame_is_hashed_once_per_day(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_check, "BOOT_ID", tmp_path / "absent")
    found = hashed(monkeypatch)
    check_store(store, silent)
    check_store(store, silent)
    assert found == [None, 6]


def test_a_store_of_an_earlier_version_is_verified_in_full_and_kept(
    source: VideoSource, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified_file(store.folder).unlink()
    found = hashed(monkeypatch)
    assert prepared(source, tmp_path / "cache").folder == store.folder
    assert found == [None]
    assert verified_file(store.folder).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"size": 1}'])
def test_a_damaged_mark_only_costs_a_full_check(store: Store, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    verified_file(store.folder).write_text(content)
    found = hashed(monkeypatch)
    check_store(store, silent)
    check_store(store, silent)
    assert found == [None, 6]


def test_a_cache_that_cannot_be_written_is_checked_at_every_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = verified_file(store.folder)
    mark.unlink()
    mark.mkdir()  # so that nothing can be written there, not even by root
    found = hashed(monkeypatch)
    check_store(store, silent)
    check_store(store, silent)
    assert found == [None, None]


def test_what_verify_finds_is_not_forgotten_by_the_next_start(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_check, "SAMPLED", 0)
    flip(store.folder / "frames.u8", 5, keep_time=True)
    check_store(store, silent)  # the sample is empty here, and the time is that of before
    with pytest.raises(DamagedStoreError, match="the frames of Alpha/v_Alpha_g01_c01"):
        verify_store(store, silent)
    with pytest.raises(DamagedStoreError, match="the frames of Alpha/v_Alpha_g01_c01"):
        check_store(store, silent)


def test_a_store_damaged_again_at_once_ends_the_command(
    source: VideoSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = "vidgen_bench.data.prepare.sync_folder"
    monkeypatch.setattr(sync, lambda folder: flip(folder / "frames.u8", 3) if (folder / "frames.u8").exists() else None)
    with pytest.raises(DamagedStoreError, match="check the memory and the disk of this machine") as caught:
        prepared(source, tmp_path / "cache")
    assert caught.value.exit_code == 1
