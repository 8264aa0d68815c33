"""Submitting: all declared seeds of a spec or nothing, each checked against its run folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.kit.finished_runs import finished, finished_spec
from tests.kit.record_files import EXTERNAL, record
from tests.kit.submitted_results import reasons, spoil
from vidgen_bench.errors import DamagedError, RecordError, RequestError, VidgenBenchError
from vidgen_bench.experiments.submit.preview import preview
from vidgen_bench.experiments.submit.submit import submit
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.training import checkpoint

FOLDER = Path("test-64/tgan+ode1")
NAMES = ("seed-0.json", "seed-1.json", "seed-2.json", "seed-3.json", "seed-4.json", "preview.jpg")


def test_all_seeds_are_written_and_pass_the_checks(tmp_path: Path) -> None:
    runs, target = finished_spec(tmp_path / "runs"), tmp_path / "leaderboards"
    (done,) = submit(runs, target)
    assert (done.spec, done.folder, done.files, done.already) == ("tgan+ode1", target / FOLDER, NAMES, False)
    assert sorted(p.name for p in (target / FOLDER).iterdir()) == sorted(NAMES)
    assert reasons(target) == {}
    for seed, run in enumerate(runs):
        assert (target / FOLDER / f"seed-{seed}.json").read_bytes() == (run / "record.json").read_bytes()
    assert [p.name for p in target.iterdir()] == ["test-64"]


def test_the_order_does_not_matter_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    runs, target = finished_spec(tmp_path / "runs"), tmp_path / "leaderboards"
    submit(runs, target)
    before = {p: p.stat().st_mtime_ns for p in target.rglob("*")}
    (done,) = submit(runs[::-1], target)
    assert done.already
    assert {p: p.stat().st_mtime_ns for p in target.rglob("*.json")} == {
        p: t for p, t in before.items() if p.suffix == ".json"
    }


def test_options_have_a_folder_of_their_own(tmp_path: Path) -> None:
    options = {"backbone.width": (0.5, "given"), "temporal.order": (1, "name")}
    runs = [*finished_spec(tmp_path / "a"), *finished_spec(tmp_path / "b", "tgan+ode1:equal", options=options)]
    done = submit(runs, tmp_path / "leaderboards")
    assert [d.folder.name for d in done] == ["tgan+ode1", "tgan+ode1.equal,backbone.width=0.5"]
    assert reasons(tmp_path / "leaderboards") == {}


def test_missing_seeds_are_refused_with_the_command_that_runs_them(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs")
    with pytest.raises(RequestError) as caught:
        submit([runs[0], runs[2], runs[3]], tmp_path / "leaderboards")
    assert "the seeds 0 to 4 of its track; seeds 1, 4 are missing" in str(caught.value)
    assert str(caught.value).endswith("Run: vidgen-bench run tgan+ode1 --track test-64.toml --seeds 1,4")
    assert not (tmp_path / "leaderboards").exists()


def test_the_best_5_of_20_seeds_are_refused(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs", count=20)
    for chosen in (runs, runs[:6], [runs[0], runs[3], runs[11], runs[12], runs[19]], runs[5:10]):
        with pytest.raises(RequestError, match=r"is not among the seeds that the track declares, 0 to 4"):
            submit(chosen, tmp_path / "leaderboards")
    assert not (tmp_path / "leaderboards").exists()
    submit(runs[:5], tmp_path / "leaderboards")


def test_a_seed_of_another_name_is_refused(tmp_path: Path) -> None:
    """Renaming the folder of a good seed does not make it a declared one: the record and request.json have its number."""
    runs = finished_spec(tmp_path / "runs", count=8)
    shutil.rmtree(runs[2])
    shutil.move(runs[7], runs[2])
    with pytest.raises(RequestError, match="seed: 7 is not among"):
        submit(runs[:5], tmp_path / "leaderboards")
    spoil(runs[2] / "record.json", lambda t: t.update(seed=2))
    with pytest.raises(RecordError, match=r"is not of the run in its request.json: its seed is 2, not 7\."):
        submit(runs[:5], tmp_path / "leaderboards")


def test_a_seed_twice_is_refused(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs")
    again = finished_spec(tmp_path / "again", count=1)
    with pytest.raises(RequestError, match="seed 0 is given twice"):
        submit([*runs, *again], tmp_path / "leaderboards")


def test_diverged_runs_are_sent_in_too(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs", count=3)
    runs += [finished(tmp_path / "runs", record(seed=n, diverged=True)) for n in (3, 4)]
    (done,) = submit(runs, tmp_path / "leaderboards")
    assert done.files == NAMES
    assert json.loads((done.folder / "seed-4.json").read_text())["status"] == "diverged"
    assert reasons(tmp_path / "leaderboards") == {}


def test_a_result_whose_first_seed_diverged_has_no_preview(tmp_path: Path) -> None:
    runs = [finished(tmp_path / "runs", record(seed=n, diverged=True)) for n in range(5)]
    assert submit(runs, tmp_path / "leaderboards")[0].files == NAMES[:-1]


def _weights(run: Path) -> None:
    path = run / checkpoint.best_file(400)
    content = checkpoint.load(path, torch.device("cpu"))
    content["parts"]["generator"]["w"][0] += 1e-6
    checkpoint.save(path, {"parts": content["parts"]})


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "edited score": (
        lambda run: spoil(run / "record.json", lambda t: t["scores"]["fid"].update(mean=1.0)),
        "do not match the values",
    ),
    "edited hash": (
        lambda run: spoil(run / "record.json", lambda t: t["hashes"].update(checkpoint="0" * 64)),
        "is not the one that the record of",
    ),
    "other weights": (_weights, "is not the one that the record of"),
    "no checkpoint": (lambda run: (run / checkpoint.best_file(400)).unlink(), "no longer exists"),
    "edited trace": (lambda run: (run / "trace.jsonl").write_text(""), "is not that of its record"),
    "another length": (
        lambda run: spoil(run / "record.json", lambda t: t["spent"].update(iterations=399)),
        "is of another iteration",
    ),
    "no hashes": (lambda run: spoil(run / "record.json", lambda t: t.update(hashes=None)), "has no hashes"),
    "not finished": (lambda run: (run / "record.json").unlink(), "is not finished"),
    "not a run": (shutil.rmtree, "does not exist"),
    "external": (lambda run: (run / "record.json").write_text(record(**EXTERNAL).text()), "external clips"),
    "half a line in the trace": (
        lambda run: (run / "trace.jsonl").write_text('{"iteration": 4'),
        "trace.jsonl is damaged",
    ),
    "a trace that is not text": (lambda run: (run / "trace.jsonl").write_bytes(b"\xff\xfe"), "trace.jsonl is damaged"),
    "a folder as trace": (lambda run: _folder(run / "trace.jsonl"), "trace.jsonl is a folder"),
    "a deep request": (lambda run: (run / "request.json").write_text("[" * 100_000), "request.json is damaged"),
    "a folder as request": (lambda run: _folder(run / "request.json"), "request.json is a folder"),
    "other options in the request": (
        lambda run: spoil(run / "request.json", lambda t: t["options"].update({"backbone.width": 9.0})),
        r"in its options, \S+ is .*, not ",
    ),
    "other given options in the request": (
        lambda run: spoil(run / "request.json", lambda t: t.update(spec="tgan+ode1 backbone.width=9")),
        'its list of given options is "", not "backbone.width=9"',
    ),
    "no progress": (lambda run: checkpoint.save(run / "last.pt", {"progress": None}), "it has no progress"),
    "progress in a list": (lambda run: checkpoint.save(run / "last.pt", {"progress": [1]}), "it has no progress"),
    "no last checkpoint": (lambda run: (run / "last.pt").unlink(), "last.pt no longer exists"),
    "sparse weights": (
        lambda run: checkpoint.save(
            run / checkpoint.best_file(400), {"parts": {"generator": {"w": torch.eye(3).to_sparse()}}}
        ),
        "expected names and dense tensors",
    ),
    "markup": (
        lambda run: spoil(run / "record.json", lambda t: t["plugins"][0].update(version="<b>")),
        "contains markup",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_one_run_that_is_not_accepted_writes_nothing(tmp_path: Path, name: str) -> None:
    change, reason = SPOILED[name]
    runs = finished_spec(tmp_path / "runs")
    change(runs[3])
    with pytest.raises(VidgenBenchError, match=reason) as caught:
        submit(runs, tmp_path / "leaderboards")
    assert caught.value.exit_code == (1 if isinstance(caught.value, DamagedError) else 2)
    assert not (tmp_path / "leaderboards").exists()


def test_a_run_of_another_row_is_refused(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs", count=4)
    other = record(
        seed=4,
        plugins=[p.model_dump() | ({"distribution": "mine"} if p.kind == "temporal" else {}) for p in record().plugins],
    )
    runs.append(finished(tmp_path / "runs", other))
    with pytest.raises(RequestError, match="the runs differ in plugins"):
        submit(runs, tmp_path / "leaderboards")


def test_a_picture_alone_is_no_result(tmp_path: Path) -> None:
    folder = tmp_path / "leaderboards" / FOLDER
    folder.mkdir(parents=True)
    (folder / "preview.jpg").write_bytes(b"left over")
    (done,) = submit(finished_spec(tmp_path / "runs"), tmp_path / "leaderboards")
    assert (done.already, done.replaced) == (False, False)
    assert reasons(tmp_path / "leaderboards") == {}


def test_a_result_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "leaderboards"
    submit(finished_spec(tmp_path / "runs"), target)
    before = {p: p.read_bytes() for p in target.rglob("*.json")}
    with pytest.raises(RequestError, match="has another result of this spec"):
        submit(finished_spec(tmp_path / "better", better=1.0), target)
    assert {p: p.read_bytes() for p in target.rglob("*.json")} == before
    withdraw(target / FOLDER / "seed-3.json", "wrong data")
    with pytest.raises(RequestError, match="or a withdrawn one"):
        submit(finished_spec(tmp_path / "again"), target)


def test_a_withdrawn_seed_is_not_submitted_under_another_folder_name(tmp_path: Path) -> None:
    target = tmp_path / "leaderboards"
    submit(finished_spec(tmp_path / "runs"), target)
    for path in sorted((target / FOLDER).glob("seed-?.json")):
        withdraw(path, "wrong data")
    given = {"backbone.width": (1.0, "given"), "temporal.order": (1, "name")}
    again = finished_spec(tmp_path / "again", better=0.5, options=given)
    before = sorted(target.rglob("*"))
    with pytest.raises(
        RequestError, match=r"seed 0 was withdrawn, see test-64/tgan\+ode1/seed-0\.withdrawn\.json;"
    ) as caught:
        submit(again, target)
    assert caught.value.exit_code == 2
    assert sorted(target.rglob("*")) == before


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    target = tmp_path / "leaderboards"
    real, done = os.fsync, []

    def full(handle: int) -> None:
        done.append(handle)
        if len(done) > 3:
            raise OSError(28, "No space left on device")
        real(handle)

    runs = finished_spec(tmp_path / "runs")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VidgenBenchError, match="No space left on device"):
        submit(runs, target)
    assert list(target.rglob("*")) == []


def test_a_preview_is_a_small_jpeg(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 3000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "samples.png")
    content = preview(tmp_path / "samples.png")
    assert content is not None
    assert len(content) <= 60_000
    picture = Image.open(BytesIO(content))
    assert picture.format == "JPEG"
    assert abs(picture.width / picture.height - 1.5) < 0.02
    assert preview(tmp_path / "absent.png") is None
    (tmp_path / "samples.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    with pytest.raises(RecordError, match="Delete it to submit without a preview"):
        preview(tmp_path / "samples.png")


def test_a_result_with_an_attestation_is_already_there_and_an_empty_folder_is_filled(tmp_path: Path) -> None:
    runs, target = finished_spec(tmp_path / "runs"), tmp_path / "leaderboards"
    (target / FOLDER).mkdir(parents=True)
    (done,) = submit(runs, target)
    assert (done.already, len(list((target / FOLDER).glob("seed-*.json")))) == (False, 5)
    (target / FOLDER / "seed-0.attested.json").write_text("{}")
    (done,) = submit(runs, target)
    assert done.already
    assert (target / FOLDER / "seed-0.attested.json").exists()
