"""The attempts at a run and its status: how each ended, what it does now, and that neither file can harm the run."""

from __future__ import annotations

import datetime
import json
import math
import os
import threading
from pathlib import Path

import pytest
import torch

from vidgen_bench.errors import BusyError, Interrupted, VidgenBenchError
from vidgen_bench.experiments.run import status_writer
from vidgen_bench.experiments.run.attempting import attempting, next_attempt
from vidgen_bench.experiments.run.attempts import ATTEMPTS, KILLED, read_attempts
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.owner import OWNER
from vidgen_bench.experiments.run.status import STATUS, Status, read_status
from vidgen_bench.experiments.run.status_writer import StatusWriter
from vidgen_bench.system.observer import Glance, Observer

CPU = torch.device("cpu")


def attempt(folder: Path, error: BaseException | None = None, state: str = "done") -> None:
    """Make one attempt that ends like this."""
    with (
        RunFolder(folder).locked(next_attempt) as ownership,
        attempting(folder, ownership, CPU, Observer()) as status,
    ):
        if error is not None:
            raise error
        status.state(state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "state", "code", "message"),
    [
        (None, "done", 0, ""),
        (None, "diverged", 1, "diverged: a loss or score was not finite"),
        (Interrupted("Stopped at\niteration 3.", 15), "stopped", 143, "Stopped at iteration 3."),
        (KeyboardInterrupt(), "stopped", 130, "Stopped at once."),
        (VidgenBenchError("The disk is full."), "failed", 1, "The disk is full."),
        (ValueError("x" * 900), "failed", 1, "ValueError: " + "x" * 485 + "..."),
    ],
)
def test_each_end_has_its_line_and_its_status(
    tmp_path: Path, error: BaseException | None, state: str, code: int, message: str
) -> None:
    if error is None:
        attempt(tmp_path, state=state)
    else:
        with pytest.raises(type(error)):
            attempt(tmp_path, error)
    (line,), status = read_attempts(tmp_path), read_status(tmp_path)
    assert status is not None
    assert (line.attempt, line.exit_code, line.message, line.pid) == (1, code, message, os.getpid())
    assert (status.state, status.exit_code, status.message, status.device) == (state, code, message, "cpu")
    assert line.begun <= line.ended
    assert {"from", "to"} < set(json.loads((tmp_path / ATTEMPTS).read_text()))
    assert not (tmp_path / OWNER).exists()


def test_attempts_are_counted_and_name_their_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    for _ in range(2):
        with pytest.raises(Interrupted):
            attempt(tmp_path, Interrupted("Stopped."))
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "16")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    attempt(tmp_path)
    found = [(a.attempt, a.exit_code, a.job) for a in read_attempts(tmp_path)]
    assert found == [(1, 130, "slurm 17"), (2, 130, "slurm 17"), (3, 0, "slurm 16_3")]


def killed(folder: Path, *, early: bool) -> None:
    """Leave the files of an attempt that was killed, before or after it wrote its first status."""
    with RunFolder(folder).locked(next_attempt) as ownership:
        token = (folder / OWNER).read_text()
        if not early:
            writer = StatusWriter(
                Observer(),
                folder,
                Status(state="training", attempt=ownership.owner.attempt, iteration=70, started=now(), heartbeat=now()),
                lambda: True,
            )
            with writer:
                pass
    (folder / OWNER).write_text(token.replace(str(os.getpid()), str(2**22 + 1)))


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@pytest.mark.parametrize("early", [False, True])
def test_the_line_of_a_killed_attempt_is_written_by_the_next(tmp_path: Path, early: bool) -> None:
    with pytest.raises(VidgenBenchError):
        attempt(tmp_path, VidgenBenchError("no"))
    killed(tmp_path, early=early)
    attempt(tmp_path)
    found = [(a.attempt, a.exit_code, a.message) for a in read_attempts(tmp_path)]
    assert found == [(1, 1, "no"), (2, None, KILLED), (3, 0, "")]
    status = read_status(tmp_path)
    assert status is not None
    assert (status.attempt, status.iteration) == (3, 0 if early else 70)


def test_a_line_that_a_kill_cut_off_stays_apart(tmp_path: Path) -> None:
    attempt(tmp_path)
    with (tmp_path / ATTEMPTS).open("ab") as stream:
        stream.write(b'{"attempt": 2, "ho')
    attempt(tmp_path)
    assert [a.attempt for a in read_attempts(tmp_path)] == [1, 2]


