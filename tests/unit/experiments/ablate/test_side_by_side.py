"""Jobs in processes of their own: what their messages, their deaths and a signal to the first process do."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.record_files import record
from tests.kit.suite_files import ablation_of
from vidgen_bench.config.budget import parse_budget
from vidgen_bench.errors import DataError, DataWarning, Interrupted, RequestError
from vidgen_bench.experiments.ablate import side_by_side
from vidgen_bench.experiments.ablate.messages import Report, decode, encode
from vidgen_bench.experiments.ablate.running import AGAIN, Result, make_plans
from vidgen_bench.experiments.ablate.side_by_side import carry_out_side_by_side
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import write_record
from vidgen_bench.system.observer import Glance, Observer

LIGHT = """
import json, os, signal, sys, time
sys.path[:] = json.loads(sys.stdin.readline())
from vidgen_bench.experiments.ablate.messages import Caution, Done, Failed, Report, encode
_, _, threads = json.loads(sys.stdin.readline())
for number in range(9):
    try:
        os.mkdir(f"started/{number}")
        break
    except FileExistsError:
        continue
def send(message):
    sys.stdout.buffer.write(encode(message))
    sys.stdout.flush()
def saved(*_):
    open(f"saved-{number}", "w").close()
    send(Failed("stopped", "Stopped."))
    os._exit(0)
signal.signal(signal.SIGTERM, saved)
send(Report("stage", [f"threads {threads}"]))
"""
"""A process without torch, which does what a test appends; ``number`` counts the processes from 0."""


class Heard(Observer):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, text: str) -> None:
        self.stages.append(text)


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "started").mkdir()
    return tmp_path


class Suite:
    """Two seeds of one model, whose processes run a script."""

    def __init__(self, script: str, host: Host, monkeypatch: pytest.MonkeyPatch, text: str = "tgan x ode1") -> None:
        monkeypatch.setattr(side_by_side, "_START", LIGHT + textwrap.dedent(script))
        self.ablation = ablation_of(text, host, seeds=(0, 1), runs=Path("runs"))
        self.plans, self.heard, self.left = make_plans(self.ablation, host), dict[int, Heard](), list[int]()

    @contextmanager
    def watch(self, number: int, job: object):
        yield self.heard.setdefault(number, Heard())
        self.left.append(number)

    def carried_out(self, processes: int = 2) -> list[Result]:
        return list(carry_out_side_by_side(self.ablation, self.plans, self.watch, processes))


def test_runs_end_in_any_order_and_have_the_records_of_their_folders(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = Suite("time.sleep(0.4 * (1 - number)); send(Done(number == 1))", host, monkeypatch)
    for job in suite.ablation.jobs:
        job.folder.path.mkdir(parents=True)
        write_record(job.folder.record_path, record(job.member.spec, job.seed))
    results = suite.carried_out()
    assert sorted(r.record.seed for r in results if r.record) == [0, 1]
    assert sorted(r.already for r in results) == [False, True]
    assert suite.heard[1].stages == suite.heard[2].stages == ["threads 1"]
    assert sorted(suite.left) == [1, 2]


def test_a_failed_or_dead_process_does_not_stop_the_others(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    send(Failed("other", "ValueError: the network broke"))
    """
    failures = {r.failure for r in Suite(script, host, monkeypatch).carried_out(1)}
    assert failures == {"its process ended early: signal SIGKILL", "ValueError: the network broke"}


def test_what_is_no_message_is_a_failure(here: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Suite("print('a library prints', flush=True); sys.exit(3)", host, monkeypatch)
    assert {r.failure for r in suite.carried_out()} == {"its process ended early: exit code 3"}


def test_a_busy_run_comes_again_at_the_end_and_once_only(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = Suite("send(Failed('busy', 'Another process is using it.'))", host, monkeypatch)
    results = suite.carried_out(1)
    assert len(os.listdir("started")) == 4
    assert [r.failure for r in results] == ["Another process is using it."] * 2
    assert suite.heard[1].stages == ["threads 1", AGAIN, "threads 1"]


def test_a_busy_run_waits_for_the_other_runs_of_its_suite_though_a_place_is_free(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
    if number == 1:
        time.sleep(0.5)
        os.mkdir("ended")
    busy = number == 0 or (number == 2 and not os.path.exists("ended"))
    send(Failed("busy", "Another process is using it.") if busy else Failed("other", f"by process {number}"))
    """
    failures = {r.failure for r in Suite(script, host, monkeypatch).carried_out(2)}
    assert failures == {"by process 1", "by process 2"}


def test_a_fault_of_the_data_ends_the_suite_and_saves_the_other_runs(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
    if number == 0:
        open("ready-0", "w").close()
        time.sleep(60)
    while not os.path.exists("ready-0"):
        time.sleep(0.05)
    send(Failed("data", "a video is missing"))
    """
    with pytest.raises(DataError, match="a video is missing"):
        Suite(script, host, monkeypatch).carried_out()
    assert Path("saved-0").exists()


def test_a_warning_about_the_data_arrives(here: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(DataWarning, match="five clips"):
        Suite("send(Caution('five clips are equal')); send(Failed('other', 'x'))", host, monkeypatch).carried_out()


def test_a_signal_lets_every_run_save_and_starts_no_other(
    here: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = Suite("open(f'ready-{number}', 'w').close(); time.sleep(60)", host, monkeypatch, "tgan x ode1,ode2")

    def interrupt() -> None:
        while not (Path("ready-0").exists() and Path("ready-1").exists()):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted) as error:
        suite.carried_out()
    assert error.value.exit_code == 128 + signal.SIGTERM
    assert Path("saved-0").exists()
    assert Path("saved-1").exists()
    assert len(os.listdir("started")) == 2


def test_messages_and_requests_come_back(tmp_path: Path) -> None:
    glance = Glance(3, 0.5, {"a": float("inf")}, 1.25)
    heard = []

    class Noted(Observer):
        def trained(self, glance: Glance) -> None:
            heard.append(glance)

    message = decode(encode(Report("trained", [3, 0.5, {"a": float("inf")}, 1.25])))
    assert isinstance(message, Report)
    message.repeat(Noted())
    assert heard == [glance]
    for line in (b"", b"{}\n", b"[]\n", b'["Done"]\n', b'["Other", 1]\n', b'["Do'):
        with pytest.raises(ValueError, match=r"message|Expect|Unterm|unpack"):
            decode(line)
    request = Request(
        "tgan",
        given={"temporal.a": [1, 0.1, True]},
        budget=parse_budget("device-hours=0.5"),
        videos=tmp_path,
        threads=3,
    )
    assert Request.of_values(json.loads(json.dumps(request.values()))) == request
    assert Request.of_values(json.loads(json.dumps(Request("vgan").values()))) == Request("vgan")


def test_several_processes_of_torchrun_are_refused(here: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Suite("", host, monkeypatch)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RequestError, match="--jobs"):
        suite.carried_out()
    assert not os.listdir("started")
