"""A run folder at a glance, in every state."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest

from tests.kit.record_files import MEASURED
from tests.kit.run_states import NOW, TRACE, begun_run, damaged_run, finished_run, traced, write_request
from vidgen_bench.experiments.runs.summary import RunSummary, summary_of


def summed(folder: Path, runs: Path) -> RunSummary:
    return summary_of(folder, runs, NOW)


def test_a_finished_run(tmp_path: Path) -> None:
    ended = (NOW - datetime.timedelta(hours=2)).isoformat()
    folder = finished_run(tmp_path, traced(measured=MEASURED | {"finished": ended}))
    (folder / "samples").mkdir()
    (folder / "samples" / "clip.gif").write_bytes(b"x" * 1000)
    (folder / "elsewhere").symlink_to("/etc/hostname")
    found = summed(folder, tmp_path)
    assert (found.name, found.standing.state) == ("test-64/tgan+ode1/seed-0", "done")
    assert (found.metric, found.last, found.best, found.best_iteration) == ("fid", 275.0, 250.0, 200)
    assert found.final == pytest.approx(311.25)
    assert found.age == pytest.approx(7200)
    regular = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert (found.files, found.bytes) == (3, sum(path.stat().st_size for path in regular))


def test_a_run_that_diverged_has_no_final_score(tmp_path: Path) -> None:
    found = summed(finished_run(tmp_path, traced(diverged=True)), tmp_path)
    assert (found.standing.state, found.last, found.best, found.final) == ("diverged", 275.0, None, None)


def test_a_run_at_work(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "a" / "seed-0", TRACE[:2], state="training", iteration=250, share=0.625, attempt=2)
    (folder / "best-000000100.pt").write_bytes(b"")
    (folder / "best-000000200.pt").write_bytes(b"")
    found = summed(folder, tmp_path)
    assert (found.standing.state, found.standing.share, found.standing.attempt) == ("training", 0.625, 2)
    assert (found.metric, found.last, found.best, found.best_iteration) == ("fid", 250.0, 250.0, 200)


def test_the_heartbeat_of_a_run_that_was_killed_is_old(tmp_path: Path) -> None:
    before = NOW - datetime.timedelta(hours=1)
    folder = begun_run(tmp_path / "a", TRACE[:1], state="training", attempt=1, heartbeat=before, started=before)
    assert summed(folder, tmp_path).standing.state == "silent"


def test_without_a_status_the_trace_tells_the_share(tmp_path: Path) -> None:
    found = summed(begun_run(tmp_path / "a", TRACE[:1]), tmp_path)
    assert (found.standing.state, found.standing.iteration, found.standing.share) == ("begun", 100, 0.25)
    assert summed(begun_run(tmp_path / "b"), tmp_path).metric == "fid"


@pytest.mark.parametrize("text", ["{", "[]", "\x1b[31m", json.dumps({"schema": 99})])
def test_a_damaged_record_is_a_state(tmp_path: Path, text: str) -> None:
    found = summed(damaged_run(tmp_path / "a", text), tmp_path)
    assert (found.standing.state, found.last, found.final) == ("damaged", None, None)
    assert "record.json" in found.standing.message
    assert "\n" not in found.standing.message


@pytest.mark.parametrize(("file", "text"), [("trace.jsonl", "{}\n"), ("request.json", "{"), ("request.json", "{}")])
def test_damage_of_an_unfinished_run_is_a_state(tmp_path: Path, file: str, text: str) -> None:
    folder = begun_run(tmp_path / "a", TRACE)
    (folder / file).write_text(text)
    found = summed(folder, tmp_path)
    assert found.standing.state == "damaged"
    assert file in found.standing.message


@pytest.mark.parametrize(
    "declared", [None, [], {"evaluation": 3}, {"evaluation": {"select": []}, "budget": {"iterations": "x"}}]
)
def test_a_request_of_any_content_is_read(tmp_path: Path, declared: object) -> None:
    folder = begun_run(tmp_path / "a", TRACE)
    write_request(folder, declared=declared)
    found = summed(folder, tmp_path)
    assert (found.standing.state, found.metric, found.standing.share) == ("begun", "is", 0.0)


def test_links_and_pipes_make_a_run_damaged(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "a", TRACE)
    os.mkfifo(folder / "record.json")
    found = summed(folder, tmp_path)
    assert found.standing.state == "damaged"
    assert "a named pipe" in found.standing.message
