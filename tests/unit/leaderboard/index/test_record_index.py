"""The index changes no table: files that change, indexes that are damaged, locked or of another version, and processes at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.record_files import EXTERNAL, MEASURED, record, write
from vidgen_bench.leaderboard import collect as collecting
from vidgen_bench.leaderboard.collect import Collected
from vidgen_bench.leaderboard.index import database, record_index
from vidgen_bench.records.record import write_record


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    records = [record(seed=0), record(seed=1), record("tgan", diverged=True), record("clips", **EXTERNAL)]
    write(tmp_path / "runs", *records)
    return tmp_path / "runs"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "index.sqlite"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were parsed."""
    paths: list[Path] = []
    read = collecting.read_record
    monkeypatch.setattr(collecting, "read_record", lambda path: paths.append(path) or read(path))
    return paths


@pytest.fixture
def collect(runs: Path, index: Path) -> Callable[[], Collected]:
    return lambda: collecting.collect([runs], index=index)


def afresh(runs: Path, index: Path) -> Collected:
    return collecting.collect([runs], index=index.with_name("another.sqlite"))


def same(one: Collected, other: Collected) -> bool:
    return one.entries == other.entries and list(map(str, one.faults)) == list(map(str, other.faults))


def rows(index: Path) -> int:
    with sqlite3.connect(index) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM records").fetchone()[0])


# ------------------------------------------------------------------------------------------------------------ files that change
def test_an_unchanged_file_is_parsed_once(collect: Callable[[], Collected], parsed: list[Path]) -> None:
    first, second = collect(), collect()
    assert len(parsed) == 4
    assert same(first, second)


def test_a_changed_file_is_parsed_again(collect: Callable[[], Collected], runs: Path, parsed: list[Path]) -> None:
    path = collect().entries[0].path
    write_record(path, record(seed=7))
    assert collect().entries[0].record.seed == 7
    collect()
    assert len(parsed) == 5


def test_a_file_with_another_time_is_parsed_again(collect: Callable[[], Collected], parsed: list[Path]) -> None:
    path = collect().entries[0].path
    os.utime(path, ns=(0, 1))
    collect()
    assert parsed[4:] == [path]


def test_a_deleted_file_is_forgotten(collect: Callable[[], Collected], index: Path) -> None:
    path = collect().entries[0].path
    path.unlink()
    assert len(collect().entries) == 3
    assert rows(index) == 3


def test_other_folders_are_left_alone(collect: Callable[[], Collected], index: Path, tmp_path: Path) -> None:
    collect()
    write(tmp_path / "runs-2", record())
    assert len(collecting.collect([tmp_path / "runs-2"], index=index).entries) == 1
    assert len(collecting.collect([tmp_path / "runs" / "00-tgan+ode1-0"], index=index).entries) == 1
    assert rows(index) == 5


def test_a_moved_folder_is_parsed_again(
    collect: Callable[[], Collected], runs: Path, index: Path, parsed: list[Path]
) -> None:
    collect()
    moved = runs.rename(runs.with_name("moved"))
    assert [e.path.parts[-3] for e in collecting.collect([moved], index=index).entries] == ["moved"] * 4
    assert len(parsed) == 8


def test_the_path_is_as_given(runs: Path, index: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[Path]) -> None:
    collecting.collect([runs], index=index)
    monkeypatch.chdir(runs.parent)
    assert str(collecting.collect([Path("runs")], index=index).entries[0].path) == os.path.join(
        "runs", "00-tgan+ode1-0", "record.json"
    )
    assert len(parsed) == 4


def test_an_invalid_file_is_reported_each_time(collect: Callable[[], Collected], index: Path) -> None:
    path = collect().entries[0].path
    path.write_text("{")
    first, second = collect(), collect()
    assert same(first, second)
    assert "is not valid JSON" in str(second.faults[0])
    assert rows(index) == 3


def test_links(runs: Path, index: Path, tmp_path: Path, parsed: list[Path]) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    write_record(elsewhere, record(seed=3))
    (runs / "linked").mkdir()
    (runs / "linked" / "record.json").symlink_to(elsewhere)
    (runs / "broken").mkdir()
    (runs / "broken" / "record.json").symlink_to(tmp_path / "nothing")
    (runs / "folder").symlink_to(runs, target_is_directory=True)
    (tmp_path / "link").symlink_to(runs, target_is_directory=True)
    for root in (runs, tmp_path / "link"):
        found = collecting.collect([root], index=index)
        assert [e.record.seed for e in found.entries] == [0, 1, 0, 0]
        assert [str(fault).partition("; ")[0] for fault in found.faults] == [
            f"{root / name / 'record.json'} is a symbolic link" for name in ("broken", "linked")
        ]
    assert len(parsed) == 8  # the links twice: they are never in the index
    (found,) = collecting.collect([elsewhere], index=index).entries  # named by the user, it is a record
    assert found.record.seed == 3


def test_a_record_with_numbers_beyond_64_bits(collect: Callable[[], Collected], runs: Path, parsed: list[Path]) -> None:
    write(runs / "large", record(seed=2**64), record(measured=MEASURED | {"peak_memory_bytes": 10**30}))
    assert same(collect(), collect())
    assert len(parsed) == 8


def test_a_name_that_is_not_unicode(collect: Callable[[], Collected], runs: Path, parsed: list[Path]) -> None:
    folder = os.fsencode(runs) + b"/\xff"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system has unicode names only")
    shutil.copy(next(runs.rglob("record.json")), folder + b"/record.json")
    assert same(collect(), collect())
    assert len(parsed) == 5


