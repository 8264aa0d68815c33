"""``vidgen-bench evaluate``: a run and clips from elsewhere are measured alike, once, and every change of clips is in the id."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

import vidgen_bench
from tests.kit.command import Command
from tests.kit.data_files import moving_frames, write_video
from tests.kit.external_clips import smooth, write_animation, write_frames
from tests.kit.workplace import RESIZED, make_workplace
from vidgen_bench.compose.sampling import samples
from vidgen_bench.data.decoding import workers
from vidgen_bench.data.external.fitting import Trim, measuring_order
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.records.record import read_record

RUN = "runs/tiny/tgan+conv1d/seed-0"
DATA = ["--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]
HERE = ["--track", "tiny.toml", *DATA]
PYTHON = {"track": "tiny.toml", "data": "data/videos", "splits": "data/splits", "device": "cpu"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workplace with a finished run, and caches of its own."""
    root = tmp_path_factory.mktemp("evaluate")
    make_workplace(root)
    (root / "tiny.toml").write_text(RESIZED.replace("extra = []", 'extra = ["kid"]'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.setenv("XDG_DATA_HOME", str(root / "share"))
        patch.setenv("COLUMNS", "200")
        patch.chdir(root)
        patch.setattr("sys.argv", ["vidgen-bench", "run", "tgan", *HERE, "--budget", "iterations=2"])
        from vidgen_bench.cli.main import main

        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        # the derived track's name has a budget in it; the folder is moved to where the tests look
        shutil.move(root / "runs" / "tiny~iterations=2", root / "runs" / "tiny")
        np.save(root / "mine.npy", clips())
        yield root


@pytest.fixture
def command(place: Path, monkeypatch, capsys) -> Command:
    return Command(place, monkeypatch, capsys)


def clips(count: int = 11, frames: int = 16, size: int = 64) -> np.ndarray:
    return smooth(count, frames, size)


def record(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_clips_become_an_external_row_once(command: Command, place: Path) -> None:
    done = command("evaluate", "mine.npy", *HERE)
    assert done.code == 0, done.err
    path = place / "runs" / "tiny" / "mine" / "record.json"
    first = record(path)
    assert (first["status"], first["spec"], first["best"], first["options"]) == ("external", "mine", None, {})
    said = first["external"]
    assert (said["source"], said["kind"], said["clips"], said["used"]) == ("mine", "npy NTHWC uint8", 11, 8)
    assert [len(s["values"]) for s in first["scores"].values()] == [2, 2, 2]
    identity = first["metrics"]["fid"]["protocol"]
    assert identity.startswith("c3d-tgan-v1 n=4 c3d-shapes float32 #")
    assert identity == record(place / RUN / "record.json")["metrics"]["fid"]["protocol"]
    assert first["anchors"] == record(place / RUN / "record.json")["anchors"]
    for text in ("held-out real clips", "mine (external)", identity, "scored 8 of 11 clips", "mine/record.json"):
        assert text in done.out
    written = path.stat().st_mtime_ns
    again = command("evaluate", place / "mine.npy", *HERE)
    assert again.code == 0
    assert (
        "mine on tiny already has scores under c3d-tgan; choose other settings with --protocol, --precision or --samples"
        in again.out
    )
    assert path.stat().st_mtime_ns == written


def test_the_leaderboard_marks_the_row_external(command: Command) -> None:
    command("evaluate", "mine.npy", *HERE)
    done = command("leaderboard", "--runs", "runs/tiny/mine")
    assert done.code == 0, done.err
    assert "mine" in done.out
    assert "external" in done.out


def test_a_runs_own_samples_from_a_file_score_as_the_run_did(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    trained = vidgen_bench.load(RUN, device="cpu")
    made = torch.cat(list(samples(trained.game, 0, "final", range(8), trained.composition.clip.grid, trained.device)))
    shelved = np.empty(made.shape, np.float32)
    shelved[list(measuring_order(8))] = made.detach().numpy()
    np.save(place / "drawn.npy", shelved)
    theirs = vidgen_bench.evaluate("drawn.npy", **PYTHON, value_range="-1,1")
    ours = read_record(place / RUN / "record.json")
    assert theirs.external is not None
    assert theirs.external.kind == "npy NCTHW -1,1"
    assert theirs.metrics["fid"].protocol == ours.metrics["fid"].protocol
    for name in ("is", "fid", "kid"):
        assert theirs.scores[name].values == pytest.approx(ours.scores[name].values, rel=1e-5)


def test_every_container_of_the_same_pixels_has_the_same_scores(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    made = clips(8)
    for number, clip in enumerate(made):
        write_frames(place / "pictures" / f"clip_{number}", clip)
        write_animation(place / "webps" / f"{number}.webp", clip, lossless=True)
    whole = vidgen_bench.evaluate(made, **PYTHON, name="whole")
    tensor = torch.from_numpy(made.transpose(0, 4, 1, 2, 3).copy())
    others = [
        vidgen_bench.evaluate(what, **PYTHON, name=f"as-{i}") for i, what in enumerate(["pictures", "webps", tensor])
    ]
    assert [o.scores for o in others] == [whole.scores] * 3
    assert [o.external.kind for o in others if o.external] == ["frames", "videos", "array NCTHW uint8"]


def test_what_is_done_to_clips_enters_the_id_and_not_the_anchors(command: Command, place: Path) -> None:
    np.save(place / "large.npy", np.stack([moving_frames(20, seed, 80, 80) for seed in range(4)]))
    done = command("evaluate", "large.npy", *HERE, "--resize", "--trim", "centre")
    assert done.code == 0, done.err
    large = record(place / "runs" / "tiny" / "large" / "record.json")
    changes = [stamp["changes"] for stamp in large["protocols"].values()]
    assert changes == [["resize=cubic-antialias:80->64", "trim=centre"]] * 2, "kid has the same"
    assert "float32 resize=cubic-antialias:80->64 trim=centre #" in large["metrics"]["fid"]["protocol"]
    assert large["anchors"] == record(place / RUN / "record.json")["anchors"]
    needless = command("evaluate", "mine.npy", *HERE, "--resize", "--trim", "first", "--name", "needless")
    assert needless.code == 0
    plain = record(place / "runs" / "tiny" / "needless" / "record.json")
    assert [s["changes"] for s in plain["protocols"].values()] == [[], []]


def test_other_protocols_of_the_same_clips_lie_beside_the_first(command: Command, place: Path) -> None:
    command("evaluate", "mine.npy", *HERE)
    done = command("evaluate", "mine.npy", *HERE, "--protocol", "c3d-tgan", "--protocol", "c3d-tganv2", "--json")
    assert done.code == 0, done.err
    first, second = json.loads(done.out)
    assert (first["already"], second["already"], second["left_over"]) == (True, False, 3)
    assert first["path"] == "runs/tiny/mine/record.json"
    assert Path(second["path"]).match("runs/tiny/mine/evaluations/c3d-tganv2-*/record.json")
    assert second["record"] == record(place / second["path"])
    assert second["record"]["metrics"]["fid"]["protocol"].startswith("c3d-tganv2-v1 n=4")
    assert second["record"]["scores"]["fid"] != first["record"]["scores"]["fid"]
    assert json.loads(command("evaluate", "mine.npy", *HERE, "--protocol", "c3d-tganv2", "--json").out)[0]["already"]


def test_a_run_is_scored_again_from_its_best_checkpoint(command: Command, place: Path) -> None:
    before = (place / RUN / "record.json").read_bytes()
    same = command("evaluate", RUN, *DATA)
    assert same.code == 0, same.err
    for words in (
        "tgan+conv1d on tiny~iterations=2 already has scores under c3d-tgan; choose other settings with --protocol",
        f"record   {RUN}/record.json",
    ):
        assert words in same.out
    done = command("evaluate", RUN, *DATA, "--samples", "8", "--json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)
    assert Path(table["path"]).match(f"{RUN}/evaluations/c3d-tgan-*/record.json")
    made, own = table["record"], json.loads(before)
    assert set(made["metrics"]) == {"is", "fid", "kid"}, "the run's own: defaults of today add none"
    assert (table["skipped"], made["metrics"]["kid"]["extra"]) == ({}, True)
    assert made["metrics"]["fid"]["protocol"].startswith("c3d-tgan-v1 n=8 c3d-shapes float32 #")
    assert len(made["scores"]["fid"]["values"]) == 1, "two batches of 4 are one of 8"
    kept = ("status", "spec", "seed", "track", "data", "options", "parameters", "spent", "trace", "best", "watched")
    assert {k: made[k] for k in kept} == {k: own[k] for k in kept}
    assert (place / RUN / "record.json").read_bytes() == before
    assert json.loads(command("evaluate", RUN, *DATA, "--samples", "8", "--json").out)[0]["already"]
    shown = command("leaderboard", "--runs", RUN)
    assert shown.code == 0
    assert "n=8" in shown.out
    assert "n=4" in shown.out


def test_precision_is_in_the_id(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    plain = vidgen_bench.evaluate("mine.npy", **PYTHON)
    made = vidgen_bench.evaluate("mine.npy", **PYTHON, name="fast", precision="tf32")
    assert " n=4 c3d-shapes tf32 #" in made.metrics["fid"].protocol
    assert made.metrics["fid"].protocol != plain.metrics["fid"].protocol
    # a CPU has no TF32: the numbers are the same, and the ids are not, which say what was asked for
    assert made.scores["fid"].values == pytest.approx(plain.scores["fid"].values, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.npy", *HERE], "There is no file or folder nowhere.npy"),
        (
            ["mine.npy", *HERE, "--samples", "12"],
            "scores batches of 12 clips; found 11. Sample more. Or use --samples 11",
        ),
        (["mine.npy", *HERE, "--samples", "0"], "Invalid value for '--samples'"),
        (["mine.npy", *HERE, "--protocol", "c3d-tgn"], "Did you mean 'c3d-tgan'"),
        (
            ["mine.npy", *HERE, "--protocol", "fvd-2048-16f", "--samples", "8"],
            "always uses 2048 samples, as its name says",
        ),
        (["mine.npy", *HERE, "--name", "Mine!"], "--name Mine!: expected up to 100 lower-case"),
        (["mine.npy", *HERE, "--range", "0,1"], "uint8 with values 0 to 255; --range 0,1 is only for floats"),
        (["mine.npy", *HERE, "--layout", "NTWH"], "The layout 'NTWH' is unknown"),
        (["mine.npy", *HERE, "--trim", "center"], "trim 'center' is unknown. Did you mean 'centre'"),
        (["mine.npy", *HERE, "--precision", "fp16"], "There is no precision 'fp16'"),
        (["mine.npy", "--track", "nosuch"], "nosuch"),
        (["mine.npy", "--track", "tiny.toml"], "needs --data"),
        ([RUN, *DATA, "--resize"], "--resize is for external clips"),
        ([RUN, *DATA, "--name", "mine"], "--name is for external clips"),
        ([RUN, *DATA, "--conditional"], "--conditional is for external clips"),
        ([RUN, *HERE, "--track", "shapes-smoke"], "Leave --track out"),
        (["runs", *HERE], "is not a picture; expected a clip's frames as .png"),
    ],
)
def test_wrong_requests_are_refused(command: Command, arguments: list[str], told: str) -> None:
    done = command("evaluate", *arguments)
    assert done.code == 2
    assert told in " ".join((done.out + done.err).replace("│", " ").split())


def test_a_name_stands_for_the_same_clips(command: Command, place: Path) -> None:
    command("evaluate", "mine.npy", *HERE)
    np.save(place / "others.npy", clips()[::-1])
    done = command("evaluate", "others.npy", *HERE, "--name", "mine")
    assert done.code == 2
    assert "runs/tiny/mine/record.json holds scores of other clips. Give another --name" in done.err
    done = command("evaluate", "runs/tiny/mine", *DATA)
    assert done.code == 2
    assert "scores of external clips" in done.err
    done = command("evaluate", "mine.npy", *HERE, "--conditional")
    assert "runs/tiny/mine/record.json holds scores of these clips without --conditional." in done.err


def test_a_run_that_is_not_finished_or_was_made_on_other_data_is_refused(command: Command, place: Path) -> None:
    shutil.copytree(place / RUN, place / "unfinished")
    (place / "unfinished" / "record.json").unlink()
    done = command("evaluate", "unfinished", *DATA)
    assert (done.code, "is not finished" in done.err) == (2, True)
    other = place / "elsewhere"
    shutil.copytree(place / "data", other)
    video = next((other / "videos").rglob("*_g01_c01.avi"))
    shutil.copy(next((other / "videos").rglob("*_g02_c01.avi")), video)
    done = command(
        "evaluate", RUN, "--data", str(other / "videos"), "--splits", str(other / "splits"), "--device", "cpu"
    )
    assert done.code == 2
    assert "was made on the data video-folder" in done.err


def test_ctrl_c_leaves_no_record(command: Command, place: Path) -> None:
    score = Evaluator.score

    def interrupted(self: Evaluator, *arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return score(self, *arguments)

    command.monkeypatch.setattr(Evaluator, "score", interrupted)
    done = command("evaluate", "mine.npy", *HERE, "--name", "stopped")
    assert done.code == 130
    assert not (place / "runs" / "tiny" / "stopped" / "record.json").exists()


def test_the_python_function_takes_clips_and_refuses_what_is_none(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    assert vidgen_bench.evaluate.__module__ == "vidgen_bench", "its module does not take its place when it is imported"
    with pytest.raises(RequestError, match="Expected a path, a NumPy array or a tensor of clips; found list"):
        vidgen_bench.evaluate([1, 2], **PYTHON)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="There is no precision 'fp8'"):
        vidgen_bench.evaluate("mine.npy", **PYTHON, precision="fp8")  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="--samples -1: expected a positive"):
        vidgen_bench.evaluate("mine.npy", **PYTHON, samples=-1)
    given = inspect.signature(vidgen_bench.evaluate).parameters["trim"].annotation
    assert given == f"Literal[{', '.join(map(repr, get_args(Trim)))}] | None"


def test_the_python_function_takes_paths_and_numbers_of_other_libraries(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    paths = {"track": Path("tiny.toml"), "data": Path("data/videos"), "splits": Path("data/splits"), "device": "cpu"}
    shutil.copy(Path(vidgen_bench.__file__).parent / "config" / "protocols" / "c3d-tganv2.toml", "copied.toml")
    made = vidgen_bench.evaluate(
        Path("mine.npy"), **paths, name="paths", protocol=Path("copied.toml"), samples=np.int64(5), runs=Path("runs")
    )
    assert made.metrics["fid"].protocol.startswith("c3d-tganv2-v1 n=5 ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"samples": "4"}, "samples='4': expected a whole number"),
        ({"samples": True}, "samples=True: expected a whole number"),
        ({"samples": np.bool_(True)}, "samples=.*True.*: expected a whole number"),
        ({"samples": 4.0}, "samples=4.0: expected a whole number"),
        ({"name": 3}, "name=3: expected a string"),
        ({"value_range": (0, 1)}, r"value_range=\(0, 1\): expected a string"),
        ({"layout": 5}, "layout=5: expected a string"),
        ({"trim": True}, "trim=True: expected a string"),
        ({"trim": "center"}, "trim 'center' is unknown. Did you mean 'centre'"),
        ({"resize": 64}, "resize=64: expected True or False"),
        ({"precision": torch.bfloat16}, "precision=torch.bfloat16: expected a string"),
        ({"protocol": ["c3d-tgan"]}, r"protocol=\['c3d-tgan'\]: expected a name, or the path of a .toml file"),
        ({"track": 1}, "track=1: expected a name"),
        ({"data": 1}, "data=1: expected a path"),
        ({"runs": None}, "runs=None: expected a path"),
        ({"device": 0}, "device=0: expected a string"),
    ],
)
def test_the_python_function_refuses_what_is_of_another_type(place: Path, monkeypatch, given, told: str) -> None:
    monkeypatch.chdir(place)
    with pytest.raises(RequestError, match=told):
        vidgen_bench.evaluate("mine.npy", **{**PYTHON, **given})


def test_one_clip_is_not_sent_where_it_is_refused_too(command: Command, place: Path) -> None:
    np.save(place / "one.npy", clips(1)[0])
    done = command("evaluate", "one.npy", *HERE)
    assert done.code == 2
    assert "scores batches of 4 clips; found 1. Sample more." in done.err
    assert "--samples" not in done.err


def test_a_refused_request_leaves_nothing(command: Command, place: Path) -> None:
    done = command("evaluate", "mine.npy", *HERE, "--samples", "1", "--name", "single", "--runs", "new/runs")
    assert done.code == 2, done.err
    assert not (place / "new").exists()
    shutil.copytree(place / RUN, place / "copied" / "run", ignore=shutil.ignore_patterns(".lock"))
    before = sorted(p.name for p in (place / "copied" / "run").iterdir())
    assert command("evaluate", "copied/run", *DATA, "--samples", "1").code == 2
    assert sorted(p.name for p in (place / "copied" / "run").iterdir()) == before


def test_a_run_by_ones_own_protocol_is_scored_again_from_anywhere(command: Command, place: Path) -> None:
    home = place / "home"
    home.mkdir()
    shipped = (Path(vidgen_bench.__file__).parent / "config" / "protocols" / "c3d-tgan.toml").read_text()
    own = shipped.replace('name = "c3d-tgan"', 'name = "strict"').replace("1e-7", "1e-3")
    (home / "mine.toml").write_text(f"{own}\n[options.kid]\ndegree = 2\n")
    words = 'protocol = "mine.toml"\nextra = ["kid"]'
    (home / "own.toml").write_text(RESIZED.replace('name = "tiny"', 'name = "own"').replace("extra = []", words))
    done = command("run", "tgan", "--track", "home/own.toml", *DATA, "--budget", "iterations=2")
    assert done.code == 0, done.err
    shutil.rmtree(home)
    run = "runs/own~iterations=2/tgan+conv1d/seed-0"
    same = command("evaluate", run, *DATA)
    assert same.code == 0, same.err
    assert "already has scores under strict" in same.out
    (table,) = json.loads(command("evaluate", run, *DATA, "--samples", "8", "--json").out)
    made, stamps = table["record"], table["record"]["protocols"]
    assert (set(made["metrics"]), table["already"]) == ({"is", "fid", "kid"}, False)
    assert made["metrics"]["is"]["protocol"].startswith("strict-v1 n=8 ")
    assert stamps[made["metrics"]["is"]["protocol"]]["protocol"]["options"]["is"]["epsilon"] == 1e-3
    assert stamps[made["metrics"]["kid"]["protocol"]]["protocol"]["options"]["kid"]["degree"] == 2
    other = command("evaluate", run, *DATA, "--protocol", "c3d-tganv2", "--json")
    assert other.code == 0, other.err
    assert set(json.loads(other.out)[0]["record"]["metrics"]) == {"is", "fid", "kid"}


def test_a_protocol_that_a_record_does_not_describe_is_asked_for(place: Path) -> None:
    from vidgen_bench.config.track import load_track
    from vidgen_bench.experiments.evaluate.recorded_protocol import main_protocol

    run = read_record(place / RUN / "record.json")
    track = load_track(str(place / "tiny.toml"))
    gone = track.model_copy(update={"evaluation": track.evaluation.model_copy(update={"protocol": "strict"})})
    assert main_protocol(run, gone).name == "c3d-tgan"
    with pytest.raises(
        RequestError, match=r"the protocol strict, which does not ship.* Give its file: --protocol FILE"
    ):
        main_protocol(run.model_copy(update={"watched": None}), gone)


def test_a_score_that_is_not_finite_is_no_record(command: Command, place: Path) -> None:
    score = Evaluator.score
    command.monkeypatch.setattr(Evaluator, "score", lambda self, *a: {**score(self, *a), "fid": float("nan")})
    done = command("evaluate", "mine.npy", *HERE, "--name", "broken")
    assert done.code == 1
    assert "The FID of these clips is nan" in done.err
    assert not (place / "runs" / "tiny" / "broken" / "record.json").exists()


def test_protocols_that_ask_for_more_clips_are_left_out_and_named(place: Path) -> None:
    from vidgen_bench.config.track import load_track
    from vidgen_bench.data.external.fitting import fitted
    from vidgen_bench.data.external.opening import source_of
    from vidgen_bench.experiments.evaluate.external_clips import _with_enough_clips
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.resolved_track import resolve_track

    track = load_track(str(place / "tiny.toml"))
    resolved_track = resolve_track(track, Host.of_environment())
    large = dataclasses.replace(
        resolved_track.main, protocol=resolved_track.main.protocol.model_copy(update={"name": "large", "samples": 12})
    )
    both = dataclasses.replace(resolved_track, protocols=(resolved_track.main, large))
    kept, left_over = _with_enough_clips(both, fitted(source_of(clips()), track.clip))
    assert kept.protocols == (resolved_track.main,)
    assert kept.skipped["large"] == "it scores batches of 12 clips; found 11"
    assert left_over == 3


def test_links_out_of_a_folder_are_followed_on_request(command: Command, place: Path) -> None:
    write_frames(place / "outside" / "a", clips(1, frames=3)[0])
    (place / "linked").mkdir()
    (place / "linked" / "a").symlink_to("../outside/a")
    done = command("evaluate", "linked", *HERE)
    assert (done.code, "linked/a is a link that leads out of" in done.err) == (2, True)
    done = command("evaluate", "linked", *HERE, "--follow-links")
    assert (done.code, "a has 3 frames; expected 16" in done.err) == (2, True)
    done = command("evaluate", RUN, "--follow-links", *DATA)
    assert (done.code, "--follow-links is for external clips" in done.err) == (2, True)


def test_a_decoder_that_aborts_is_a_sentence_that_names_the_file(command: Command, place: Path, monkeypatch) -> None:
    write_video(place / "deadly" / "1.avi", 16, seed=1)
    begin, _, end = workers._START.partition("from vidgen_bench")
    deadly = "import os, vidgen_bench.data.decoding.video as video; video.read = lambda *_: os.abort(); "
    monkeypatch.setattr(workers, "_START", f"{begin}{deadly}from vidgen_bench{end}")
    done = command("evaluate", "deadly", *HERE)
    assert done.code == 2
    assert done.err.startswith("error: deadly/1.avi: the decoder crashed twice (signal SIGABRT)")
    assert done.err.count("\n") == 1


def test_clips_that_change_while_they_are_measured_are_not_recorded(
    command: Command, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidgen_bench.experiments.evaluate import external_clips

    path, row = place / "live.npy", place / "runs" / "tiny" / "live"
    np.save(path, clips())
    scored = external_clips.score_clips

    def rewritten(*given: Any, **options: Any) -> Any:
        numbers = scored(*given, **options)
        path.open("r+b").write((place / "mine.npy").read_bytes()[:-1] + b"\7")  # the size stays
        return numbers

    with monkeypatch.context() as patch:
        patch.setattr(external_clips, "score_clips", rewritten)
        done = command("evaluate", "live.npy", *HERE)
    assert done.code == 1
    assert "The clips of live changed while they were measured" in done.err
    assert not row.exists()
    assert command("evaluate", "live.npy", *HERE).code == 0
    np.save(path, clips()[::-1])
    done = command("evaluate", "live.npy", *HERE)
    assert (done.code, "holds scores of other clips" in done.err) == (2, True)


def test_clips_whose_range_is_in_doubt_are_asked_about(command: Command, place: Path) -> None:
    black = (clips() // 128).astype(np.uint8)
    np.save(place / "black.npy", black)
    np.save(place / "half.npy", clips().astype(np.float32) / 255 - 0.5)
    for name in ("black", "half"):
        done = command("evaluate", f"{name}.npy", *HERE)
        assert (done.code, "--range" in done.err) == (2, True)
    assert command("evaluate", "black.npy", *HERE, "--range", "0,255").code == 0
