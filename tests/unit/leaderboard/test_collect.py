"""Which files are records, and the faults of invalid files."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest

from tests.kit.record_files import DECLARED, METRICS, record, write
from tests.kit.submitted_results import spoil, submitted
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.ranking_metric import selected


def test_records_at_any_depth_in_the_order_of_paths(tmp_path: Path) -> None:
    paths = write(tmp_path / "a" / "b", record(seed=1), record(seed=0))
    (tmp_path / "a" / "trace.json").write_text("not a record, and not called one")
    found = collect([tmp_path])
    assert [e.path for e in found.entries] == paths
    assert [e.record.seed for e in found.entries] == [1, 0]
    assert found.faults == ()


def test_below_leaderboards_every_json_file_is_a_record(tmp_path: Path) -> None:
    submitted(tmp_path, record())
    assert collect([tmp_path]).entries == ()
    assert len(collect([], [tmp_path]).entries) == 1


REFUSED = {
    "a terminal escape in a spec": lambda t: t.update(spec="tgan+\x1b[2J"),
    "a terminal escape in a title": lambda t: t["metrics"]["is"].update(title="\x1b[31mIS"),
    "markup in a spec": lambda t: t.update(spec="tgan+<script>"),
    "another place": lambda t: t.update(seed=3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_sent_in_record_that_verify_refuses_is_no_row(tmp_path: Path, name: str) -> None:
    path, other = submitted(tmp_path, record(seed=0), record(seed=1))
    spoil(path, REFUSED[name])
    for _ in range(2):  # the second time with the index
        found = collect([path], [tmp_path])  # an explicit --runs makes no difference
        assert [e.path for e in found.entries] == [other]
        (fault,) = map(str, found.faults)
        assert f"The record {path} is not accepted: " in fault
        assert fault.isprintable()


def test_a_record_file_of_a_user_does_not_enter_the_index_unchecked(tmp_path: Path) -> None:
    (path,) = submitted(tmp_path, record(seed=0))
    spoil(path, lambda table: table["plugins"][0].update(version="<b>"))
    assert len(collect([path]).entries) == 1
    assert collect([], [tmp_path]).entries == ()


def test_links_pipes_and_large_files_among_sent_in_records_are_not_read(tmp_path: Path) -> None:
    outside, large, link, pipe = submitted(tmp_path, *(record(seed=n) for n in range(4)))
    moved = outside.rename(tmp_path.parent / "outside.json")
    outside.symlink_to(moved)
    large.write_text(large.read_text() + " " * 200_000)
    link.unlink()
    link.symlink_to("/dev/zero")
    pipe.unlink()
    os.mkfifo(pipe)
    found = collect([], [tmp_path])
    assert found.entries == ()
    assert len(found.faults) == 4


def test_pipes_links_and_large_files_among_runs_are_named_and_hide_no_record(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "runs" / "good", record())
    names = ("pipe", "zero", "large")
    for name in names:
        (tmp_path / "runs" / name).mkdir()
    os.mkfifo(tmp_path / "runs" / "pipe" / "record.json")
    (tmp_path / "runs" / "zero" / "record.json").symlink_to("/dev/zero")
    with (tmp_path / "runs" / "large" / "record.json").open("wb") as stream:
        stream.truncate(2**40)  # sparse
    found = collect([tmp_path / "runs"])
    assert [entry.path for entry in found.entries] == [path]
    words = {"pipe": "is a named pipe", "zero": "is a symbolic link", "large": "has 1,099,511,627,776 bytes"}
    faults = sorted(map(str, found.faults))
    assert len(faults) == len(names)
    assert all(f"{name}/record.json {words[name]}" in fault for name, fault in zip(sorted(names), faults, strict=True))


def test_messages_about_records_are_printable(tmp_path: Path) -> None:
    (path,) = write(tmp_path / "\x1b[2J", record())
    spoil(path, lambda t: t.update({"\x1b[31m": 1}))
    (fault,) = collect([tmp_path]).faults
    assert str(fault).replace("\n", "").isprintable()


def test_a_file_found_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "runs", record())
    assert len(collect([tmp_path, tmp_path / "runs", tmp_path / "runs" / ".." / "runs"]).entries) == 1
    (path,) = submitted(tmp_path / "leaderboards", record())
    assert len(collect([path, path], [tmp_path / "leaderboards"]).entries) == 1


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