# ------------------------------------------------------------------------------------------------------------ indexes with faults
def test_every_damaged_byte(collect: Callable[[], Collected], runs: Path, index: Path) -> None:
    collect()
    intact, wanted = index.read_bytes(), afresh(runs, index)
    for place in range(0, len(intact), 397):
        index.write_bytes(intact[:place] + bytes([intact[place] ^ 0xFF]) + intact[place + 1 :])
        assert same(collect(), wanted), place
        assert same(collect(), wanted), place


@pytest.mark.parametrize("content", [b"", b"not a database" * 1000, b"SQLite format 3\x00"])
def test_another_file_in_its_place(
    collect: Callable[[], Collected], runs: Path, index: Path, parsed: list[Path], content: bytes
) -> None:
    wanted = afresh(runs, index)
    index.write_bytes(content)
    assert same(collect(), wanted)
    parsed.clear()
    assert same(collect(), wanted)
    assert parsed == []


@pytest.mark.parametrize("size", [100, 4096, 9000])
def test_a_truncated_index(collect: Callable[[], Collected], runs: Path, index: Path, size: int) -> None:
    wanted = collect()
    with index.open("r+b") as stream:
        stream.truncate(size)
    assert same(collect(), wanted)
    assert same(collect(), wanted)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE records SET numbers = zeroblob(length(numbers) + 8)",
        "UPDATE records SET numbers = x'00'",
        "UPDATE records SET seed = seed + 1, status = 'diverged'",
        "UPDATE records SET track = x'00'",
        "UPDATE records SET spec = NULL",
        "UPDATE parts SET text = replace(text, 'tgan', 'other')",
        "UPDATE parts SET text = 'x'",
        "DELETE FROM parts",
        "DELETE FROM records",
        "DROP TABLE parts",
        "DROP TABLE records",
        "PRAGMA user_version = 2147483647",
        "PRAGMA user_version = 0",
    ],
)
def test_changed_values(collect: Callable[[], Collected], index: Path, change: str, parsed: list[Path]) -> None:
    wanted = collect()
    with sqlite3.connect(index) as connection:
        connection.execute(change)
    parsed.clear()
    assert same(collect(), wanted)
    assert len(parsed) == 4
    assert same(collect(), wanted)
    assert len(parsed) == 4, "the index was not repaired"


def test_an_index_that_another_version_wrote(
    collect: Callable[[], Collected], index: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[Path]
) -> None:
    wanted = collect()
    with monkeypatch.context() as newer:
        newer.setattr(database, "__version__", "99.0")
        assert same(collect(), wanted)
        assert same(collect(), wanted)
    assert same(collect(), wanted)
    assert len(parsed) == 12


def test_a_locked_index(
    collect: Callable[[], Collected], index: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[Path]
) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.01)
    wanted = collect()
    connection = sqlite3.connect(index)
    connection.execute("BEGIN EXCLUSIVE")
    assert same(collect(), wanted)
    connection.close()
    assert len(parsed) == 8
    assert same(collect(), wanted)
    assert len(parsed) == 8


def test_places_where_no_file_can_be_written(runs: Path, index: Path, tmp_path: Path) -> None:
    wanted = afresh(runs, index)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "file" / "index.sqlite", tmp_path / "folder"):
        assert same(collecting.collect([runs], index=place), wanted)


def test_a_cache_that_may_not_be_searched(
    collect: Callable[[], Collected], index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, stat = collect(), os.stat

    def forbidden(path: str | Path, **how: bool) -> os.stat_result:
        if Path(path) == index:
            raise PermissionError(13, "Permission denied")
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", forbidden)
    assert same(collect(), wanted)


def test_a_read_only_index(
    collect: Callable[[], Collected], index: Path, monkeypatch: pytest.MonkeyPatch, runs: Path
) -> None:
    collect()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how))
    (added,) = write(runs / "more", record(seed=9))
    assert [e.record.seed for e in collect().entries if e.path == added] == [9]
    monkeypatch.undo()
    assert rows(index) == 4


def test_an_index_is_started_anew_after_many_insertions(
    collect: Callable[[], Collected], index: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect()
    monkeypatch.setattr(database, "_MOST", 3)
    write(runs / "more", record(seed=9))
    wanted = collect()
    assert rows(index) == 1
    assert same(collect(), wanted)


def test_an_interrupted_first_show_keeps_its_batches(
    collect: Callable[[], Collected], index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_index, "BATCH", 2)
    read, left = collecting.read_record, iter(range(3))

    def interrupted(path: Path) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "read_record", interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect()
    assert rows(index) == 3
    assert len(collect().entries) == 4


def test_several_processes_at_once(runs: Path, index: Path, tmp_path: Path) -> None:
    write(runs / "more", *(record(seed=seed) for seed in range(2, 40)))
    code = (
        "import sys; from pathlib import Path; from vidgen_bench.leaderboard.index import record_index; record_index.BATCH = 1\n"
        "from vidgen_bench.leaderboard.collect import collect; found = collect([Path(sys.argv[1])], index=Path(sys.argv[2]))\n"
        "print(len(found.entries), len(found.faults))"
    )
    command = [sys.executable, "-c", code, str(runs), str(index)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [p.communicate(timeout=120) for p in started] == [("42 0\n", "")] * 3
    assert same(collecting.collect([runs], index=index), afresh(runs, index))
    with sqlite3.connect(index) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert rows(index) == 42
