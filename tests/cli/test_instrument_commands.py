"""``vidgen-bench instrument`` as a person runs it: list, show, import, train, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.instruments.chainer_files import chainer_arrays, write_chainer_files
from vidgen_bench.instruments.c3d.weights import read_instrument


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which the program finds and leaves its files under ``tmp_path``."""
    return dict(os.environ) | {
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }


def vidgen_bench(home: dict[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from vidgen_bench.cli.main import main; main()", "instrument", *map(str, words)]
    return subprocess.run(command, env=home, capture_output=True, text=True, timeout=240)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Assert exit code 2, the words in the message, and no traceback."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_import_then_list_and_show(home: dict[str, str], tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    done = vidgen_bench(home, "import", weights, "--mean", mean)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "data").rglob("*.safetensors")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == "c3d-ucf101.safetensors"
    assert sha256 in done.stdout
    rows = {row["name"]: row for row in json.loads(vidgen_bench(home, "list", "--json").stdout)}
    assert rows["c3d-ucf101"]["sha256"] == sha256
    assert rows["c3d-ucf101"]["layers"] == ["prob", "fc7"]
    shown = json.loads(vidgen_bench(home, "show", "c3d-ucf101", "--json").stdout)
    assert shown["card"]["sources"]["mean2.npz"] == hashlib.sha256(mean.read_bytes()).hexdigest()

    refused(vidgen_bench(home, "import", weights, "--mean", mean), "already there", "--force")
    assert vidgen_bench(home, "import", weights, "--mean", mean, "--force").returncode == 0


def test_show_without_weights_gives_the_command(home: dict[str, str]) -> None:
    refused(
        vidgen_bench(home, "show", "c3d-ucf101"),
        "vidgen-bench instrument import conv3d_deepnetA_ucf.npz --mean mean2.npz",
    )
    refused(vidgen_bench(home, "show", "c3d-shape"), "Did you mean 'c3d-shapes'?")


def test_bad_files_and_names_are_refused(home: dict[str, str], tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    refused(vidgen_bench(home, "import", weights, "--mean", mean, "--name", "c3d-shapes"), "ships with the package")
    refused(vidgen_bench(home, "import", weights, "--mean", mean, "--name", "../x"), "lower-case letters")
    pickled: dict[str, Any] = chainer_arrays() | {"fc8/b": np.array([{"run": "me"}, 2, 3], object)}
    np.savez(weights, **pickled)
    refused(vidgen_bench(home, "import", weights, "--mean", mean), "fc8/b", "pickle")
    wrong: dict[str, Any] = chainer_arrays() | {"fc7/W": np.zeros((4, 5), np.float32)}
    np.savez(weights, **wrong)
    refused(vidgen_bench(home, "import", weights, "--mean", mean), "fc7/W", "[4, 4]", "[4, 5]")
    assert list(tmp_path.rglob("*.safetensors")) == []


def test_train_refuses_before_any_work(home: dict[str, str], tmp_path: Path) -> None:
    refused(vidgen_bench(home, "train"), "--name NAME", "--output FILE")
    refused(vidgen_bench(home, "train", "--name", "mine", "--track", "shapes-smok"), "shapes-smok", "shapes-smoke")
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_train_on_the_built_in_videos(home: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "mine.safetensors"
    done = vidgen_bench(
        home, "train", "--output", target, "--steps", "2", "--batch", "2", "--held-out-clips", "1", "--seed", "5"
    )
    assert done.returncode == 0, done.stderr
    file = read_instrument(target)
    assert file.sha256 in done.stdout
    assert file.card.classes == 8
    assert file.card.training["seed"] == 5
    assert file.card.training["held_out_clips"] == 96
    assert file.card.training["command"] in (
        "vidgen-bench instrument train --track shapes-smoke --steps 2 --batch 2 --learning-rate 0.002 --seed 5",
    )
