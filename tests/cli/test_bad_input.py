"""Requests that are wrong and runs that fail: one clear message, the right exit code, no traceback, nothing half-written."""

from __future__ import annotations

import pickle
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.kit.plugin_files import install
from tests.kit.workplace import Workplace


def refused(result: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """Assert the exit code, that every word is in the message, and that no traceback is."""
    assert result.returncode == code, result.stdout + result.stderr
    message = " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr + result.stdout
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tgam+ode1"], ["There is no backbone named 'tgam'", "Did you mean 'tgan'"]),
        (["tgan+ode9"], ["There is no temporal generator named 'ode9'", "Did you mean 'ode"]),
        (["tgan+ode1:eqal"], ["no variant 'eqal'", "Did you mean 'equal'"]),
        (["tgan+ode1", "--set", "temporal.hiden=3"], ["no option 'hiden'", "Did you mean 'hidden'"]),
        (["tgan+ode1", "--set", "backbone.batch=many"], ["backbone.batch=many", "expected integer"]),
        (["tgan+ode1", "--set", "batch=3"], ["expected backbone.OPTION=VALUE"]),
        (
            ["tgan+ode1", "--set", "temporal.solver=dopri5", "--set", "temporal.backend=native"],
            ["ode1 refuses", "dopri5"],
        ),
        (["tgan+ode1", "--budget", "iteration=3"], ["Did you mean 'iterations'"]),
        (["tgan+ode1", "--budget", "iterations=-3"], ["greater than 0"]),
        (["tgan+ode1", "--budget", "iterations=3,iterations=4"], ["given twice"]),
        (["tgan+ode1", "--seeds", "0-2147483646999"], ["below 2^31"]),
        (["tgan+ode1", "--seeds", "3-1"], ["expected 0-2 or 0,3,7"]),
        (["tgan+ode1", "--device", "cuda:77"], ["--device cuda:77"]),
        (["tgan ode1"], ["is not a valid spec"]),
        (
            ["tganv2", "--set", "backbone.recipe=official"],
            ["tganv2 refuses the clips", "crop takes every column", "without --set"],
        ),
        (["tganv2+gru"], ["gru refuses the latent of tganv2", "Nearest that works: tganv2+convgru"]),
        (["vgan+ode1"], ["nothing to swap", "Nearest that works: tgan+ode1"]),
    ],
)
def test_a_wrong_request(prepared, arguments, words):
    refused(prepared.run(*arguments, "--runs", "refused"), *words)
    assert not list((prepared.root / "refused").rglob("request.json"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("track", "shapes-smok"), ["There is no track named 'shapes-smok'", "Did you mean 'shapes-smoke'"]),
        (("track", "absent.toml"), ["absent.toml", "cannot be read"]),
        (('name = "tiny"', 'name = "tiny'), ["is not valid TOML"]),
        (("every = 2", "evry = 2"), ["evry", "unknown key", "Did you mean 'every'"]),
        (("samples = 4\nselect", 'samples = "four"\nselect'), ["evaluation.samples"]),
        (('select = "fid"', 'select = "kid"'), ["kid", "metrics"]),
        (('name = "c3d-shapes-64"', 'name = "c3d-shape"'), ["There is no instrument named 'c3d-shape'"]),
        (('name = "video-folder"', 'name = "video-foldr"'), ["There is no data set named 'video-foldr'"]),
        (("classes = 2", "classes = 3"), ["The data have 2 classes", "clip.classes = 3"]),
        (("[defaults.tgan]", "[defaults.tgam]"), ["defaults.tgam", "Did you mean 'tgan'"]),
        (('name = "tiny"', 'name = "../tiny"'), ["name '../tiny'"]),
        (("frames = 16", "frames = 8"), ["c3d-shapes-64 refuses", "16 frames"]),
        (("batch = 2", "bach = 2"), ["no option 'bach'", "Did you mean 'batch'"]),
    ],
)
def test_a_wrong_track(workplace: Workplace, change, words):
    track = workplace.root / "tiny.toml"
    arguments = workplace.data_arguments
    if change[0] == "track":
        arguments[1] = change[1]
    else:
        text = track.read_text()
        assert change[0] in text
        track.write_text(text.replace(*change))
    refused(workplace.call("run", "tgan+ode1", *arguments), *words)


MAPS = """
from dataclasses import dataclass
from typing import Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Clip, LatentSpec, NoOptions


@dataclass(frozen=True)
class Maps:
    name: str = "maps"
    summary: str = "a backbone whose latent is a feature map"
    api: str = "1.0"
    reference: str = "nobody"
    options: type = NoOptions
    own: str | None = None
    reconstruction: bool = True
    can: frozenset = frozenset()
    small: tuple = (Clip(16, 64, 2), {})

    def refuses(self, clip, options):
        return None

    def latent(self, clip, options):
        return LatentSpec((8, 4, 4), clip.frames, 100, 100, "normal")

    def build(self, clip, options, temporal):
        raise NotImplementedError


@hookimpl
def vidgen_backbones():
    return [Maps()]
"""


def test_a_temporal_generator_that_refuses_the_latent(workplace: Workplace):
    installed = workplace.root / "site"
    install(installed, "maps", maps=MAPS)
    result = workplace.run("maps+conv1d", PYTHONPATH=str(installed))
    refused(result, "maps+conv1d does not fit", "conv1d refuses the latent of maps")
    assert not (workplace.root / "cache").exists()


