"""A plugin is edited after a run: every command notices, and the two ways on do what they say."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import killed
from tests.kit.edited_plugin import EditedPlugin
from tests.kit.record_text import PROJECT
from tests.kit.workplace import Workplace

CELL = "tiny/tgan+drift/seed-0"


@pytest.fixture(scope="module")
def finished(prepared: Workplace) -> EditedPlugin:
    """A finished run of a plugin, in ``changed``."""
    plugin = EditedPlugin.make(prepared.root / "site")
    done = prepared.run("tgan+drift", "--runs", "changed", **plugin.environment)
    assert done.returncode == 0, done.stderr
    return plugin


@pytest.fixture
def edited(prepared: Workplace, finished: EditedPlugin) -> Iterator[EditedPlugin]:
    """The plugin after an edit, which is taken back at the end."""
    finished.edit(2.0)
    yield finished
    finished.edit(1.0)


def refused(result) -> str:
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_finished_run_is_still_done_without_an_edit(prepared: Workplace, finished: EditedPlugin) -> None:
    again = prepared.run("tgan+drift", "--runs", "changed", "--again", **finished.environment)
    assert again.returncode == 0, again.stderr
    assert "already done" in again.stdout
    assert "--again had nothing to do" in again.stdout
    assert [p.name for p in (prepared.root / "changed" / CELL).parent.iterdir()] == ["seed-0"]


def test_the_record_and_the_request_name_the_packages(prepared: Workplace, finished: EditedPlugin) -> None:
    folder = prepared.root / "changed" / CELL
    record, request = (json.loads((folder / f"{name}.json").read_text()) for name in ("record", "request"))
    assert record["code"]["packages"] == request["code"]
    assert {"vidgen_drifting", "vidgen_backbones.tgan", "vidgen_bench.training", "vidgen_bench.measure.metrics"} <= {
        *request["code"]
    }
    assert "accepted" in record["code"]
    assert not record["code"]["accepted"]
    assert request["revision"] == record["measured"]["revision"]


@pytest.mark.parametrize("more", [[], ["--seeds", "0-1"], ["--on", "local"]], ids=" ".join)
def test_run_refuses_a_finished_run(prepared: Workplace, edited: EditedPlugin, more: list[str]) -> None:
    text = refused(prepared.run("tgan+drift", "--runs", "changed", *more, **edited.environment))
    assert "The result in changed/tiny/tgan+drift/seed-0 began at 20" in text
    assert (
        "vidgen_drifting (temporal generator drift of vidgen-drifting 1.0) has changed: speed.py was modified at 20"
        in text
    )
    assert "--again starts over and keeps the earlier folder as seed-0.20" in text
    assert "--accept-changed-code shows it all the same" in text
    assert not (prepared.root / "changed/tiny/tgan+drift/seed-1").exists()  # nothing has begun


def test_ablate_refuses_the_suite_before_anything_runs(prepared: Workplace, edited: EditedPlugin) -> None:
    arguments = ["ablate", "tgan", "x", "ode1,drift", *prepared.data_arguments, "--runs", "changed"]
    for more in ([], ["--jobs", "2"]):
        assert "vidgen_drifting" in refused(prepared.call(*arguments, *more, **edited.environment))
    assert not (prepared.root / "changed/tiny/tgan+ode1").exists()


def test_plans_and_watching_name_what_has_changed(prepared: Workplace, edited: EditedPlugin) -> None:
    suite = ["ablate", "tgan", "x", "drift", *prepared.data_arguments, "--runs", "changed"]
    plan = prepared.run("tgan+drift", "--runs", "changed", "--dry-run", **edited.environment)
    assert "changed since the run began: seed 0: vidgen_drifting; --again starts over" in plan.stdout
    watched = prepared.run("tgan+drift", "--runs", "changed", "--watch", **edited.environment)
    assert "Its code has changed since it began: vidgen_drifting." in watched.stdout
    for more, state in (([], "changed"), (["--again"], "to do"), (["--accept-changed-code"], "done")):
        planned = prepared.call(*suite, "--dry-run", "--format", "json", *more, **edited.environment)
        assert [run["state"] for run in json.loads(planned.stdout)["runs"]] == [state]
    assert "changed: the code has changed since" in prepared.call(*suite, "--dry-run", **edited.environment).stdout


def test_accepting_shows_the_result_and_changes_nothing(prepared: Workplace, edited: EditedPlugin) -> None:
    before = (prepared.root / "changed" / CELL / "record.json").read_bytes()
    shown = prepared.run("tgan+drift", "--runs", "changed", "--accept-changed-code", **edited.environment)
    assert shown.returncode == 0, shown.stderr
    assert "already done" in shown.stdout
    table = prepared.call(
        "ablate", "tgan", "x", "drift", *prepared.data_arguments, "--runs", "changed", "--accept-changed-code",
        **edited.environment,
    )  # fmt: skip
    assert table.returncode == 0, table.stderr
    assert "already done" in table.stdout
    assert (prepared.root / "changed" / CELL / "record.json").read_bytes() == before


def test_sample_and_evaluate_warn_on_one_line(prepared: Workplace, edited: EditedPlugin) -> None:
    run = f"changed/{CELL}"
    location = ["--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]
    for arguments in (
        ["sample", run, "--count", "1", "--out", "clip.gif"],
        ["evaluate", run, *location],
        ["evaluate", run, *location, "--samples", "2"],
    ):
        done = prepared.call(*arguments, **edited.environment)
        assert done.returncode == 0, done.stderr
        (line,) = (line for line in done.stderr.splitlines() if line.startswith("warning: "))
        assert line.startswith("warning: vidgen_drifting has changed since changed/")
        assert "these are its weights in the code of now (newest file: speed.py, 20" in line


def test_sample_says_nothing_without_an_edit(prepared: Workplace, finished: EditedPlugin) -> None:
    done = prepared.call("sample", f"changed/{CELL}", "--count", "1", "--out", "clip.gif", **finished.environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_both_ways_at_once_are_refused(prepared: Workplace, finished: EditedPlugin) -> None:
    text = refused(prepared.run("tgan+drift", "--again", "--accept-changed-code", **finished.environment))
    assert "--again and --accept-changed-code exclude each other" in text


@pytest.mark.slow
def test_again_starts_over_once_and_keeps_the_earlier_folder(prepared: Workplace, edited: EditedPlugin) -> None:
    runs = prepared.root / "over"
    shutil.copytree(prepared.root / "changed" / "tiny", runs / "tiny", dirs_exist_ok=True)
    before = (runs / CELL / "record.json").read_bytes()
    again = prepared.run("tgan+drift", "--runs", "over", "--again", **edited.environment)
    assert again.returncode == 0, again.stderr
    assert "already done" not in again.stdout
    kept, new = sorted((runs / CELL).parent.iterdir(), reverse=True)
    assert new.name == "seed-0"
    assert kept.name.startswith("seed-0.20")
    assert (kept / "record.json").read_bytes() == before
    assert not (kept / "owner.json").exists()
    first, second = (json.loads((folder / "record.json").read_text()) for folder in (kept, new))
    assert first["code"]["packages"]["vidgen_drifting"] != second["code"]["packages"]["vidgen_drifting"]
    assert first["hashes"] != second["hashes"]
    more = prepared.run("tgan+drift", "--runs", "over", "--again", **edited.environment)
    assert "already done" in more.stdout
    assert len(list((runs / CELL).parent.iterdir())) == 2
    table = prepared.call("leaderboard", "--runs", "over", "--format", "json", **edited.environment)
    (ranking,) = json.loads(table.stdout)["rankings"]
    assert [run["file"] for row in ranking["rows"] for run in row["runs"]] == [f"over/{CELL}/record.json"]


@pytest.mark.slow
def test_an_unfinished_run_is_refused_and_goes_on_if_the_change_is_accepted(
    prepared: Workplace, finished: EditedPlugin
) -> None:
    stopped = prepared.call(
        "run", "tgan+drift", *prepared.data_arguments, "--runs", "stopped",
        entry=killed.ENTRY, VIDGEN_TEST_KILL="iteration:3", PYTHONPATH=f"{finished.site}:{PROJECT}",
    )  # fmt: skip
    assert stopped.returncode == -signal.SIGKILL
    folder: Path = prepared.root / "stopped" / CELL
    earlier = json.loads((folder / "request.json").read_text())["code"]["vidgen_drifting"]
    finished.edit(3.0)
    try:
        text = refused(prepared.run("tgan+drift", "--runs", "stopped", **finished.environment))
        assert "The unfinished run in stopped/" in text
        assert "--accept-changed-code goes on with the code of now; the record will have both hashes" in text
        accept = prepared.run("tgan+drift", "--runs", "stopped", "--accept-changed-code", **finished.environment)
        assert accept.returncode == 0, accept.stderr
        done = prepared.run("tgan+drift", "--runs", "stopped", **finished.environment)
        assert "already done" in done.stdout  # the record has this code
    finally:
        finished.edit(1.0)
    code = json.loads((folder / "record.json").read_text())["code"]
    assert code["accepted"] == [{"iteration": 2, "earlier": {"vidgen_drifting": earlier}}]
    assert code["packages"]["vidgen_drifting"] != earlier
    for layout, words in (
        ([], "different code"),
        (["--format", "markdown"], "(different code)"),
        (["--format", "csv"], "vidgen_drifting"),
    ):
        table = prepared.call("leaderboard", "--runs", "stopped", *layout)
        assert words in table.stdout, table.stdout + table.stderr