@pytest.mark.parametrize("name", [STATUS, ATTEMPTS])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"[]\n{}\n", b'{"attempt": 1e99}', b'{"attempt": "' + b"9" * 5000 + b'"}', b"{" * 3000],
)
def test_foreign_content_neither_fails_the_run_nor_is_taken_over(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    attempt(tmp_path)
    (line,), status = read_attempts(tmp_path), read_status(tmp_path)
    assert status is not None
    assert (line.attempt, status.attempt, status.state) == (1, 1, "done")


def test_a_huge_number_of_attempts_is_not_counted_on(tmp_path: Path) -> None:
    status = Status(state="stopped", attempt=10**6, started=now(), heartbeat=now())
    (tmp_path / STATUS).write_text(status.model_dump_json())
    attempt(tmp_path)
    assert [a.attempt for a in read_attempts(tmp_path)] == [10**6, 10**6]


def test_who_lost_the_folder_writes_neither_file(tmp_path: Path) -> None:
    def lose_the_folder() -> None:
        with (
            RunFolder(tmp_path).locked(next_attempt) as ownership,
            attempting(tmp_path, ownership, CPU, Observer()),
        ):
            token = json.loads((tmp_path / OWNER).read_text()) | {"token": "theirs"}
            (tmp_path / OWNER).write_text(json.dumps(token))
            (tmp_path / STATUS).write_text("theirs")
            ownership.check()

    with pytest.raises(BusyError):
        lose_the_folder()
    assert (tmp_path / STATUS).read_text() == "theirs"
    assert not (tmp_path / ATTEMPTS).exists()


def test_a_disk_that_refuses_both_files_does_not_harm_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise VidgenBenchError("The disk is full.")

    monkeypatch.setattr(status_writer, "write_text", refuse)
    monkeypatch.setattr("vidgen_bench.experiments.run.attempting.append_attempt", refuse)
    attempt(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".lock"}


class Listener(Observer):
    """Keeps what is forwarded to it."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def stage(self, text: str) -> None:
        self.heard.append(text)

    def progress(self, what: str, done: int, total: int) -> None:
        self.heard.append(what)

    def trained(self, glance: Glance) -> None:
        self.heard.append(f"trained {glance.iteration}")

    def evaluated(self, iteration: int, scores: object, best_iteration: int) -> None:
        self.heard.append(f"evaluated {iteration}")


def test_reports_are_forwarded_and_kept(tmp_path: Path) -> None:
    listener = Listener()
    status = Status(state="preparing", started=now(), heartbeat=now())
    with StatusWriter(listener, tmp_path, status, lambda: True) as writer:
        writer.stage("training tgan\non cpu")
        writer.progress("reference", 1, 2)
        writer.trained(Glance(40, 0.4, {}, 1.0))
        writer.evaluated(50, {"fid": math.nan, "is": math.inf, "kid": 0.5}, 30)
        writer.end("failed", 1, "no\nroom")
    assert listener.heard == ["training tgan\non cpu", "reference", "trained 40", "evaluated 50"]
    found = read_status(tmp_path)
    assert found is not None
    assert math.isnan(found.scores["fid"])
    assert (found.scores["is"], found.scores["kid"]) == (math.inf, 0.5)
    assert (found.stage, found.iteration, found.share, found.best_iteration) == ("training tgan on cpu", 50, 0.4, 30)
    assert (found.state, found.message) == ("failed", "no room")
    json.loads((tmp_path / STATUS).read_text(), parse_constant=pytest.fail)


def test_it_is_written_at_once_when_the_state_changes_and_else_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, arrived = list[str](), threading.Event()

    def keep(path: Path, text: str) -> None:
        written.append(json.loads(text)["state"])
        if written[-1] == "training":
            arrived.set()

    monkeypatch.setattr(status_writer, "write_text", keep)
    status = Status(state="preparing", started=now(), heartbeat=now())
    with StatusWriter(Observer(), tmp_path, status, lambda: True) as writer:
        for iteration in range(1000):
            writer.trained(Glance(iteration, 0.5, {}, 1.0))
        assert written == ["preparing"]
        writer.state("training")
        assert arrived.wait(4)
    assert written == ["preparing", "training"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempt": -5},
        {"attempt": 10**400},
        {"iteration": 10**400},
        {"iteration": -1},
        {"heartbeat": "2026-01-02T03:04:05"},
        {"started": "2026-01-02T03:04:05"},
        {"stage": "x" * 2**21},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_status_that_no_run_writes_is_none_and_stops_no_run(tmp_path: Path, wrong: dict[str, object]) -> None:
    moment = "2026-01-02T03:04:05Z"
    right = {"state": "training", "attempt": 7, "started": moment, "heartbeat": moment}
    (tmp_path / STATUS).write_text(json.dumps(right))
    assert read_status(tmp_path) is not None
    (tmp_path / STATUS).write_text(json.dumps({**right, **wrong}))
    assert read_status(tmp_path) is None
    attempt(tmp_path)
    assert [line.attempt for line in read_attempts(tmp_path)] == [1]
