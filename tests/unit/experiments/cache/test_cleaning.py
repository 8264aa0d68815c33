"""Entries of the cache are removed, and nothing that a process needs now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.kit.cache_files import KEY, aged, filled_cache
from vidgen_bench.data.lock import hold
from vidgen_bench.errors import BusyError, RecordError, RequestError
from vidgen_bench.experiments.cache.cleaning import chosen_entries, remove_entry
from vidgen_bench.experiments.cache.contents import CacheEntry, cache_entries

DAY = 86400.0


def entry(cache: Path, name: str) -> CacheEntry:
    (found,) = [one for one in cache_entries(cache) if one.name == name]
    return found


def chosen(cache: Path, *kinds: str, older_than: float | None = None, now: float = 1e9) -> list[str]:
    return [one.name for one in chosen_entries(cache_entries(cache), kinds, older_than, now)]


def test_kinds_are_chosen_and_what_is_not_ours_never_is(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    assert chosen(cache, "anchors", "index") == ["anchors/f4.json", "leaderboard.sqlite"]
    assert set(chosen(cache, "all")) == {one.name for one in cache_entries(cache)} - {"notes", "linked"}


def test_the_age_is_that_of_the_file_used_last(tmp_path: Path) -> None:
    cache, now = filled_cache(tmp_path / "cache"), 4e9
    for one in cache_entries(cache):
        for path in one.paths:
            aged(cache, path.relative_to(cache).as_posix(), 10 * DAY, now)
    aged(cache, f"stores/{KEY}/frames.u8", DAY, now)
    left = chosen(cache, older_than=5, now=now)
    assert f"stores/{KEY}" not in left
    assert {"shapes-1", "anchors/f4.json"} <= set(left)
    assert chosen(cache, "decoded", older_than=1, now=now) == [f"stores/{KEY}"]
    assert chosen(cache, older_than=11, now=now) == []


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (("anchor",), "Did you mean 'anchors'"),
        (("other",), "nothing called 'other'"),
        ((), "Name what to remove: videos, "),
    ],
)
def test_a_wrong_word_and_no_word_are_refused(tmp_path: Path, kinds: tuple[str, ...], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        chosen(tmp_path, *kinds)


def test_everything_that_is_ours_can_be_removed(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    for one in cache_entries(cache):
        if one.kind != "other":
            remove_entry(one, cache)
    left = sorted(
        path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file() and path.stat().st_size
    )
    assert left == ["notes/mine.txt"]
    assert (cache / "linked").is_symlink()


@pytest.mark.parametrize(
    ("name", "locked"),
    [
        ("shapes-1", "shapes-1"),
        ("stores/0123.partial", "stores/0123"),
        ("anchors/f4.json", "anchors/f4.json"),
    ],
)
def test_what_a_process_makes_stays(tmp_path: Path, name: str, locked: str) -> None:
    cache = filled_cache(tmp_path / "cache")
    one = entry(cache, name)
    with hold(cache / locked, lambda *_: None, ""), pytest.raises(BusyError, match="is being made by another process"):
        remove_entry(one, cache)
    assert all(path.exists() for path in one.paths)


def test_a_lock_inside_the_folder_of_a_data_set_counts(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    inner = cache / "data-sets" / "vidgen-mine-clips" / "v2"
    with hold(inner, lambda *_: None, ""), pytest.raises(BusyError):
        remove_entry(entry(cache, "data-sets/vidgen-mine-clips"), cache)
    assert (cache / "data-sets/vidgen-mine-clips/video.avi").exists()


def test_an_index_that_is_being_written_stays(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    for name in ("leaderboard.sqlite", "leaderboard.sqlite-wal"):
        (cache / name).unlink()
    writer = sqlite3.connect(cache / "leaderboard.sqlite", isolation_level=None)
    writer.execute("CREATE TABLE a (b)")
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match="is being written"):
        remove_entry(entry(cache, "leaderboard.sqlite"), cache)
    assert (cache / "leaderboard.sqlite").exists()
    writer.close()
    remove_entry(entry(cache, "leaderboard.sqlite"), cache)
    assert not (cache / "leaderboard.sqlite").exists()


def test_a_link_is_not_followed_by_a_removal(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    one = entry(cache, f"stores/{KEY}")
    (cache / "stores").rename(tmp_path / "outside")
    (cache / "stores").symlink_to(tmp_path / "outside")
    with pytest.raises(RecordError, match="a symbolic link"):
        remove_entry(one, cache)
    assert (tmp_path / "outside" / KEY / "frames.u8").exists()
