"""A withdrawn seed is known by its row: an option that is set to its default makes another folder, not another seed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions
from vidgen_bench.leaderboard.submissions.withdrawn import read_withdrawn

FOLDER = "test-64/tgan+ode1"

GIVEN = {"backbone.width": (1.0, "given"), "temporal.order": (1, "name")}
"""The options of the records, one of which was set to its default."""

ELSEWHERE = "test-64/tgan+ode1,backbone.width=1.0"


def withdrawn(root: Path) -> Path:
    """Submit a row, withdraw its seeds, and submit the row again from the other folder; return one tombstone."""
    paths = submitted(root, *seeds_of())
    tombstones = [withdraw(path, "wrong data") for path in paths]
    submitted(root, *seeds_of(better=0.5, options=GIVEN))
    return tombstones[3]


def test_verify_lists_a_withdrawn_seed_in_another_folder(tmp_path: Path) -> None:
    withdrawn(tmp_path)
    found = reasons(tmp_path)
    assert set(found) == {f"{ELSEWHERE}/seed-{n}.json" for n in range(5)}
    reason = f"seed 3 was withdrawn, see {FOLDER}/seed-3.withdrawn.json; a withdrawn seed is not sent in again"
    assert found[f"{ELSEWHERE}/seed-3.json"] == reason
    assert read_submissions(tmp_path).records == {}


def test_the_leaderboard_has_no_withdrawn_seed_from_another_folder(tmp_path: Path) -> None:
    withdrawn(tmp_path)
    for _ in ("without an index", "with it"):
        found = collect([], [tmp_path], tmp_path / "index")
        assert found.entries == ()
        assert len(found.faults) == 5
        assert "is not accepted: seed 0 was withdrawn, see test-64/tgan+ode1/seed-0.withdrawn.json" in str(
            found.faults[0]
        )


def test_the_table_tells_why_a_seed_is_missing_wherever_its_row_lies(tmp_path: Path) -> None:
    withdraw(submitted(tmp_path, *seeds_of())[3], "wrong data")
    submitted(tmp_path, *seeds_of(options={"backbone.width": (1.0, "given"), "temporal.order": (1, "given")}))
    later = tmp_path / "test-64/tgan+ode1,temporal.order=1"  # the tombstone does not lie beside the records of its row
    shutil.move(tmp_path / FOLDER, later)
    for path in later.glob("seed-?.json"):
        path.unlink()
    found = collect([], [tmp_path])
    (ranking,) = rankings(found.entries, withdrawn=found.withdrawn)
    assert [(row.missing, row.withdrawn) for row in ranking.rows] == [((3,), {3: "wrong data"})]


def test_another_row_is_not_withdrawn(tmp_path: Path) -> None:
    withdrawn(tmp_path)
    shutil.rmtree(tmp_path / ELSEWHERE)
    other = {"backbone.width": (2.0, "given"), "temporal.order": (1, "name")}
    submitted(tmp_path, *seeds_of(options=other), *seeds_of("tgan+ode2"))
    assert reasons(tmp_path) == {}
    assert (len(collect([], [tmp_path]).entries), collect([], [tmp_path]).faults) == (10, ())


def test_a_tombstone_of_an_earlier_version_holds_in_its_folder(tmp_path: Path) -> None:
    tombstone = withdrawn(tmp_path)
    spoil(tombstone, lambda t: t.pop("row"))
    submitted(tmp_path, *seeds_of())
    found = reasons(tmp_path)
    assert "seed 3 was withdrawn" in found[f"{FOLDER}/seed-3.json"]
    assert "seed 3 was withdrawn" not in found.get(f"{ELSEWHERE}/seed-3.json", "")
    assert any(f"{FOLDER}/seed-3.json is not accepted: seed 3 was" in str(f) for f in collect([], [tmp_path]).faults)


@pytest.mark.parametrize("row", [None, "0" * 64])
def test_a_new_tombstone_names_the_row_of_its_record(tmp_path: Path, row: str | None) -> None:
    root, before = tmp_path / "results", tmp_path / "before"
    path = submitted(root, *seeds_of())[3]
    shutil.copytree(root, before)
    tombstone = withdraw(path, "wrong data")
    spoil(tombstone, lambda t: t.update(row=row))
    found = {
        f.path: f.reason for f in check_history(read_submissions(before), read_submissions(root)) if f.kind == "fault"
    }
    assert list(found) == [f"{FOLDER}/seed-3.withdrawn.json"]
    assert "does not name the row of test-64/tgan+ode1/seed-3.json" in found[f"{FOLDER}/seed-3.withdrawn.json"]


def test_a_record_with_a_fault_is_withdrawn_without_a_row(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[3]
    spoil(path, lambda t: t["scores"]["fid"].update(mean=1.0))
    assert json.loads(withdraw(path, "edited by hand").read_text())["row"] is None


def test_links_pipes_and_large_files_are_not_read(tmp_path: Path) -> None:
    tombstone = withdrawn(tmp_path)
    (record,) = seeds_of(seeds=[3])
    assert read_withdrawn(tmp_path).seeds(record, FOLDER)[3] == f"{FOLDER}/seed-3.withdrawn.json"
    content = tombstone.read_text()
    tombstone.write_text(content + " " * 20_000)
    assert 3 not in read_withdrawn(tmp_path).seeds(record, FOLDER)
    tombstone.unlink()
    os.mkfifo(tombstone)
    assert 3 not in read_withdrawn(tmp_path).seeds(record, FOLDER)


def test_the_hash_of_a_row_is_the_same_in_every_version() -> None:
    (record,) = seeds_of(seeds=[0])
    assert row_hash(record) == "a92d15045a68cf2cb65e762a6e7c529cc43c035a02fc47fe59e6e2caa4fcffb3"
