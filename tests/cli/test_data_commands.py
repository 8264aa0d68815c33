"""``vidgen-bench data`` as a person runs it: real commands on tiny real videos."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.kit.data_files import write_lists, write_tree
from tests.kit.forked import THREADS, run_command
from vidgen_bench.api import VideoSource

TRACK = """
name = "tiny"
summary = "Small frames, for tests."

[data]
name = "video-folder"
resize = [16, 20]
crop = [0, 2, 16, 16]

[clip]
frames = 4
size = 16
classes = 2

[instrument]
name = "c3d-shapes"

[evaluation]
every = 1
samples = 2
select = "fid"

[evaluation.final]
batches = 1
samples = 2

[budget]
iterations = 1
"""


@pytest.fixture
def source(tmp_path: Path) -> VideoSource:
    """Six small videos of two classes."""
    return write_tree(tmp_path)


def data(tmp_path: Path, command: str, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``vidgen-bench data COMMAND`` with the tiny track and a cache of its own; check the exit code."""
    (tmp_path / "tiny.toml").write_text(TRACK)
    environment = {**os.environ, **THREADS, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = run_command(["data", command, *arguments], tmp_path, environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def options(tmp_path: Path, source: VideoSource) -> list[str | Path]:
    return ["--track", tmp_path / "tiny.toml", "--data", source.videos, "--splits", source.splits]


def test_prepare_then_info_then_verify(tmp_path: Path, source: VideoSource) -> None:
    given = options(tmp_path, source)
    prepared = data(tmp_path, "prepare", *given, "--workers", "2", "--json")
    facts = json.loads(prepared.stdout)
    assert (facts["train_videos"], facts["test_videos"], facts["frames"], facts["missing"]) == (4, 2, 54, [])
    assert "decoding: 6 of 6" in prepared.stderr
    shown = data(tmp_path, "info", *given).stdout
    assert "4 to train on, 2 held out, 2 classes" in shown
    assert facts["fingerprint"] in shown
    assert json.loads(data(tmp_path, "info", *given, "--json").stdout) == facts
    assert "All 54 frames" in data(tmp_path, "verify", *given).stdout


def test_the_same_command_again_decodes_nothing(tmp_path: Path, source: VideoSource) -> None:
    first = data(tmp_path, "prepare", *options(tmp_path, source))
    again = data(tmp_path, "prepare", *options(tmp_path, source))
    assert "decoding" not in again.stderr
    assert again.stdout == first.stdout


def test_info_before_prepare_says_what_to_do(tmp_path: Path, source: VideoSource) -> None:
    said = data(tmp_path, "info", *options(tmp_path, source), code=2).stderr
    assert "are not decoded yet for the track tiny" in said
    assert "vidgen-bench data prepare" in said


def test_verify_names_the_video_that_was_harmed(tmp_path: Path, source: VideoSource) -> None:
    given = options(tmp_path, source)
    folder = Path(json.loads(data(tmp_path, "prepare", *given, "--json").stdout)["folder"])
    with open(folder / "frames.u8", "r+b") as file:
        file.write(b"\x00\x01\x02\x03")
    assert "the frames of Alpha/v_Alpha_g01_c01.avi" in data(tmp_path, "verify", *given, code=1).stderr
    again = data(tmp_path, "prepare", *given)
    assert "the frames of Alpha/v_Alpha_g01_c01.avi" in again.stderr
    assert "They are decoded again now." in again.stderr
    assert "All 54 frames" in data(tmp_path, "verify", *given).stdout


def test_missing_and_bad_videos(tmp_path: Path, source: VideoSource) -> None:
    given = options(tmp_path, source)
    (source.videos / "Alpha" / "v_Alpha_g01_c01.avi").write_bytes(b"")
    (source.videos / "Beta" / "v_Beta_g01_c01.avi").write_text("no video")
    said = data(tmp_path, "prepare", *given, code=2).stderr
    assert "v_Alpha_g01_c01.avi: the file is empty" in said
    assert "v_Beta_g01_c01.avi: cannot be read as a video" in said
    tolerant = data(tmp_path, "prepare", *given, "--allow-missing", "2")
    assert "Alpha/v_Alpha_g01_c01.avi, Beta/v_Beta_g01_c01.avi" in tolerant.stdout


def test_an_empty_folder_and_a_list_that_climbs_out(tmp_path: Path, source: VideoSource) -> None:
    (tmp_path / "empty").mkdir()
    given = options(tmp_path, VideoSource(tmp_path / "empty", source.splits))
    assert "contains no folder" in data(tmp_path, "prepare", *given, code=2).stderr
    write_lists(tmp_path / "bad", ["Alpha", "Beta"], ["../v_x_g01_c01.avi 1"], ["Alpha/v_Alpha_g01_c01.avi"])
    given = options(tmp_path, VideoSource(source.videos, tmp_path / "bad"))
    assert "trainlist01.txt:1: '../v_x_g01_c01.avi' leads out" in data(tmp_path, "prepare", *given, code=2).stderr


def test_ucf101_without_folders_says_how_to_get_it(tmp_path: Path) -> None:
    assert "UCF101.rar" in data(tmp_path, "prepare", "--track", "ucf101-64-paper", code=2).stderr
