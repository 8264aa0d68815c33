"""``ablate`` on tiny real videos: it skips finished runs, resumes, continues after a failure, and refuses wrong suites."""

from __future__ import annotations

import csv
import functools
import io
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.kit import killed
from tests.kit.command import Command
from tests.kit.forked import Started
from tests.kit.plugin_files import TEMPORAL, install
from tests.kit.record_files import EXTERNAL, record
from tests.kit.record_text import PROJECT, without_measured
from tests.kit.workplace import Workplace, make_workplace
from vidgen_bench.config.track import load_track
from vidgen_bench.experiments.ablate import running
from vidgen_bench.experiments.run.execute import Outcome
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.records.record import write_record
from vidgen_bench.system.observer import Observer

GRID = ["ablate", "tgan", "x", "ode1,sde", "--budget", "iterations=2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    return make_workplace(tmp_path_factory.mktemp("ablate"))


@pytest.fixture(scope="module")
def whole(place: Workplace):
    result = place.call(*GRID, *place.data_arguments, "--runs", "whole", COLUMNS="80")
    assert result.returncode == 0, result.stderr
    return result


def written(place: Workplace, runs: str) -> dict[str, str]:
    return {str(p.parent.relative_to(place.root / runs)): without_measured(p.read_text())
            for p in sorted((place.root / runs).rglob("record.json"))}  # fmt: skip


def test_it_runs_every_cell_and_prints_the_table(place: Workplace, whole) -> None:
    records = place.records("whole")
    assert list(records) == ["tiny~iterations=2/tgan+ode1/seed-0", "tiny~iterations=2/tgan+sde/seed-0"]
    lines = whole.stdout.splitlines()
    assert [line for line in lines if line.startswith("[")] == ["[1/2] tgan+ode1 seed 0", "[2/2] tgan+sde seed 0"]
    table = lines[lines.index(next(line for line in lines if line.startswith(" Grid"))) :]
    for name, found in zip(("ode1", "sde"), records.values(), strict=True):
        (row,) = [line.split() for line in table if line.startswith(f" {name} ")]
        assert float(row[1].replace(",", "")) == pytest.approx(found["scores"]["fid"]["mean"], rel=0.02)
        assert row[2] == "±"
    said = " ".join(" ".join(table).split())
    for words in (
        "± of one seed",
        "No winner is marked",
        "real (ceiling)",
        "grey (floor)",
        "tiny~iterations=2: these scores rank nothing",
    ):
        assert words in said
    assert max(len(line.rstrip()) for line in table) <= 80


@pytest.mark.slow
def test_interrupted_it_continues_to_the_same_records(place: Workplace, whole) -> None:
    """After Ctrl-C; tests/faults/test_kills.py kills a suite at any change of a file."""
    arguments = [*GRID, *place.data_arguments, "--runs", "stopped"]
    # a run is two iterations: the third and the fourth are of the second one
    stopped = place.call(*arguments, entry=killed.ENTRY, VIDGEN_TEST_KILL="interrupt:3", PYTHONPATH=str(PROJECT))
    assert stopped.returncode == 130, stopped.stderr
    assert "same command continues" in " ".join(stopped.stderr.split())
    assert "1 of 2 runs of the suite are done" in stopped.stderr
    assert "not run" in stopped.stdout
    assert "Traceback" not in stopped.stderr
    assert len(written(place, "stopped")) == 1
    done = place.call(*arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "already done" in done.stderr
    assert written(place, "stopped") == written(place, "whole")
    table = json.loads(done.stdout)
    (cell,) = [c for c in table["cells"] if c["row"] == "sde"]
    (ours,), found = cell["ours"], place.records("stopped")["tiny~iterations=2/tgan+sde/seed-0"]
    assert ours["state"] == "finished"
    assert ours["mean"] == pytest.approx(found["scores"]["fid"]["mean"])
    assert ours["runs"] == [
        {
            "seed": 0,
            "state": "finished",
            "folder": "stopped/tiny~iterations=2/tgan+sde/seed-0",
            "values": found["scores"]["fid"]["values"],
            "failure": None,
        }
    ]
    assert ours["options"]["temporal.dt"] == {"value": 0.025, "origin": "default"}
    assert cell["published"] is None
    assert set(table["anchors"][table["track"]["fingerprint"]]) == {"real", "grey", "noise"}


@pytest.mark.slow
def test_side_by_side_it_makes_the_same_records_and_table(place: Workplace, whole) -> None:
    arguments = [*GRID, *place.data_arguments, "--runs", "side", "--jobs", "2"]
    result = place.call(*arguments, COLUMNS="80")
    assert result.returncode == 0, result.stderr
    assert written(place, "side") == written(place, "whole")
    head, table = result.stdout.split("\n Grid")
    assert table == whole.stdout.split("\n Grid")[1]
    for number in (1, 2):
        lines = [line for line in head.splitlines() if line.startswith(f"[{number}")]
        assert lines[0].startswith(f"[{number}/2] tgan+")
        assert lines[-1].startswith(f"[{number}] done: FID")
    again = place.call(*arguments)
    assert again.stdout.count("already done") == 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_ctrl_c_saves_every_run_that_is_side_by_side(place: Workplace) -> None:
    arguments = ["ablate", "tgan", "x", "ode1,sde", *place.data_arguments, "--runs", "both", "--jobs", "2"]
    with Started([*arguments, "--budget", "iterations=100000"], place.root, place.environment()) as started:
        for words in ("[1] 0%  training  iteration", "[2] 0%  training  iteration"):
            started.wait_for(words)
        started.send_signal(signal.SIGINT)
        done = started.end(timeout=120)
    assert done.returncode == 130, done.stderr
    assert "0 of 2 runs of the suite are done" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(list((place.root / "both").rglob("last.pt"))) == 2


@pytest.fixture
def here(place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Calls the command line in the workplace's folder, in this process."""
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    return Command(place.root, monkeypatch, capsys)


def test_what_is_done_is_skipped(here: Command, place: Workplace, whole) -> None:
    before = {p: p.stat().st_mtime_ns for p in (place.root / "whole").rglob("*") if p.name != ".lock"}
    again = here(*GRID, *place.data_arguments, "--runs", "whole", "--format", "markdown")
    assert again.code == 0, again.err
    assert again.err.count("already done: FID") == 2
    assert before == {p: p.stat().st_mtime_ns for p in (place.root / "whole").rglob("*") if p.name != ".lock"}
    assert again.out.startswith("### Grid tgan x ode1,sde\n")
    assert [line.count("|") for line in again.out.splitlines() if line.startswith("|")] == [3, 3, 3, 3]


RESULTS = """
name = "results"
[[cells]]
row = "ours 100%"
column = "FID & co"
record = "results/friend"
[[cells]]
row = "paper_1"
column = "FID & co"
published = { mean = 310.5, std = 2.1 }
"""
"""A suite that needs no run, with names that LaTeX would read."""


@pytest.fixture
def results(command: Command) -> Command:
    """A command line beside the suite above and the record in it."""
    track = load_track("shapes-smoke")
    made = record("friend", track=track.name, ranked=track.ranked, declared=track.declared, **EXTERNAL)
    write_record(command.folder / "results" / "friend" / "record.json", made)
    (command.folder / "own.toml").write_text(RESULTS)
    return command


def test_a_suite_of_results_and_published_numbers_runs_nothing(results: Command) -> None:
    shown = {
        name: results("ablate", "own.toml", "--format", name)
        for name in ("terminal", "markdown", "latex", "csv", "json")
    }
    assert {done.code for done in shown.values()} == {0}
    assert {done.err for done in shown.values()} == {""}
    assert "311.2 ± 2.6" in shown["terminal"].out
    assert "| paper\\_1 | – | 310.5 ± 2.1 |" in shown["markdown"].out
    assert r"ours 100\% & 311.2 $\pm$ 2.6\textsuperscript{a} &  \\" in shown["latex"].out
    assert r" & FID \& co & FID \& co (published) \\" in shown["latex"].out
    lines = list(csv.DictReader(io.StringIO(shown["csv"].out)))
    assert [(x["row"], x["kind"], x["mean"]) for x in lines] == [
        ("ours 100%", "record", "311.25"),
        ("paper_1", "published", "310.5"),
    ]
    assert json.loads(shown["json"].out)["cells"][0]["ours"][0]["mean"] == 311.25
    plan = results("ablate", "own.toml", "--dry-run")
    assert plan.code == 0, plan.err
    assert "Nothing to run: every cell has a record or a published number." in plan.out
    assert not list(results.folder.rglob("request.json"))


def test_where_nothing_runs_there_is_nothing_to_watch(results: Command) -> None:
    done = results("ablate", "own.toml", "--watch")
    assert done.code == 2
    assert "This suite has no runs, so there is nothing to --watch: leave it out to print the table." in done.err


@pytest.mark.parametrize(
    ("on", "words"), [(["--jobs", "2"], "310.5 ± 2.1"), (["--on", "local", "--dry-run"], "Nothing to run")]
)
def test_a_launcher_gets_no_job_of_it(results: Command, on: list[str], words: str) -> None:
    done = results("ablate", "own.toml", *on)
    assert (done.code, done.err) == (0, "")
    assert words in done.out


DIVERGING = TEMPORAL.replace(
    "raise NotImplementedError",
    """from torch import nn

        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Linear(spec.source, spec.shape[0])

            def forward(self, z0, times, noise):
                return (self.scale(z0) / 0.0)[:, None].expand(-1, len(times), -1)

        return Network()""",
)


def test_it_goes_on_after_a_cell_that_breaks_or_diverges(
    here: Command, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = place.root / "site"
    install(site, "strangers", broken=TEMPORAL.format(name="broken"), wild=DIVERGING.format(name="wild"))
    monkeypatch.syspath_prepend(str(site))
    result = here(
        "ablate", "tgan,vgan x broken,wild,iid", *place.data_arguments, "--budget", "iterations=1", "--runs", "mixed"
    )
    assert result.code == 1, result.err
    assert list(place.records("mixed")) == ["tiny~iterations=1/tgan+iid/seed-0", "tiny~iterations=1/tgan+wild/seed-0"]
    error = " ".join(result.err.split())
    assert "2 of 3 runs failed; the others are done" in error
    assert "tgan+broken seed 0 (broken, tgan): NotImplementedError" in error
    assert "tgan+wild seed 0 (wild, tgan): diverged" in error
    rows = {line.split()[0]: line for line in result.out.splitlines() if line.startswith((" broken", " wild", " iid"))}
    assert "failed" in rows["broken"]
    assert "diverged" in rows["wild"]
    assert "±" in rows["iid"]
    assert all("does not fit" in row for row in rows.values())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return Command(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paper-tabel-1"], "Did you mean 'paper-table-1'?"),
        (["absent.toml"], "The suite file absent.toml cannot be read"),
        (["own.toml"], "own.toml is not valid:\n  cells.0: a cell needs spec (to run a model)"),
        (["tgan", "x", "ode9"], "The cell 'ode9', 'tgan' (tgan+ode9): There is no temporal generator named 'ode9'."),
        (["tgan x ode1,conv1d", "--set", "temporal.hidden=3"], "The cell 'conv1d', 'tgan' (tgan+conv1d)"),
        (["tgan,tgan"], "'tgan' is given twice"),
        (["vgan", "x", "ode1"], "No cell fits"),
        (["tgan", "--track", "shapes-smok"], "Did you mean 'shapes-smoke'?"),
        (["tgan", "--budget", "iteration=3"], "Did you mean 'iterations'?"),
        (["tgan", "--seed", "1", "--seeds", "0-2"], "Give either --seed or --seeds, not both"),
        (["tgan", "--seeds", "²"], "--seeds ²: expected 0-2 or 0,3,7"),
        (["tgan", "--seeds", "0-" + "9" * 5000], "...: expected 0-2 or 0,3,7"),
        (["tgan", "--seeds", "3-1"], "--seeds 3-1: expected 0-2 or 0,3,7"),
        (["tgan", "--seeds", "2147483648"], "--seeds 2147483648: expected"),
        (["tgan", "--device", "cuda:77"], "--device cuda:77"),
        (["tgan", "--data", "videos"], "Leave out --data and --splits"),
        (["tgan", "--runs", "own.toml"], "--runs own.toml is a file"),
        (["tgan", "--dry-run", "--format", "markdown"], "leave out --format markdown"),
        (["tgan", "--dry-run", "--format", "latex"], "--dry-run has no latex format; leave out --format latex"),
        (["tgan", "--track", "mine.toml"], "The data set video-folder needs --data"),
        (["paper-table-1"], "The instrument 'c3d-ucf101' has no weights"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_wrong_suite_is_refused_before_any_work(command: Command, arguments: list[str], words: str) -> None:
    (command.folder / "own.toml").write_text('name = "own"\n[[cells]]\nrow = "a"\ncolumn = "b"\n')
    make_workplace(command.folder / "tiny")
    (command.folder / "tiny" / "tiny.toml").rename(command.folder / "mine.toml")
    done = command("ablate", *arguments)
    assert done.code == 2, done.err
    assert words in done.err
    assert not list(command.folder.rglob("request.json"))
    assert not (command.folder / "XDG_CACHE_HOME").exists()


def test_a_dry_run_lists_every_run_and_touches_nothing(command: Command) -> None:
    arguments = ["ablate", "paper-table-3", "--track", "shapes-smoke", "--budget", "iterations=3", "--seeds", "0-1"]
    shown = command(*arguments, "--dry-run")
    assert shown.code == 0, shown.err
    assert "24 runs, 72 iterations; still to do: 24 runs, 72 iterations" in shown.out
    done = command(*arguments, "--dry-run", "--format", "json")
    plan = json.loads(done.out)
    assert len(plan["runs"]) == 24
    assert plan["total"] == plan["left"] == {"iterations": 72}
    (run,) = [r for r in plan["runs"] if r["spec"] == "mocogan+sde" and r["seed"] == 1]
    assert run["cells"] == [["3rd order", "MoCoGAN"], ["SDE", "MoCoGAN"]]
    assert run["options"]["temporal.hidden"] == {"value": 49, "origin": "pairing"}
    assert (run["state"], run["budget"]) == ("to do", {"iterations": 3})
    assert list(command.folder.iterdir()) == []


def test_a_dry_run_tells_what_is_done_and_what_is_begun(command: Command) -> None:
    for name, file in (("tgan+ode1", "record.json"), ("tgan+sde", "request.json")):
        folder = command.folder / "runs" / "shapes-smoke" / name / "seed-0"
        folder.mkdir(parents=True)
        (folder / file).write_text("{}")
    done = command("ablate", "tgan,vgan x ode1,ode2,sde", "--dry-run", "--format", "json")
    plan = json.loads(done.out)
    assert {r["spec"]: r["state"] for r in plan["runs"]} == {
        "tgan+ode1": "done",
        "tgan+ode2": "to do",
        "tgan+sde": "begun",
    }
    assert plan["left"] == {"iterations": 500}
    assert [m["spec"] for m in plan["does_not_fit"]] == ["vgan+ode1", "vgan+ode2", "vgan+sde"]


def test_without_its_instrument_the_plan_is_shown_and_then_what_is_missing(command: Command) -> None:
    done = command("ablate", "paper-table-3", "--dry-run")
    assert done.code == 2
    assert "12 runs, 1,200,000 iterations" in done.out
    assert "vidgen-bench instrument import" in done.err


@pytest.mark.parametrize(
    ("at", "done", "table"),
    [
        ("data", "0 of 3 runs of the suite are done.", False),
        ("third", "1 of 3 runs of the suite are done; they will be skipped.", True),
    ],
)
def test_ctrl_c_anywhere_prints_the_table_so_far(
    command: Command, monkeypatch: pytest.MonkeyPatch, at: str, done: str, table: bool
) -> None:
    def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
        if seed == 1:
            raise ValueError("the network broke")
        if seed == 2:
            raise KeyboardInterrupt
        return Outcome(plan.folder(seed), record("tgan+ode1"), already=False)

    def check_data(*_: object) -> None:
        if at == "data":
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "check_data", check_data)
    monkeypatch.setattr(running, "carry_out", functools.partial(running.carry_out, execute=execute))
    stopped = command("ablate", "tgan x ode1", "--seeds", "0-2")
    assert stopped.code == 130, stopped.err
    said = " ".join(stopped.err.split())
    assert "Stopped. The same command continues from there." in said
    assert done in said
    assert ("1 of 3 seeds" in stopped.out) is table
