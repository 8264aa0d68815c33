"""Killed with SIGKILL at any moment, the same command reaches the same record; Ctrl-C saves and says how to go on."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.kit import killed
from tests.kit.forked import Started
from tests.kit.record_text import PROJECT, without_measured


@pytest.fixture(scope="module")
def uninterrupted(prepared):
    result = prepared.run("tgan+sde", "--runs", "whole")
    assert result.returncode == 0, result.stderr
    return (prepared.root / "whole" / "tiny" / "tgan+sde" / "seed-0" / "record.json").read_text()


MOMENTS = ("after:1", "iteration:3", "before:2", "iteration:2", "after:2", "before:3")
"""What this run renames: request.json; at iterations 2, 4 and 5 the best (where better) and last.pt; pictures; the record."""


@pytest.mark.slow
def test_killed_at_several_points_it_reaches_the_same_record(prepared, uninterrupted):
    """Around files, between iterations and near the end; tests/faults/test_kills.py kills at random changes of files."""
    runs, deaths = "killed", 0
    for number, moment in enumerate(MOMENTS):
        result = prepared.call(
            "run", "tgan+sde", *prepared.data_arguments, "--runs", runs,
            entry=killed.ENTRY, VIDGEN_TEST_KILL=moment, VIDGEN_TEST_SAVE_ALWAYS="1" if number % 2 else "", PYTHONPATH=str(PROJECT),
        )  # fmt: skip
        if result.returncode == 0:
            break  # how often a run saves, and so how far it comes, depends on which checkpoint is the best
        assert result.returncode == -signal.SIGKILL, (moment, result.stderr)
        deaths += 1
    assert deaths >= 3
    result = prepared.run("tgan+sde", "--runs", runs)
    assert result.returncode == 0, result.stderr
    text = (prepared.root / runs / "tiny" / "tgan+sde" / "seed-0" / "record.json").read_text()
    assert without_measured(text) == without_measured(uninterrupted)
    assert not list((prepared.root / runs).rglob("*.part"))
    trace = prepared.root / "{}" / "tiny" / "tgan+sde" / "seed-0" / "trace.jsonl"
    assert Path(str(trace).format(runs)).read_bytes() == Path(str(trace).format("whole")).read_bytes()


def test_ctrl_c_saves_and_says_how_to_go_on(prepared):
    arguments = ["run", "tgan+ode1", *prepared.data_arguments, "--runs", "ctrl-c", "--budget", "iterations=100000"]
    with Started(arguments, prepared.root, prepared.environment()) as started:
        started.wait_for("iteration 2:")
        started.send_signal(signal.SIGINT)
        done = started.end(timeout=60)
    assert done.returncode == 130
    assert "everything is saved" in done.stderr
    assert "same command" in done.stderr
    assert "Traceback" not in done.stderr
    folder = prepared.root / "ctrl-c" / "tiny~iterations=100000" / "tgan+ode1" / "seed-0"
    assert (folder / "last.pt").exists()
    assert not (folder / "record.json").exists()


def test_another_torch_version_is_not_silently_taken(prepared):
    killed_at = prepared.call(
        "run", "tgan+sde", *prepared.data_arguments, "--runs", "versions",
        entry=killed.ENTRY, VIDGEN_TEST_KILL="iteration:3", PYTHONPATH=str(PROJECT),
    )  # fmt: skip
    assert killed_at.returncode == -signal.SIGKILL
    request = prepared.root / "versions" / "tiny" / "tgan+sde" / "seed-0" / "request.json"
    table = json.loads(request.read_text())
    table["environment"]["torch"] = "2.0.0"
    request.write_text(json.dumps(table))
    result = prepared.run("tgan+sde", "--runs", "versions")
    assert result.returncode == 2
    assert "2.0.0" in result.stderr
