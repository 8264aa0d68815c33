"""What the cache holds, as entries."""

from __future__ import annotations

from pathlib import Path

from tests.kit.cache_files import KEY, STATISTICS, filled_cache
from vidgen_bench.experiments.cache.contents import KINDS, cache_entries
from vidgen_bench.experiments.cache.notes import note_of


def test_every_entry_has_its_kind_its_companions_and_its_lock(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    found = {
        entry.name: (entry.kind, entry.files, entry.lock and entry.lock.relative_to(cache).as_posix())
        for entry in cache_entries(cache)
    }
    assert found == {
        "shapes-1": ("videos", 2, "shapes-1.lock"),
        "data-sets/vidgen-mine-clips": ("videos", 1, "data-sets/vidgen-mine-clips.lock"),
        f"stores/{KEY}": ("decoded", 3, f"stores/{KEY}.lock"),
        f"reference/{STATISTICS}": ("reference", 2, f"reference/{STATISTICS}.lock"),
        "anchors/f4.json": ("anchors", 2, "anchors/f4.json.lock"),
        "leaderboard.sqlite": ("index", 2, None),
        ".shapes-1.abc.part": ("unfinished", 1, "shapes-1.lock"),
        "stores/0123.partial": ("unfinished", 1, "stores/0123.lock"),
        "stores/0123.faults.json": ("unfinished", 1, "stores/0123.lock"),
        "notes": ("other", 1, None),
        "linked": ("other", 1, None),
    }
    assert {entry.kind for entry in cache_entries(cache)} == set(KINDS)
    assert (
        sum(entry.bytes for entry in cache_entries(cache)) == 160
    )  # sixteen files; the link and empty locks count nothing


def test_a_missing_cache_and_one_that_is_a_file_are_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert cache_entries(tmp_path / "missing") == cache_entries(tmp_path / "file") == []


def test_a_link_in_the_place_of_a_folder_is_nobodys(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (tmp_path / "outside" / KEY).mkdir(parents=True)
    cache.mkdir()
    (cache / "stores").symlink_to(tmp_path / "outside")
    assert [(entry.kind, entry.name) for entry in cache_entries(cache)] == [("other", "stores")]


def test_notes_say_what_is_inside_and_damaged_files_have_none(tmp_path: Path) -> None:
    cache = filled_cache(tmp_path / "cache")
    (cache / "stores" / KEY / "index.json").write_text(
        '{"geometry": {"crop": [0, 10, 64, 48]}, "videos": [1, 2], "classes": ["a"], "split": 1}'
    )
    (cache / "anchors" / "f4.json").write_text('{"real": {"is": 1, "fid": 2}}')
    notes = {entry.kind: note_of(entry) for entry in cache_entries(cache)}
    assert notes["decoded"] == "2 videos of 1 classes, 64 x 48 pixels, split 1"
    assert notes["anchors"] == "scores of is, fid"
    assert (notes["reference"], notes["other"]) == ("", "")
