"""Running suites: failures, retries, and the values of the cells."""

from __future__ import annotations

import weakref
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from tests.kit.record_files import record
from tests.kit.suite_files import TINY, ablation_of, cell_text, suite_file, track_file
from vidgen_bench.errors import BusyError, DataError, Interrupted, RequestError, VidgenBenchError
from vidgen_bench.experiments.ablate.members import Ablation
from vidgen_bench.experiments.ablate.running import Result, carry_out, check_data, make_plans
from vidgen_bench.experiments.ablate.values import values
from vidgen_bench.experiments.run.execute import Outcome
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.host.host import Host
from vidgen_bench.system.observer import Observer


@pytest.fixture(scope="module")
def host() -> Host:
    return Host.of_environment()


class Executor:
    """Runs nothing; returns a record for every job, or the outcome that replaces it."""

    def __init__(self, **ends: BaseException | str) -> None:
        self.ends, self.seen = ends, []

    def __call__(self, plan: Plan, seed: int, observer: Observer) -> Outcome:
        name = f"{plan.composition.resolved.spec.temporal}_{seed}"
        self.seen.append(name)
        end = self.ends.get(name)
        if isinstance(end, BaseException):
            raise end
        base = 3.0 + len(self.seen) + seed
        made = record(
            str(plan.composition.resolved), seed, diverged=end == "diverged",
            scores={"is": [1.0, 1.2], "fid": [base, base + 1]},
        )  # fmt: skip
        return Outcome(plan.folder(seed), made, already=end == "already")


def carried_out(ablation: Ablation, host: Host, execute: Executor) -> list[Result]:
    plans = make_plans(ablation, host)
    return list(carry_out(ablation, plans, lambda number, job: nullcontext(Observer()), execute))


def test_what_fails_does_not_stop_the_others(host: Host) -> None:
    ablation = ablation_of("tgan x ode1,ode2,ode3,sde,iid", host)
    execute = Executor(
        ode1_0=ValueError("the network\nbroke"), ode2_0=RequestError("Another process is using it."),
        ode3_0="diverged", sde_0="already", iid_0=SystemExit(3),
    )  # fmt: skip
    results = carried_out(ablation, host, execute)
    assert [(r.state, r.failure, r.already) for r in results] == [
        ("failed", "ValueError: the network broke", False),
        ("failed", "Another process is using it.", False),
        ("diverged", None, False),
        ("finished", None, True),
        ("failed", "SystemExit: 3", False),
    ]


@pytest.mark.parametrize("end", [Interrupted("Stopped."), KeyboardInterrupt(), DataError("No videos.")])
def test_what_ends_the_suite(host: Host, end: BaseException) -> None:
    execute = Executor(ode2_0=end)
    with pytest.raises(type(end)):
        carried_out(ablation_of("tgan x ode1,ode2,ode3", host), host, execute)
    assert execute.seen == ["ode1_0", "ode2_0"]


def suite_with_own_track(folder: Path) -> str:
    (folder / "aside.toml").write_text(
        'name = "aside"\n'
        '[[cells]]\nrow = "a"\ncolumn = "x"\nspec = "tgan+sde"\ntrack = "shapes-64"\n'
        '[[cells]]\nrow = "b"\ncolumn = "x"\nspec = "tgan+ode1"\n'
    )
    return str(folder / "aside.toml")


def test_data_that_only_a_cell_of_its_own_track_lacks_fail_that_cell(host: Host, tmp_path: Path) -> None:
    ablation = ablation_of(suite_with_own_track(tmp_path), host)
    execute = Executor(sde_0=DataError("No videos."))
    assert [(str(r.job), r.state) for r in carried_out(ablation, host, execute)] == [
        ("tgan+ode1 seed 0", "finished"), ("tgan+sde seed 0", "failed"),
    ]  # fmt: skip


