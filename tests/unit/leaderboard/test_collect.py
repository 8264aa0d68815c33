"""Which files are records, and the faults of invalid files."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.kit.record_files import DECLARED, METRICS, record, write
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.leaderboard.collect import collect, selected


def test_records_at_any_depth_in_the_order_of_paths(tmp_path: Path) -> None:
    paths = write(tmp_path / "a" / "b", record(seed=1), record(seed=0))
    (tmp_path / "a" / "trace.json").write_text("not a record, and not called one")
    found = collect([tmp_path])
    assert [e.path for e in found.entries] == paths
    assert [e.record.seed for e in found.entries] == [1, 0]
    assert found.faults == ()


def test_below_leaderboards_every_json_file_is_a_record(tmp_path: Path) -> None:
    (path,) = write(tmp_path, record())
    path.rename(tmp_path / "tgan-0.json")
    assert collect([tmp_path]).entries == ()
    assert len(collect([], [tmp_path]).entries) == 1


def test_a_file_found_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "runs", record())
    assert len(collect([tmp_path, tmp_path / "runs", tmp_path / "runs" / ".." / "runs"], [tmp_path]).entries) == 1


def test_a_record_file_itself(tmp_path: Path) -> None:
    (path,) = write(tmp_path, record())
    renamed = path.rename(tmp_path / "any-name")
    assert [e.path for e in collect([renamed]).entries] == [renamed]


def test_hidden_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / ".trash", record())
    (tmp_path / ".record.json.x.part").write_text("half a record")
    assert collect([tmp_path], [tmp_path]) == collect([])


def test_an_invalid_record_hides_no_other(tmp_path: Path) -> None:
    good, bad = write(tmp_path, record(seed=0), record(seed=1))
    bad.write_text("{")
    found = collect([tmp_path])
    assert [e.path for e in found.entries] == [good]
    (fault,) = found.faults
    assert f"The record {bad} is not valid JSON" in str(fault)


@pytest.mark.parametrize("evaluation", [{}, {"select": 3}, [], None])
def test_a_track_that_names_no_metric_is_a_fault(tmp_path: Path, evaluation: object) -> None:
    declared = copy.deepcopy(DECLARED)
    made = record(declared=declared)
    declared["evaluation"] = evaluation
    track = made.track.model_copy(update={"declared": declared, "fingerprint": track_fingerprint(declared)})
    write(tmp_path, made.model_copy(update={"track": track}))
    (fault,) = collect([tmp_path]).faults
    assert "track.declared.evaluation.select: expected the name of a metric" in str(fault)


def test_a_metric_that_the_record_does_not_describe_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, record(scores={}, diverged=True, anchors={}, metrics={}))
    (fault,) = collect([tmp_path]).faults
    assert "metrics: expected at least one metric to rank by" in str(fault)


def test_another_protocol_ranks_by_the_first_of_its_own_metrics() -> None:
    extra = {"kid": METRICS["fid"] | {"title": "KID", "extra": True}}
    assert selected(record(scores={"is": [3.0, 4.0]}, anchors={}, metrics={**extra, "is": METRICS["is"]})) == "is"


def test_selected_is_the_metric_of_the_track() -> None:
    assert selected(record()) == "fid"


def test_a_folder_that_cannot_be_searched_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path / "runs", record())
    found = collect([tmp_path / "gone", tmp_path / "runs"])
    assert len(found.entries) == 1
    (fault,) = found.faults
    assert str(fault) == f"The folder {tmp_path / 'gone'} cannot be searched: No such file or directory."
