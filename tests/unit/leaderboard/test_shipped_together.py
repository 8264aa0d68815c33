"""What a leaderboard does with submitted records that other files contradict: as ``verify`` does, and from any folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kit.record_files import write
from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.leaderboard.collect import Collected, collect
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.notes import notes
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import read_submissions

FOLDER = "test-64/tgan+ode1"


def shown(found: Collected) -> Ranking:
    (ranking,) = rankings(found.entries, withdrawn=found.withdrawn)
    return ranking


def refused(found: Collected) -> list[str]:
    return [str(fault) for fault in found.faults]


def test_a_withdrawn_record_that_is_copied_back_is_no_row(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[3]
    kept = path.read_bytes()
    withdraw(path, "wrong data")
    path.write_bytes(kept)
    for _ in ("without an index", "with it"):
        found = collect([], [tmp_path])
        assert [e.record.seed for e in found.entries] == [0, 1, 2, 4]
        (fault,) = refused(found)
        assert fault.startswith(
            f"The record {path} is not accepted: seed 3 was withdrawn, see {FOLDER}/seed-3.withdrawn"
        )
        assert fault.endswith(f"For all faults, run: vidgen-bench verify {tmp_path}")


def test_records_with_the_checkpoints_of_another_spec_are_no_row(tmp_path: Path) -> None:
    """Without the state before, nothing tells which of two equal checkpoints is the copy."""
    first, copies = submitted(tmp_path, *seeds_of()), submitted(tmp_path, *seeds_of("tgan+ode2", better=1.0))
    for path, other in zip(copies, seeds_of(), strict=True):
        assert other.hashes is not None
        spoil(path, lambda table, sha=other.hashes.checkpoint: table["hashes"].update(checkpoint=sha))
    for _ in ("without an index", "with it"):
        found = collect([], [tmp_path])
        assert found.entries == ()
        assert len(found.faults) == 10
        assert all("has the same checkpoint as" in fault for fault in refused(found))
    assert set(reasons(tmp_path)) == {path.relative_to(tmp_path).as_posix() for path in (*first, *copies)}


def test_a_row_that_lacks_a_seed_is_no_fault_but_has_no_rank(tmp_path: Path) -> None:
    submitted(tmp_path, *seeds_of())[3].unlink()
    found = collect([], [tmp_path])
    assert found.faults == ()
    assert shown(found).rows[0].missing == (3,)
    assert any("is not ranked: seed 3 missing. Run: vidgen-bench run" in note for note in notes(shown(found)))


def test_a_withdrawn_seed_has_no_command_that_runs_it(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    withdraw(paths[3], "wrong data")
    paths[4].unlink()
    lines = [note for note in notes(shown(collect([], [tmp_path]))) if "not ranked" in note]
    assert lines[0].startswith("tgan+ode1 is not ranked: seed 4 missing. Run: ")
    assert lines[0].endswith("--seeds 4")
    assert lines[1:] == ["tgan+ode1 is not ranked: seed 3 was withdrawn: wrong data."]


def test_a_withdrawn_seed_that_was_run_again_is_noted(tmp_path: Path) -> None:
    root, runs = tmp_path / "results", tmp_path / "runs"
    withdraw(submitted(root, *seeds_of())[3], "wrong data")
    write(runs, *seeds_of(seeds=[3], better=0.5))
    ranking = shown(collect([runs], [root]))
    assert (ranking.rows[0].missing, ranking.rows[0].withdrawn) == ((), {3: "wrong data"})
    assert any(
        note.startswith("tgan+ode1, seed 3: the submitted record was withdrawn: wrong data.") for note in notes(ranking)
    )


def test_the_page_is_the_same_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    withdraw(submitted(tmp_path / "lb", *seeds_of())[3], "wrong data")
    monkeypatch.chdir(tmp_path / "lb")
    inside = read_submissions(Path()).board()
    monkeypatch.chdir(tmp_path)
    assert read_submissions(Path("lb")).board() == inside == read_submissions(tmp_path / "lb").board()
    assert "seed 3 was withdrawn: wrong data" in inside


def test_records_that_were_copied_elsewhere_are_found_with_their_folder(tmp_path: Path) -> None:
    root, copy = tmp_path / "results", tmp_path / "copy"
    withdraw(submitted(root, *seeds_of())[3], "wrong data")
    shutil.copytree(root, copy)
    found = collect([], [root, copy])
    assert found.faults == ()
    assert shown(found).rows[0].withdrawn == {3: "wrong data"}


def test_a_link_to_a_part_of_the_folder_has_verdicts_of_its_own(tmp_path: Path) -> None:
    root, link = tmp_path / "leaderboards", tmp_path / "link"
    submitted(root, *seeds_of())
    link.symlink_to(root / "test-64")
    first = refused(collect([], [link]))
    assert len(first) == 5
    assert "contains the record that belongs at test-64/tgan+ode1/seed-0.json" in first[0]
    assert len(collect([], [root]).entries) == 5
    assert refused(collect([], [link])) == first  # although the index has the files by now


def test_a_reason_that_ends_with_a_full_stop_has_one(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[2]
    spoil(path, lambda table: table.update(schema=99))
    (fault,) = refused(collect([], [tmp_path]))
    assert ". For all faults, run: vidgen-bench verify" in fault
    assert ".." not in fault
