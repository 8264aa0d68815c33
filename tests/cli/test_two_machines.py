"""One run folder and two machines whose file locks do not reach each other: one of them has the run, and the other says who."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kit.forked import Started
from tests.kit.record_text import without_measured
from tests.kit.two_mounts import require_bindfs, two_mounts
from tests.kit.workplace import Workplace
from vidgen_bench.system.lock_file import acquire

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="mounts and signals of Unix")]

RUN = Path("tiny", "tgan+conv1d", "seed-0")


def started(place: Workplace, runs: Path | str, *more: str) -> Started:
    arguments = ["run", "tgan+conv1d", *place.data_arguments, *more, "--runs", str(runs)]
    return Started(arguments, place.root, place.environment())


@pytest.mark.parametrize("together", [False, True], ids=["one after the other", "in the same moment"])
def test_through_two_mounts_one_run_is_written_once(prepared: Workplace, tmp_path: Path, together: bool) -> None:
    require_bindfs()
    with started(prepared, tmp_path / "whole") as alone:
        whole = alone.end(120)
    assert whole.returncode == 0, whole.stderr
    with two_mounts(tmp_path / "shared") as mounts, ExitStack() as stack:
        first = stack.enter_context(started(prepared, mounts[0]))
        if not together:
            first.wait_for("iteration 2:")
        second = stack.enter_context(started(prepared, mounts[1]))
        ends = sorted((run.end(120) for run in (first, second)), key=lambda end: end.returncode)
    assert [end.returncode for end in ends] == [0, 75], [end.stderr for end in ends]
    assert "is being used by process " in ends[1].stderr
    assert (tmp_path / "shared" / RUN / "trace.jsonl").read_bytes() == (
        tmp_path / "whole" / RUN / "trace.jsonl"
    ).read_bytes()
    records = [(tmp_path / runs / RUN / "record.json").read_text() for runs in ("shared", "whole")]
    assert without_measured(records[0]) == without_measured(records[1])
    (attempt,) = (tmp_path / "shared" / RUN / "attempts.jsonl").read_text().splitlines()
    assert json.loads(attempt)["exit_code"] == 0


def test_the_mounts_share_no_locks(tmp_path: Path) -> None:
    """Else the test above would test the lock and not the token."""
    require_bindfs()
    with two_mounts(tmp_path / "shared") as mounts:
        locks = [acquire(mount / ".lock") for mount in (*mounts, mounts[0])]
        assert [lock is not None for lock in locks] == [True, True, False]
        for lock in filter(None, locks):
            lock.release()


def test_a_run_whose_folder_was_taken_stops_and_writes_nothing_more(prepared: Workplace, tmp_path: Path) -> None:
    """As after a long pause of its machine: another one saw no sign of life and took the folder."""
    folder = tmp_path / "tiny~iterations=100000" / RUN.relative_to("tiny")
    with started(prepared, tmp_path, "--budget", "iterations=100000") as run:
        run.wait_for("iteration 2:")
        token = json.loads((folder / "owner.json").read_text()) | {"token": "theirs", "host": "node7", "pid": 42}
        (folder / "new").write_text(json.dumps(token))
        os.replace(folder / "new", folder / "owner.json")
        trace = (folder / "trace.jsonl").read_bytes()
        done = run.end(60)
    assert done.returncode == 75
    assert "no longer belongs to this process: process 42 on node7 since" in done.stderr
    # an evaluation may have been written between the two lines above
    assert (folder / "trace.jsonl").read_bytes().count(b"\n") <= trace.count(b"\n") + 1
    assert not (folder / "attempts.jsonl").exists()
    assert json.loads((folder / "owner.json").read_text())["token"] == "theirs"


def test_a_run_on_another_machine_is_not_disturbed(prepared: Workplace, tmp_path: Path) -> None:
    folder = tmp_path / RUN
    folder.mkdir(parents=True)
    token = '{"token": "theirs", "host": "node7", "pid": 42, "job": "slurm 9", "since": "2026-01-02T03:04:05Z"}'
    (folder / "owner.json").write_text(token)
    with started(prepared, tmp_path) as run:
        done = run.end(60)
    assert done.returncode == 75
    assert (
        "is being used by process 42 on node7 (slurm 9) since 2026-01-02 03:04:05 UTC; its last sign of life"
        in done.stderr
    )
    assert {p.name for p in folder.iterdir()} == {"owner.json", ".lock"}
