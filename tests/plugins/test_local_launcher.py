"""The launcher local: how many processes run at a time, and the ends that its checks do not try."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from vidgen_launchers.local import children
from vidgen_launchers.local.children import Children

from vidgen_bench.api import Ended, Event, Job, Lost, Skipped, Started
from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.experiments.launch.chosen import choose_launcher
from vidgen_bench.host.host import Host

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
SHORT = "import time; time.sleep(0.2)"


def jobs(folder: Path, count: int) -> list[Job]:
    return [Job(f"{number}", f"{number}", (), folder / f"{number}.txt") for number in range(count)]


def starting(code: str) -> Callable[[Job], subprocess.Popen[bytes]]:
    """Return what starts a Python program instead of a job."""
    return lambda job: subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


def test_as_many_run_at_a_time_as_its_option_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "start", starting(SHORT))
    handle, events, running, most = Children(jobs(tmp_path, 5), 2), list[Event](), 0, 0
    while handle.jobs:
        for event in handle.poll():
            events.append(event)
            running += 1 if isinstance(event, Started) else -1
            most = max(most, running)
        time.sleep(0.01)
    events += handle.poll()
    assert most == 2
    assert [event.job.name for event in events if isinstance(event, Started)] == list("01234")
    assert sum(event == Ended(event.job, 0) for event in events) == 5


def test_a_process_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "start", starting(STUBBORN))
    monkeypatch.setattr(children, "TO_SAVE", 0.3)
    first, second = jobs(tmp_path, 2)
    handle = Children([first, second], 1)
    process = handle._running[0][1]
    assert process.stdout is not None
    process.stdout.readline()  # by now it ignores SIGTERM
    handle.cancel()
    assert handle.jobs == []
    _, skipped, ended = handle.poll()
    assert skipped == Skipped(second, "cancelled before it started")
    assert ended == Ended(first, 137)


def test_a_job_whose_log_cannot_be_written_is_lost_and_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    bad = Job("bad", "bad", ("plugins", "rehearse", "bad", f"--notes={tmp_path / 'n'}"), tmp_path / "file" / "log.txt")
    good = Job("good", "good", ("plugins", "rehearse", "good", f"--notes={tmp_path / 'n'}"), tmp_path / "good.txt")
    after = Job("after", "after", (), tmp_path / "after.txt", after=("bad",))
    handle, events = Children([bad, good, after], 1), list[Event]()
    while handle.jobs:
        events += handle.poll()
        time.sleep(0.02)
    events += handle.poll()
    (lost,) = [event for event in events if isinstance(event, Lost)]
    assert lost.job == bad
    assert "could not be started" in lost.reason
    assert Ended(good, 0) in events
    assert [event.job for event in events if isinstance(event, Skipped)] == [after]


def test_it_takes_as_many_jobs_as_the_option_jobs() -> None:
    assert choose_launcher("local", MOST_THREADS, {}, Host.of_environment()) is not None
