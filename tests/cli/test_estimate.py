"""``vidgen-bench estimate``, and the cost that a dry run prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.command import Command
from tests.kit.record_files import MEASURED, record
from tests.kit.workplace import Workplace
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track
from vidgen_bench.experiments.estimate.earlier_runs import machine_for
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host
from vidgen_bench.records.record import write_record


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_probe_measures_every_part_and_leaves_nothing_behind(workplace: Workplace, tmp_path: Path) -> None:
    before = files_in(workplace.root)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = ["estimate", "tgan+ode1", *workplace.data_arguments]
    done = workplace.call(*arguments, "--json", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert files_in(workplace.root) == before
    found = json.loads(done.stdout)
    assert found["iterations"] == 5
    assert found["machine"]["threads"] == 1
    parts = {part["name"]: part for part in found["parts"]}
    assert all(part["seconds"] > 0 for part in parts.values())
    assert parts["decoding"]["amount"] == "6 videos"
    assert parts["reference statistics"]["amount"] == "8 clips"  # two passes of four videos
    assert parts["evaluations"]["amount"] == "3, each of 4 clips"
    assert found["seconds"] == pytest.approx(sum(part["seconds"] for part in parts.values()))
    assert found["memory_bytes"] > 10**8
    assert found["disk_bytes"]["cache"] > 6 * 20 * 3 * 64 * 64

    assert workplace.run("tgan+ode1").returncode == 0
    size = sum(p.stat().st_size for p in (workplace.root / "runs/tiny/tgan+ode1/seed-0").iterdir())
    assert found["disk_bytes"]["run"] == pytest.approx(size, rel=0.2)
    again = workplace.call(*arguments)
    assert again.returncode == 0, again.stderr
    assert "decoding" not in again.stdout  # the cache has the videos, the statistics and the anchors
    assert "anchors" not in again.stdout
    assert "5 iterations" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tgan+ode9"], "ode9"),
        (["tgan", "--track", "nowhere"], "There is no track named 'nowhere'"),
        (["tgan", "--budget", "hours=1"], "--budget hours=1"),
        (["tgan", "--device", "cuda:99"], "--device cuda:99"),
        (["tgan", "--track", "ucf101-64-paper"], "vidgen-bench instrument import"),
        (["tgan", "--data", "."], "shapes makes its own videos"),
        (["tgan", "--set", "backbone.batch=100000000"], "Lower the batch"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_measured(
    command: Command, arguments: list[str], message: str
) -> None:
    done = command("estimate", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
    assert list(command.folder.iterdir()) == []


def test_several_processes_are_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    done = command("estimate", "tgan")
    assert (done.code, "without torchrun" in done.err) == (2, True)


def test_ctrl_c_in_the_probe_says_that_nothing_is_kept(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidgen_bench.experiments.estimate.probe.probe", interrupted)
    done = command("estimate", "tgan")
    assert (done.code, done.out) == (130, "")
    assert done.err.endswith("Stopped before the end of the probe. The same command begins again.\n")


def earlier(runs: Path, spec: str = "tgan+ode1") -> None:
    """Write the record of a run on this machine: 280 s for 400 iterations (175 s for 250), 20 s per evaluation and for the end."""
    track, machine = load_track("shapes-smoke"), machine_for(Request(spec, device="cpu", threads=1))
    assert machine is not None
    settings = compose(spec, track, {}, Host.of_environment()).resolved.settings
    options: Any = {key: (s.model_dump(mode="json")["value"], s.origin) for key, s in settings.items()}
    write_record(
        runs / "shapes-smoke" / spec / "seed-0" / "record.json",
        record(
            spec,
            track="shapes-smoke",
            declared=track.declared,
            options=options,
            environment={"torch": "2.6.0", "threads": 1, "device": "cpu", "world": 1},
            measured=MEASURED | {"finished": "2024-01-01T00:05:20Z", "hardware": machine.hardware},
        ),
    )


DRY = ["--dry-run", "--device", "cpu", "--threads", "1"]


def test_a_dry_run_prints_what_an_earlier_run_took(command: Command) -> None:
    before = command("run", "tgan+ode1", *DRY)
    assert "no earlier run of this model on this hardware" in before.out
    earlier(command.folder / "runs")
    done = command("run", "tgan+ode1", *DRY)
    assert done.code == 0
    assert "5 min per seed, 0.0486 device-hours, 954 MiB of memory (from 1 earlier run on this hardware)" in done.out
    half = command("run", "tgan+ode1", "--budget", "iterations=125", *DRY)
    assert "3 min per seed" in half.out
    assert "no earlier run" in command("run", "tgan+ode1", *DRY, "--threads", "2").out


def test_a_suite_adds_up_what_earlier_runs_took(command: Command) -> None:
    suite = ["ablate", "tgan x ode1,ode2", "--seeds", "0-2", *DRY]
    assert "no earlier run on this hardware" in command(*suite).out
    earlier(command.folder / "runs")
    assert (
        "Time for 2 of these 5 runs, by earlier runs on this hardware: 10 min, 0.0972 device-hours."
        in command(*suite).out
    )
    plan = json.loads(command(*suite, "--format", "json").out)
    known = {(r["spec"], r["seed"]) for r in plan["runs"] if r["estimate"] is not None}
    assert known == {("tgan+ode1", seed) for seed in (0, 1, 2)}
    assert plan["runs"][0]["estimate"]["seconds"] == pytest.approx(175 + 5 * 20 + 20)
    assert (plan["left_estimate"]["runs"], plan["left_estimate"]["of"]) == (2, 5)
    assert plan["left_estimate"]["seconds"] == pytest.approx(2 * (175 + 5 * 20 + 20))
