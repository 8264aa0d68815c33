"""``vidgen-bench run`` from end to end on tiny real videos."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from vidgen_bench.records.record import read_record


@pytest.fixture(scope="module")
def finished(prepared):
    """One finished run in the shared workplace, with what the command said."""
    result = prepared.run("tgan+ode2", "--runs", "first")
    assert result.returncode == 0, result.stderr
    return result


def test_a_run_ends_with_its_record_its_scores_between_anchors_and_pictures(prepared, finished):
    folder = prepared.root / "first" / "tiny" / "tgan+ode2" / "seed-0"
    record = read_record(folder / "record.json")
    assert record.status == "finished"
    assert [p.iteration for p in record.trace] == [2, 4, 5]
    assert record.spent.iterations == 5
    assert record.spent.clips == 5 * 2
    assert set(record.scores) == {"is", "fid"}
    assert len(record.scores["fid"].values) == 2
    assert {name: len(scores["is"].values) for name, scores in record.anchors.items()} == {
        "real": 2,
        "grey": 1,
        "noise": 1,
    }
    assert abs(record.anchors["grey"]["is"].mean - 1.0) < 1e-5
    assert record.best is not None
    assert record.best.value == min(p.scores["fid"] for p in record.trace)
    assert record.data.train_videos == 4
    assert record.parameters.temporal == 658_624
    assert record.options["backbone.width"].origin == "track"
    assert record.options["temporal.order"].origin == "name"
    for word in ("record.json", "samples.gif", "held-out real clips", "plain noise", "rank nothing", "tgan+ode2"):
        assert word in finished.stdout
    with Image.open(folder / "samples.gif") as image:
        assert image.n_frames == 16
    with Image.open(folder / "samples.png") as image:
        assert image.size[0] > 8 * 64
    assert not list(folder.glob("*.part"))


def test_the_same_command_again_says_that_it_is_done(prepared, finished):
    path = prepared.root / "first" / "tiny" / "tgan+ode2" / "seed-0" / "record.json"
    before = path.read_bytes()
    again = prepared.run("tgan+ode2", "--runs", "first")
    assert again.returncode == 0
    assert "already done" in again.stdout
    assert path.read_bytes() == before


def test_two_spellings_share_one_folder_and_one_record(prepared):
    first = prepared.run("tgan+ode1:equal", "--runs", "spellings", "--budget", "iterations=1")
    assert first.returncode == 0, first.stderr
    again = prepared.run(
        "tgan+ode1", "--set", "temporal.variant=equal", "--runs", "spellings", "--budget", "iterations=1"
    )
    assert "already done" in again.stdout
    (record,) = prepared.records("spellings").values()
    assert record["spec"] == "tgan+ode1:equal"
    assert record["track"]["name"] == "tiny~iterations=1"
    assert abs(record["parameters"]["temporal"] - record["parameters"]["own_temporal"]) < 201


def test_several_seeds_are_several_runs(prepared):
    result = prepared.run("tgan", "--runs", "seeds", "--seeds", "0-1", "--budget", "iterations=1")
    assert result.returncode == 0, result.stderr
    records = prepared.records("seeds")
    assert sorted(records) == ["tiny~iterations=1/tgan+conv1d/seed-0", "tiny~iterations=1/tgan+conv1d/seed-1"]
    a, b = records.values()
    assert a["spec"] == b["spec"] == "tgan+conv1d"
    assert a["scores"] != b["scores"]
    assert a["anchors"] == b["anchors"]
    assert a["data"] == b["data"]


def test_a_dry_run_prints_the_plan_and_touches_nothing(workplace):
    result = workplace.run("tgan+sde:equal", "--set", "backbone.batch=4", "--dry-run", "--seeds", "0,4")
    assert result.returncode == 0, result.stderr
    for word in (
        "tgan+sde:equal backbone.batch=4",
        "video-folder",
        "c3d-shapes",
        "826,468",
        "given",
        "track",
        "variant",
        "seed-4",
    ):
        assert word in result.stdout
    assert not (workplace.root / "runs").exists()
    assert not (workplace.root / "cache").exists()


def test_a_loss_that_is_not_finite_ends_as_a_diverged_record(prepared):
    # ten iterations between looks: clipping meets weights that are not finite first
    track = (
        (prepared.root / "tiny.toml")
        .read_text()
        .replace("every = 2", "every = 10")
        .replace("iterations = 5", "iterations = 20")
    )
    (prepared.root / "long.toml").write_text(track)
    arguments = ["--set", "backbone.learning_rate=1e30", "--runs", "diverged", "--track", "long.toml"]
    result = prepared.run("tgan+ode1", *arguments)
    assert result.returncode == 1
    assert "diverged" in result.stderr
    (record,) = prepared.records("diverged").values()
    assert record["status"] == "diverged"
    assert record["scores"] == {}
    board = prepared.call("leaderboard", "--runs", "diverged")
    assert board.returncode == 0
    assert "diverged" in board.stdout


def test_runs_of_other_budgets_are_not_ranked_together(prepared, finished):
    result = prepared.run("tgan+sde:equal", "--runs", "first", "--budget", "iterations=1", "--seed", "1")
    assert result.returncode == 0, result.stderr
    board = prepared.call("leaderboard", "--runs", "first", "--format", "json")
    assert board.returncode == 0, board.stderr
    table = json.loads(board.stdout)
    tracks = [ranking["track"] for ranking in table["rankings"]]
    assert len(tracks) == len({json.dumps(t) for t in tracks}) == 2


@pytest.mark.slow
def test_real_clips_train(workplace, shared):
    track = workplace.root / "tiny.toml"
    track.write_text(
        track.read_text()
        .replace("classes = 2", "classes = 4")
        .replace("resize = [64, 64]\ncrop = [0, 0", "resize = [64, 85]\ncrop = [0, 10")
    )
    source = shared / "data" / "weizmann"
    arguments = [
        "--track",
        "tiny.toml",
        "--data",
        str(source / "videos"),
        "--splits",
        str(source / "splits"),
        "--device",
        "cpu",
    ]
    result = workplace.call("run", "tgan+ode1", *arguments, "--budget", "iterations=2")
    assert result.returncode == 0, result.stderr
    (record,) = workplace.records().values()
    assert (record["data"]["train_videos"], record["data"]["test_videos"]) == (56, 16)


@pytest.mark.slow
def test_two_processes_run_as_one(prepared, finished):
    script = "from torch.distributed.run import main; main()"
    arguments = [
        "--nproc-per-node",
        "2",
        "-m",
        "vidgen_bench",
        "run",
        "tgan+ode2",
        *prepared.data_arguments,
        "--runs",
        "two",
    ]
    result = prepared.call(*arguments, script=script)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("record ") == 1
    (together,) = prepared.records("two").values()
    assert together["environment"]["world"] == 2
    alone = prepared.records("first")["tiny/tgan+ode2/seed-0"]
    assert together["spent"] == alone["spent"]
    first, same = (record["trace"][0]["losses"]["discriminator.real"] for record in (together, alone))
    assert first == pytest.approx(same, rel=1e-4)


@pytest.mark.slow
def test_two_processes_run_a_suite_one_run_after_another(prepared):
    """They stay one group from run to run; a run folder in use by another run fails on both, and both go on."""
    script = "from torch.distributed.run import main; main()"
    grid = ["ablate", "tgan x ode1,sde", *prepared.data_arguments, "--budget", "iterations=2", "--runs", "suite"]
    first = prepared.call("--nproc-per-node", "2", "-m", "vidgen_bench", *grid, script=script)
    assert first.returncode == 0, first.stderr
    assert len(prepared.records("suite")) == 2
    (taken,) = (prepared.root / "suite").glob("*/tgan+ode1/seed-0")
    (taken / "record.json").unlink()
    request = taken / "request.json"
    request.write_text(request.read_text().replace('"seed": 0', '"seed": 7'))
    second = prepared.call("--nproc-per-node", "2", "-m", "vidgen_bench", *grid, script=script)
    assert second.returncode == 1
    assert "belongs to another run: its seed is 7, not 0" in second.stderr
    assert "already done" in second.stdout


OFFICIAL = ["--set", "backbone.recipe=official", "--set", "backbone.width=0.03125", "--set", "backbone.batch=2"]


@pytest.mark.slow
def test_crops_that_move_are_cut_from_a_second_store_and_measured_never(prepared, finished):
    """TGANv2's own recipe; the data fingerprint stays that of the track's crop."""
    track = prepared.root / "spare.toml"
    text = (prepared.root / "tiny.toml").read_text()
    text = text.replace("resize = [64, 64]", "resize = [64, 85]").replace("crop = [0, 0", "crop = [0, 10")
    track.write_text(text.replace('name = "tiny"', 'name = "spare"').replace("iterations = 5", "iterations = 2"))
    stores = prepared.root / "cache" / "vidgen-bench" / "stores"
    before = set(stores.glob("*/index.json"))
    arguments = ["--track", "spare.toml", "--runs", "moving"]
    still = prepared.run("tganv2", "--set", "backbone.width=0.03125", "--set", "backbone.batch=2", *arguments)
    assert still.returncode == 0, still.stderr
    (narrow,) = set(stores.glob("*/index.json")) - before
    moving = prepared.run("tganv2", *OFFICIAL, *arguments)
    assert moving.returncode == 0, moving.stderr
    assert "videos with every column" in moving.stderr + moving.stdout
    (wide,) = set(stores.glob("*/index.json")) - before - {narrow}
    assert json.loads(wide.read_text())["geometry"]["crop"] == [0, 0, 64, 85]
    a, b = prepared.records("moving").values()
    assert a["data"] == b["data"]
    assert a["anchors"] == b["anchors"]
    (request,) = [
        r
        for p in (prepared.root / "moving").rglob("request.json")
        if (r := json.loads(p.read_text()))["options"]["backbone.recipe"] == "official"
    ]
    assert len(request["environment"]["videos with every column"]) == 64