def test_missing_data_of_the_suite_are_reported_before_any_work(host: Host, tmp_path: Path) -> None:
    ablation = ablation_of("tgan x ode1", host, videos=tmp_path)
    with pytest.raises(VidgenBenchError, match="Leave out --data and --splits"):
        check_data(ablation, make_plans(ablation, host), Observer())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"device": "cuda:77"}, "--device cuda:77"), ({"runs": TINY}, "is a file; expected a folder")],
    ids=["device", "runs"],
)
def test_what_would_fail_every_run_is_refused_before_the_first(host: Host, change: dict, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        make_plans(ablation_of("tgan x ode1", host, **change), host)


class Network:
    """A network in a reference cycle, which the frames of an error keep alive."""

    def __init__(self) -> None:
        self.itself = self


def test_nothing_of_one_run_stays_with_the_next(host: Host) -> None:
    alive: list[weakref.ref[Network]] = []
    threads = torch.get_num_threads()

    def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
        assert not [r for r in alive if r() is not None]
        assert torch.get_num_threads() == threads
        network = Network()
        alive.append(weakref.ref(network))
        torch.set_num_threads(threads + 1)
        if seed == 1:
            raise MemoryError("too large")
        return Outcome(plan.folder(seed), record("tgan+ode1", seed), already=False)

    ablation = ablation_of("tgan x ode1", host, seeds=(0, 1, 2))
    results = carried_out(ablation, host, execute)  # type: ignore[arg-type]
    assert [r.state for r in results] == ["finished", "failed", "finished"]
    assert not [r for r in alive if r() is not None]
    assert torch.get_num_threads() == threads


def test_a_cell_shows_the_mean_over_the_seeds_that_finished(host: Host) -> None:
    ablation = ablation_of("tgan x ode1,ode2,sde", host, seeds=(0, 1))
    execute = Executor(ode2_1="diverged", sde_0="diverged", sde_1=ValueError("broke"))
    shown = {row: group[0] for (row, _), group in values(ablation, carried_out(ablation, host, execute)).items()}
    both = shown["ode1"].summary
    assert both is not None
    assert (both.over, both.count, both.mean) == ("seeds", 2, pytest.approx((4.5 + 6.5) / 2))
    one = shown["ode2"].summary
    assert one is not None
    assert (one.over, one.count) == ("batches", 2)
    assert shown["ode2"].state == "finished"
    assert (shown["sde"].summary, shown["sde"].state, shown["sde"].reason) == (None, "failed", "ValueError: broke")


def test_missing_data_of_a_cell_with_its_own_track_are_reported_before_any_work(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidgen_bench.data.shapes.write.written", lambda cache, report: None)
    track_file(
        tmp_path / "mine.toml", ('name = "shapes-smoke"', 'name = "mine"'), ('name = "shapes"', 'name = "video-folder"')
    )
    ablation = ablation_of(
        suite_file(tmp_path, cell_text("a", "tgan") + cell_text("b", "tgan", 'track = "mine.toml"')), host
    )
    with pytest.raises(DataError, match="video-folder needs --data"):
        check_data(ablation, make_plans(ablation, host), Observer())


class Locked(Executor):
    """An executor whose first calls find that another process is running the job."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def __call__(self, plan: Plan, seed: int, observer: Observer) -> Outcome:
        outcome = super().__call__(plan, seed, observer)
        if plan.composition.resolved.spec.temporal == "ode1" and self.times:
            self.times -= 1
            raise BusyError("Another process is using it.")
        return outcome


def test_what_another_process_is_running_comes_again_at_the_end(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    ablation = ablation_of("tgan x ode1,ode2", host)
    execute = Locked(1)
    results = carried_out(ablation, host, execute)
    assert execute.seen == ["ode1_0", "ode2_0", "ode1_0"]
    assert [(str(r.job), r.state) for r in results] == [
        ("tgan+ode2 seed 0", "finished"), ("tgan+ode1 seed 0", "finished"),
    ]  # fmt: skip
    execute = Locked(9)
    results = carried_out(ablation, host, execute)
    assert execute.seen == ["ode1_0", "ode2_0", "ode1_0"]
    assert [(r.state, r.failure) for r in results] == [
        ("finished", None), ("failed", "Another process is using it."),
    ]  # fmt: skip
    monkeypatch.setenv("WORLD_SIZE", "2")
    execute = Locked(1)
    assert [r.state for r in carried_out(ablation, host, execute)] == ["failed", "finished"]


def test_an_unexpected_error_among_several_processes_ends_the_suite(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other processes may be waiting for this one in the middle of a step; our own errors occur in all processes."""
    ablation = ablation_of("tgan x ode1,ode2", host)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert [r.state for r in carried_out(ablation, host, Executor(ode1_0=RequestError("refused")))] == [
        "failed",
        "finished",
    ]
    with pytest.raises(ValueError, match="alone"):
        carried_out(ablation, host, Executor(ode1_0=ValueError("alone")))