def _empty(root: Path) -> None:
    shutil.rmtree(root / "data" / "videos")
    (root / "data" / "videos").mkdir()


def _class_without_videos(root: Path) -> None:
    with (root / "data" / "splits" / "classInd.txt").open("a") as stream:
        stream.write("3 Gamma\n")
    (root / "data" / "videos" / "Gamma").mkdir()


def _line(text: str):
    def change(root: Path) -> None:
        with (root / "data" / "splits" / "trainlist01.txt").open("a") as stream:
            stream.write(text + "\n")

    return change


def _video(content: bytes | None):
    def change(root: Path) -> None:
        path = root / "data" / "videos" / "Alpha" / "v_Alpha_g01_c01.avi"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_empty, ["data/videos contains no folder", "expected one folder per class"]),
        (_class_without_videos, ["Gamma"]),
        (_line("Alpha/v_Alpha_g77_c01.avi 1"), ["v_Alpha_g77_c01.avi"]),
        (_line("../secret/v_Alpha_g77_c01.avi 1"), ["../secret"]),
        (_line("Alpha/v_Alpha_g01_c01.avi two"), ["trainlist01.txt"]),
        (_video(b""), ["v_Alpha_g01_c01.avi"]),
        (_video(None), ["v_Alpha_g01_c01.avi"]),
        (_video(b"this is a letter, not a video\n" * 40), ["v_Alpha_g01_c01.avi"]),
    ],
    ids=[
        "empty folder",
        "class without videos",
        "missing file",
        "climbs out",
        "bad line",
        "zero bytes",
        "truncated",
        "text",
    ],
)
def test_wrong_data(workplace: Workplace, change, words):
    change(workplace.root)
    refused(workplace.run("tgan+ode1"), *words)
    assert not list(workplace.root.rglob("record.json"))


def test_a_data_folder_that_is_not_given(workplace: Workplace):
    refused(workplace.call("run", "tgan+ode1", "--track", "tiny.toml"), "--data")


def test_an_unreadable_video_may_be_left_out_and_the_record_says_so(workplace: Workplace):
    _video(b"")(workplace.root)
    result = workplace.run("tgan", "--allow-missing", "1", "--budget", "iterations=1")
    assert result.returncode == 0, result.stderr
    (record,) = workplace.records().values()
    assert record["data"]["missing"] == ["Alpha/v_Alpha_g01_c01.avi"]
    assert record["data"]["train_videos"] == 3


def test_a_run_folder_that_belongs_to_another_spec(prepared):
    first = prepared.run("tgan", "--runs", "mixed", "--budget", "iterations=1")
    assert first.returncode == 0, first.stderr
    folder = prepared.root / "mixed" / "tiny~iterations=1"
    (folder / "tgan+conv1d").rename(folder / "tgan+ode1")
    refused(
        prepared.run("tgan+ode1", "--runs", "mixed", "--budget", "iterations=1"),
        "belongs to another run",
        "tgan+conv1d",
        "tgan+ode1",
    )


def test_a_record_edited_by_hand_into_nonsense(prepared):
    assert prepared.run("tgan", "--runs", "edited", "--budget", "iterations=1").returncode == 0
    (path,) = (prepared.root / "edited").rglob("record.json")
    path.write_text(path.read_text().replace('"seed": 0', '"seed": "zero"'))
    refused(prepared.run("tgan", "--runs", "edited", "--budget", "iterations=1"), "record.json", "seed")
    refused(prepared.call("leaderboard", "--runs", "edited"), "record.json", "seed")


@pytest.mark.slow
def test_a_disk_that_takes_no_more(prepared):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    result = subprocess.run(
        [sys.executable, "-m", "vidgen_bench", "run", "tgan", *prepared.data_arguments, "--runs", "full"],
        cwd=prepared.root,
        env=prepared.environment(),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        timeout=240,
    )
    refused(result, "could not be written", code=1)
    assert not list((prepared.root / "full").rglob("*.part"))
    again = prepared.run("tgan", "--runs", "full")
    assert again.returncode == 0, again.stderr


def _mean() -> np.ndarray:
    """Return a mean cube that is one: neither constant nor in RGB order."""
    cube = np.broadcast_to(np.array([90.0, 97.0, 101.0])[:, None, None, None], (3, 16, 128, 171)).copy()
    cube[..., 0] += 1.0
    return cube


def test_an_instrument_file_with_a_pickle_inside(workplace: Workplace):
    np.savez(workplace.root / "bad.npz", **{"conv1a/W": np.array([{"a": 1}], dtype=object)})
    (workplace.root / "worse.npz").write_bytes(pickle.dumps({"conv1a/W": [1.0]}))
    np.savez(workplace.root / "mean.npz", mean=_mean())
    for name in ("bad.npz", "worse.npz"):
        refused(workplace.call("instrument", "import", name, "--mean", "mean.npz"), name)
    assert not list((workplace.root / "share").rglob("*.safetensors"))


def test_an_instrument_file_with_a_wrong_shape(workplace: Workplace):
    np.savez(
        workplace.root / "bad.npz",
        **{"conv1a/W": np.zeros((64, 3, 3, 3), dtype=np.float32), "conv1a/b": np.zeros(64, np.float32)},
    )
    np.savez(workplace.root / "mean.npz", mean=_mean())
    refused(workplace.call("instrument", "import", "bad.npz", "--mean", "mean.npz"), "conv1a")
