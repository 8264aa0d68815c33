"""The driver: what runs again after which end, what waits for what, and what a signal or a restart does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kit.fake_launcher import FakeHandle, FakeLauncher, task
from vidgen_bench.api import Ended, Event, Job
from vidgen_bench.errors import DataError, DataWarning, Interrupted, PluginError, RequestError
from vidgen_bench.experiments.launch.driver import Driver
from vidgen_bench.experiments.launch.task import Outcome, Task, Watcher


class Heard(Watcher):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.looks = 0

    def started(self, task: Task, host: str) -> None:
        self.lines.append(f"{task.key} on {host}")

    def ended(self, task: Task) -> None:
        self.lines.append(f"{task.key} ended")

    def again(self, task: Task, reason: str) -> None:
        self.lines.append(f"{task.key}: {reason}")

    def looked(self) -> None:
        self.looks += 1


def carried_out(
    launcher: FakeLauncher, *tasks: Task, watcher: Watcher | None = None, busy_pause: float = 0.0
) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for outcome in Driver(launcher.chosen, tasks, watcher, busy_pause).outcomes(pause=0.0):
        assert outcome.task.key not in found
        found[outcome.task.key] = outcome.state, outcome.text
    return found


def submitted(launcher: FakeLauncher) -> list[tuple[str, ...]]:
    return [call.names for call in launcher.calls]


def test_all_is_submitted_at_once_and_the_runs_come_after_what_they_need(tmp_path: Path) -> None:
    launcher, heard = FakeLauncher(), Heard()
    tasks = [task(tmp_path, "first"), task(tmp_path, "a", "first"), task(tmp_path, "b", "first")]
    assert carried_out(launcher, *tasks, watcher=heard) == dict.fromkeys(("first", "a", "b"), ("done", ""))
    (call,) = launcher.calls
    assert call.names == ("first", "a", "b")
    assert call.after == ((), ("first",), ("first",))
    assert heard.lines[:3] == ["first on somewhere", "first ended", "a on somewhere"]
    assert heard.looks >= 1


@pytest.mark.parametrize("code", [129, 130, 143, 128 + signal.SIGUSR1])
def test_a_run_that_was_stopped_goes_on_and_that_is_no_crash(tmp_path: Path, code: int) -> None:
    launcher, heard = FakeLauncher({"a": [code] * 19}), Heard()
    assert carried_out(launcher, task(tmp_path, "a"), watcher=heard) == {"a": ("done", "")}
    assert submitted(launcher) == [("a",)] * 20
    assert f"stopped by {signal.Signals(code - 128).name} and is saved" in heard.lines[2]


def test_a_run_that_is_stopped_again_and_again_fails_in_the_end(tmp_path: Path) -> None:
    launcher = FakeLauncher({"a": [143] * 99})
    (state, text) = carried_out(launcher, task(tmp_path, "a"))["a"]
    assert (state, len(launcher.calls)) == ("failed", 21)
    assert "stopped 21 times, the last time by SIGTERM" in text


@pytest.mark.parametrize(
    ("step", "words"),
    [(137, "ended by SIGKILL"), ("lost", "its machine is gone"), (139, "SIGSEGV"), ("vanish", "does not know it")],
)
def test_a_crash_is_tried_three_times(tmp_path: Path, step: int | str, words: str) -> None:
    launcher = FakeLauncher({"a": [step, step], "b": [step] * 9})
    found = carried_out(launcher, task(tmp_path, "a"), task(tmp_path, "b"))
    assert found["a"] == ("done", "")
    assert found["b"][0] == "failed"
    assert words in found["b"][1]
    assert "in 3 attempts" in found["b"][1]
    assert sum("b" in names for names in submitted(launcher)) == 3


def test_a_failed_run_is_reported_in_the_words_of_its_last_attempt_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("error: an old fault\n")

    def write(job: Job, code: int) -> None:
        if job.name == "a":
            with job.log.open("a") as log:
                log.write("training\nerror: The disk is full:\n  no space left\nbye\n")

    launcher = FakeLauncher({"a": [1]}, on_end=write)
    found = carried_out(launcher, task(tmp_path, "a"), task(tmp_path, "b"))
    assert found == {"a": ("failed", "The disk is full: no space left bye"), "b": ("done", "")}


def test_without_words_a_failure_has_its_code_and_its_log(tmp_path: Path) -> None:
    found = carried_out(FakeLauncher({"a": [2]}), task(tmp_path, "a"))
    assert found["a"] == ("failed", f"exit code 2, its log is {tmp_path / 'a.txt'}")


def test_a_busy_run_comes_once_more_when_all_others_have_ended(tmp_path: Path) -> None:
    launcher = FakeLauncher({"a": [75, 0], "b": ["wait", "wait", 0], "c": [75, 75]})
    (tmp_path / "c.txt").write_text("error: old\n")
    found = carried_out(launcher, *(task(tmp_path, name) for name in "abc"))
    assert submitted(launcher) == [("a", "b", "c"), ("a", "c")]
    assert {name: state for name, (state, _) in found.items()} == {"a": "done", "b": "done", "c": "failed"}
    assert "exit code 75" in found["c"][1]


def test_a_busy_run_waits_for_a_while_since_the_token_of_a_dead_machine_stays(tmp_path: Path) -> None:
    launcher, begun = FakeLauncher({"a": ["lost", 75, 0]}), time.monotonic()
    assert carried_out(launcher, task(tmp_path, "a"), busy_pause=0.3) == {"a": ("done", "")}
    assert len(launcher.calls) == 3
    assert time.monotonic() - begun >= 0.3


def test_a_busy_run_is_done_as_soon_as_its_other_process_is(tmp_path: Path) -> None:
    launcher, begun, looks = FakeLauncher({"a": [75]}), time.monotonic(), []

    def finished() -> bool:
        looks.append(1)
        return len(looks) > 3

    assert carried_out(launcher, task(tmp_path, "a", finished=finished), busy_pause=60.0) == {"a": ("done", "")}
    assert time.monotonic() - begun < 30
    assert len(launcher.calls) == 1


def test_what_the_runs_need_may_be_busy_too(tmp_path: Path) -> None:
    launcher, begun = FakeLauncher({"first": [75, 0]}), time.monotonic()
    tasks = [task(tmp_path, "first"), task(tmp_path, "a", "first"), task(tmp_path, "b")]
    assert carried_out(launcher, *tasks, busy_pause=0.2) == dict.fromkeys(("first", "a", "b"), ("done", ""))
    assert submitted(launcher) == [("first", "a", "b"), ("first", "a")]
    assert time.monotonic() - begun >= 0.2


def test_a_job_that_ends_between_poll_and_jobs_is_not_lost(tmp_path: Path) -> None:
    class Late(FakeHandle):
        def poll(self) -> Sequence[Event]:
            job, begun = self.held, not self.jobs
            self.jobs = []  # from here on the queue does not list it; the event comes with the next poll
            return [Ended(job, 0)] if begun else []

        def __init__(self, launcher: FakeLauncher, jobs: Sequence[Job]) -> None:
            super().__init__(launcher, jobs)
            self.held = next(iter(jobs), None)

    launcher = FakeLauncher()
    launcher.make_handle = Late
    assert carried_out(launcher, task(tmp_path, "a")) == {"a": ("done", "")}
    assert submitted(launcher) == [("a",)]


def test_a_run_with_a_record_is_done_whatever_its_exit_code(tmp_path: Path) -> None:
    launcher = FakeLauncher({"a": [1], "b": [143], "c": ["lost"]})
    found = carried_out(launcher, *(task(tmp_path, name, finished=lambda: True) for name in "abc"))
    assert found == dict.fromkeys("abc", ("done", ""))
    assert len(launcher.calls) == 1


def test_runs_are_not_started_if_what_they_need_fails(tmp_path: Path) -> None:
    launcher = FakeLauncher({"first": [1], "b": ["wait"]})
    found = carried_out(launcher, task(tmp_path, "first"), task(tmp_path, "a", "first"), task(tmp_path, "b"))
    assert found["first"][0] == "failed"
    assert found["a"][0] == "not started"
    assert found["a"][1].startswith("first failed: exit code 1")
    assert found["b"] == ("done", "")


def test_what_the_runs_need_is_tried_again_and_they_wait_for_it(tmp_path: Path) -> None:
    launcher = FakeLauncher({"first": [143, 137, 0]})
    tasks = [task(tmp_path, "first"), task(tmp_path, "a", "first")]
    assert carried_out(launcher, *tasks) == {"first": ("done", ""), "a": ("done", "")}
    assert submitted(launcher) == [("first", "a")] * 3
    assert launcher.calls[2].after == ((), ("first",))


def test_data_that_cannot_be_read_ends_everything_at_once(tmp_path: Path) -> None:
    (tmp_path / "first.txt").write_text("")

    def write(job: Job, code: int) -> None:
        job.log.write_text("error: 3 of 8 videos are missing.\n")

    launcher = FakeLauncher({"first": [2], "b": ["hang"]}, on_end=write, outlives=True)
    with pytest.raises(DataError, match="3 of 8 videos are missing"):
        carried_out(launcher, task(tmp_path, "first", fatal=True), task(tmp_path, "a", "first"), task(tmp_path, "b"))
    assert set(launcher.cancelled) >= {"b"}


def test_a_warning_about_the_data_is_repeated(tmp_path: Path) -> None:
    launcher = FakeLauncher(
        on_end=lambda job, code: job.log.write_text("decoding\nwarning: five clips are equal\n") and None
    )
    with pytest.warns(DataWarning, match="five clips are equal"):
        carried_out(launcher, task(tmp_path, "first"))


def interrupting(launcher: FakeLauncher, *tasks: Task) -> tuple[list[Outcome], Interrupted]:
    launcher.at_poll = lambda number: os.kill(os.getpid(), signal.SIGTERM) if number == 2 else None
    found: list[Outcome] = []
    with pytest.raises(Interrupted) as raised:
        found.extend(Driver(launcher.chosen, tasks).outcomes(pause=0.0))
    return found, raised.value


def test_a_signal_ends_the_jobs_that_end_with_this_process(tmp_path: Path) -> None:
    launcher = FakeLauncher({"a": ["hang"], "b": ["hang"]})
    finished = task(tmp_path, "a", finished=lambda: True)
    found, error = interrupting(launcher, finished, task(tmp_path, "b"))
    assert [(outcome.task.key, outcome.state) for outcome in found] == [("a", "done")]
    assert error.exit_code == 143
    assert "The same command continues from there" in str(error)
    assert launcher.cancelled == ["a", "b"]
    assert len(launcher.calls) == 1


def test_a_signal_leaves_the_jobs_that_outlive_this_process(tmp_path: Path) -> None:
    launcher = FakeLauncher({"a": ["hang"], "b": ["hang"]}, outlives=True)
    _, error = interrupting(launcher, task(tmp_path, "a"), task(tmp_path, "b"))
    assert error.exit_code == 143
    assert "2 jobs go on in fake" in str(error)
    assert launcher.cancelled == []


def test_one_job_that_goes_on_is_one(tmp_path: Path) -> None:
    _, error = interrupting(FakeLauncher({"a": ["hang"]}, outlives=True), task(tmp_path, "a"))
    assert "1 job goes on in fake" in str(error)


def test_a_new_driver_finds_the_jobs_that_are_left_and_submits_the_others(tmp_path: Path) -> None:
    first, a, b = task(tmp_path, "first"), task(tmp_path, "a", "first"), task(tmp_path, "b", "first")
    launcher = FakeLauncher({"a": ["wait", 0]}, outlives=True)
    launcher.left = [a.job]
    assert carried_out(launcher, first, a, b) == dict.fromkeys(("first", "a", "b"), ("done", ""))
    assert submitted(launcher) == [("first", "b")]


def test_what_runs_need_is_not_done_again_while_all_of_them_are_there(tmp_path: Path) -> None:
    first, a, b = task(tmp_path, "first"), task(tmp_path, "a", "first"), task(tmp_path, "b", "first")
    launcher = FakeLauncher({"a": ["wait", 0], "b": [0]}, outlives=True)
    launcher.left = [a.job, b.job]
    assert carried_out(launcher, first, a, b) == dict.fromkeys(("a", "b"), ("done", ""))
    assert submitted(launcher) == []
    launcher = FakeLauncher({"a": ["wait", 137, 0], "b": [0]}, outlives=True)
    launcher.left = [a.job, b.job]
    assert carried_out(launcher, first, a, b) == dict.fromkeys(("first", "a", "b"), ("done", ""))
    assert submitted(launcher) == [("first", "a")]


def test_a_run_waits_for_what_it_needs_where_that_is_running_already(tmp_path: Path) -> None:
    first, a = task(tmp_path, "first"), task(tmp_path, "a", "first")
    launcher = FakeLauncher({"first": ["wait", "wait", 0]}, outlives=True)
    launcher.left = [first.job]
    assert carried_out(launcher, first, a) == dict.fromkeys(("first", "a"), ("done", ""))
    assert submitted(launcher) == [("a",)]
    assert launcher.calls[0].after == ((),)


def test_detach_submits_once_and_cancel_ends_what_is_left(tmp_path: Path) -> None:
    tasks = [task(tmp_path, "first"), task(tmp_path, "a", "first")]
    launcher = FakeLauncher({"first": ["hang"]}, outlives=True)
    driver = Driver(launcher.chosen, tasks)
    assert [t.key for t in driver.submit()] == ["first", "a"]
    launcher.left = driver.jobs
    again = Driver(launcher.chosen, tasks)
    assert again.submit() == []
    assert len(again.jobs) == 2
    other = Driver(launcher.chosen, tasks)
    assert len(other.find()) == 2
    assert {job.name for job in other.cancel()} == {"first", "a"} == set(launcher.cancelled)


def test_an_abandoned_driver_ends_its_jobs(tmp_path: Path) -> None:
    launcher = FakeLauncher({"b": ["hang"]})
    outcomes = Driver(launcher.chosen, [task(tmp_path, "a"), task(tmp_path, "b")]).outcomes(pause=0.0)
    assert next(outcomes).task.key == "a"
    outcomes.close()  # type: ignore[attr-defined]
    assert launcher.cancelled == ["b"]


def test_a_fault_of_the_launcher_names_it_and_its_own_errors_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = FakeLauncher()

    def broken(*_: object) -> None:
        raise KeyError("queue")

    def refusing(*_: object) -> None:
        raise RequestError("There is no partition 'gpus'.")

    monkeypatch.setattr(launcher, "submit", broken)
    with pytest.raises(PluginError, match="The launcher 'fake' failed in submit: KeyError: 'queue'"):
        carried_out(launcher, task(tmp_path, "a"))
    monkeypatch.setattr(launcher, "submit", refusing)
    with pytest.raises(RequestError, match="no partition"):
        carried_out(launcher, task(tmp_path, "a"))


def test_it_looks_about_once_per_pause(tmp_path: Path) -> None:
    begun = time.monotonic()
    launcher = FakeLauncher({"a": ["wait", "wait", 0]})
    list(Driver(launcher.chosen, [task(tmp_path, "a")]).outcomes(pause=0.05))
    assert time.monotonic() - begun >= 0.1
    assert launcher.polls == 3
