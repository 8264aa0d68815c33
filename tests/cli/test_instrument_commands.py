"""``vidgen-bench instrument`` at the command line: list, show, import, train, and refused requests."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.kit.caffe_files import write_caffe_files
from tests.kit.chainer_files import chainer_arrays, mean_cube, write_chainer_files
from tests.kit.command import Command, Done
from tests.kit.i3d_files import LikeStyleGANV, archive
from tests.kit.plugin_files import install
from tests.kit.workplace import Workplace
from vidgen_bench.measure.instruments.c3d.weights import read_instrument

IMPORT = "vidgen-bench instrument import conv3d_deepnetA_ucf.npz --mean mean2.npz"


RULER = """
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench import hookimpl
from vidgen_bench.api import ImportedWeights


def weights_file():
    return Path(os.environ["XDG_DATA_HOME"]) / "ruler.weights"


@dataclass(frozen=True)
class Importer:
    kind: str = "{kind}"
    files: str = "ruler.txt"

    def recognises(self, request):
        return request.file.read_bytes().startswith(b"ruler")

    def target(self, request):
        return weights_file()

    def write(self, request, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(request.file.read_bytes())
        return ImportedWeights(("ruler: imported",), "its marks are worn")


@dataclass(frozen=True)
class Ruler:
    name: str = "ruler"
    summary: str = "counts bright pixels"
    api: str = "1.0"
    reference: str = "nobody, 2024"
    layers: tuple[str, ...] = ("brightness",)
    preprocessings: tuple[str, ...] = ("none",)
    importer: Importer = Importer()

    def refuses(self, clip):
        return None

    def sha256(self):
        return hashlib.sha256(weights_file().read_bytes()).hexdigest() if weights_file().exists() else "ab" * 32

    def build(self, preprocessing):
        raise NotImplementedError


@hookimpl
def vidgen_instruments():
    return [Ruler()]
"""
"""The module of a third-party instrument that declares an importer; ``{kind}`` is to be filled in."""


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line in a temporary folder, which also holds its data and cache."""
    for variable, folder in {"XDG_DATA_HOME": "share", "XDG_CACHE_HOME": "cache"}.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))
    return Command(tmp_path, monkeypatch, capsys)


def refused(done: Done, *words: str) -> None:
    """Assert exit code 2, an empty output, and the words in the message."""
    assert done.code == 2, done.err
    assert done.out == ""
    for word in words:
        assert word in " ".join(done.err.split())


def test_import_then_list_and_show(call: Command, tmp_path: Path) -> None:
    _, mean = write_chainer_files(tmp_path)
    words = ("instrument", "import", "conv3d_deepnetA_ucf.npz", "--mean", "mean2.npz")
    done = call(*words)
    assert done.code == 0, done.err
    (path,) = (tmp_path / "share").rglob("*.safetensors")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == "c3d-ucf101.safetensors"
    assert sha256 in done.out
    assert "vidgen-bench instrument test c3d-ucf101 --track" in done.out
    rows = {row["name"]: row for row in json.loads(call("instrument", "list", "--json").out)}
    assert rows["c3d-ucf101"]["sha256"] == sha256
    assert rows["c3d-ucf101"]["layers"] == ["prob", "fc7"]
    assert rows["c3d-ucf101"]["preprocessings"] == ["tgan", "tganv2"]
    assert rows["i3d-kinetics400"]["sha256"] is None
    shown = json.loads(call("instrument", "show", "c3d-ucf101", "--json").out)
    assert shown["card"]["sources"]["mean2.npz"] == hashlib.sha256(mean.read_bytes()).hexdigest()
    page = call("instrument", "show", "c3d-ucf101").out
    assert shown["card"]["sources"]["conv3d_deepnetA_ucf.npz"] in page
    assert sha256 in page

    refused(call(*words), "already exists", "--force")
    assert call(*words, "--force").code == 0
    assert call(*words, "--name", "my-c3d").code == 0
    table = call("instrument", "list").out
    names = [line.split()[0] for line in table.splitlines()[1:]]
    assert {"c3d-shapes", "c3d-ucf101", "my-c3d", "i3d-kinetics400"} <= set(names)
    assert sha256[:12] in table


def test_missing_weights_give_the_command(call: Command) -> None:
    refused(call("instrument", "show", "c3d-ucf101"), IMPORT)
    refused(call("instrument", "show", "c3d-shape"), "Did you mean 'c3d-shapes'?")
    assert "not here" in call("instrument", "list").out


def test_bad_files_and_names_are_refused(call: Command, tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    words = ("instrument", "import", weights, "--mean", mean)
    refused(call(*words, "--name", "c3d-shapes"), "ships with the package")
    refused(call(*words, "--name", "../x"), "lower-case letters")
    pickled: dict[str, Any] = chainer_arrays() | {"fc8/b": np.array([{"run": "me"}, 2, 3], object)}
    np.savez(weights, **pickled)
    refused(call(*words), "fc8/b", "pickle")
    refused(call(*words, "--name", "i3d-kinetics400"), "an instrument of another kind has this name")
    wrong: dict[str, Any] = chainer_arrays() | {"fc7/W": np.zeros((4, 5), np.float32)}
    np.savez(weights, **wrong)
    refused(call(*words), "fc7/W", "[4, 4]", "[4, 5]")
    assert list(tmp_path.rglob("*.safetensors")) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", [[], ["--kind", "i3d"]])
def test_a_pipe_is_refused_and_not_waited_for(call: Command, tmp_path: Path, kind: list[str]) -> None:
    os.mkfifo(tmp_path / "w.npz")
    done = call("instrument", "import", str(tmp_path / "w.npz"), *kind)
    assert done.code == 2
    assert "w.npz is a named pipe; expected a regular file" in done.err


def test_caffes_files_and_a_suspicious_mean(call: Command, tmp_path: Path) -> None:
    model, mean = write_caffe_files(tmp_path)
    done = call("instrument", "import", model, "--mean", mean)
    assert done.code == 0, done.err
    assert "C3D of width 1, 3 classes, from Caffe's model" in done.out
    assert done.err == ""
    swapped = mean_cube() + np.array([20.0, 0.0, -20.0])[:, None, None, None]
    np.save(tmp_path / "swapped.npy", swapped)
    done = call("instrument", "import", model, "--mean", "swapped.npy", "--force")
    assert done.code == 0, done.err
    assert " ".join(done.err.split()).startswith("warning: The mean looks like RGB")
    np.save(tmp_path / "scaled.npy", mean_cube() / 255)
    refused(call("instrument", "import", model, "--mean", "scaled.npy", "--force"), "scaled to 0..1")
    (tmp_path / "share" / "vidgen-bench" / "instruments" / "mine.safetensors").mkdir()
    refused(call("instrument", "import", model, "--mean", mean, "--name", "mine", "--force"), "is a folder")


def test_the_kind_of_weights_is_recognised_by_the_file(call: Command, tmp_path: Path) -> None:
    model, mean = write_caffe_files(tmp_path)
    refused(call("instrument", "import", model), "C3D subtracts a mean cube", "--mean mean2.npz")
    refused(call("instrument", "import", "absent.pt"), "absent.pt cannot be read: No such file")
    torch.save({"conv.weight": torch.zeros(2)}, tmp_path / "rgb.pt")
    refused(call("instrument", "import", "rgb.pt"), "rgb.pt: expected", "rgb_imagenet.pt")
    refused(
        call("instrument", "import", "rgb.pt", "--mean", mean), "expected conv3d_deepnetA_ucf.npz", "a PyTorch file"
    )
    refused(call("instrument", "import", "rgb.pt", "--kind", "i3d", "--mean", mean), "I3D subtracts no mean")
    refused(call("instrument", "import", "rgb.pt", "--name", "mine"), "I3D has one instrument, 'i3d-kinetics400'")
    refused(call("instrument", "show", "i3d-kinetics400"), "vidgen-bench instrument import FILE --kind i3d")
    assert list(tmp_path.rglob("*.safetensors")) == []


def test_another_file_in_the_instrument_folder_is_refused(call: Command, tmp_path: Path) -> None:
    folder = tmp_path / "share" / "vidgen-bench" / "instruments"
    folder.mkdir(parents=True)
    (folder / "mine.safetensors").write_bytes(b"\x80\x04}.")
    refused(call("instrument", "show", "mine"), "mine.safetensors", "expected an instrument", "found a pickle")


def install_ruler(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str = "ruler", module: str = "") -> None:
    """Install the third-party instrument, by default as the module ``<kind>_plugin``."""
    module = module or f"{kind}_plugin"
    install(folder / "site", module.replace("_", "-"), **{module: RULER.replace("{kind}", kind)})
    monkeypatch.syspath_prepend(folder / "site")


def test_a_third_party_instrument_is_shown(call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_ruler(tmp_path, monkeypatch)
    done = call("instrument", "show", "ruler", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {
        "name": "ruler",
        "summary": "counts bright pixels",
        "reference": "nobody, 2024",
        "layers": ["brightness"],
        "preprocessings": ["none"],
        "sha256": "ab" * 32,
    }
    assert "layers: brightness\n" in call("instrument", "show", "ruler").out


@pytest.mark.parametrize("words", [(), ("--kind", "ruler")])
def test_third_party_weights_are_imported(
    call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    install_ruler(tmp_path, monkeypatch)
    (tmp_path / "own.bin").write_text("ruler of 30 cm")
    done = call("instrument", "import", "own.bin", *words)
    assert done.code == 0, done.err
    recognised = "" if words else "own.bin: recognised as weights of kind 'ruler'\n"
    assert done.out == f"{recognised}ruler: imported\n"
    assert done.err == "warning: its marks are worn\n"
    row = json.loads(call("instrument", "show", "ruler", "--json").out)
    assert row["sha256"] == hashlib.sha256(b"ruler of 30 cm").hexdigest()
    refused(call("instrument", "import", "own.bin", *words), "already exists", "--force")
    refused(call("instrument", "import", "own.bin", "--kind", "ruler", "--name", "c3d-ucf101"), "of another kind")
    refused(
        call("instrument", "test", "ruler"),
        "'ruler' declares no self-test. Valid: c3d-shapes, c3d-shapes-64, c3d-shapes-motion, c3d-ucf101.",
    )
    refused(
        call("instrument", "train", "--name", "mine", "--kind", "ruler"), "no instrument declares the trainer 'ruler'"
    )


def test_an_archive_is_imported_only_if_the_user_says_that_they_trust_it(call: Command, tmp_path: Path) -> None:
    archive(tmp_path / "rgb_imagenet.pt", LikeStyleGANV())
    words = ("instrument", "import", "rgb_imagenet.pt")
    refused(call(*words), "is a TorchScript archive: a program, which would run on this machine", "--trust-program")
    assert not list((tmp_path / "share").rglob("*.*"))
    done = call(*words, "--trust-program")
    assert done.code == 0, done.err
    assert "It is a program and runs whenever it measures clips" in done.out


def test_an_unrecognised_or_ambiguous_file_is_refused_with_the_kinds(
    call: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_ruler(tmp_path, monkeypatch)
    (tmp_path / "own.bin").write_text("a poem")
    kinds = ("Give --kind. Valid: c3d (", "i3d (rgb_imagenet.pt or i3d_torchscript.pt)", "ruler (ruler.txt)")
    refused(call("instrument", "import", "own.bin"), "own.bin: recognised by no importer", *kinds)
    refused(call("instrument", "import", "own.bin", "--kind", "rule"), "Did you mean 'ruler'? Valid: c3d, i3d, ruler.")
    install_ruler(tmp_path, monkeypatch, "metre")
    (tmp_path / "own.bin").write_text("ruler of 30 cm")
    refused(call("instrument", "import", "own.bin"), "own.bin: recognised by metre and ruler", *kinds)
    install_ruler(tmp_path, monkeypatch, module="other_ruler")
    refused(
        call("instrument", "import", "own.bin"),
        "Two plugins declare the importer 'ruler': other-ruler 1.0",
        "ruler-plugin",
    )


def test_train_refuses_before_any_work(call: Command, tmp_path: Path) -> None:
    refused(call("instrument", "train"), "--name NAME", "--output FILE")
    refused(call("instrument", "train", "--name", "mine", "--track", "shapes-smok"), "Did you mean 'shapes-smoke'?")
    (tmp_path / "mine.safetensors").touch()
    refused(call("instrument", "train", "--output", "mine.safetensors"), "mine.safetensors already exists")
    assert not (tmp_path / "cache").exists()


def test_train_on_your_own_videos(call: Command, workplace: Workplace) -> None:
    words = ["--track", "tiny.toml", "--data", "data/videos", "--splits", "data/splits"]
    words += ["--steps", "2", "--batch", "2", "--held-out-clips", "3", "--seed", "5"]
    done = call("instrument", "train", "--name", "mine", *words)
    assert done.code == 0, done.err
    (path,) = (workplace.root / "share").rglob("mine.safetensors")
    file = read_instrument(path)
    assert file.sha256 in done.out
    assert file.card.class_names == ("Alpha", "Beta")
    training = file.card.training
    assert training["command"] == (
        "vidgen-bench instrument train --track tiny.toml --data data/videos --splits data/splits "
        "--steps 2 --batch 2 --learning-rate 0.002 --seed 5 --held-out-clips 3 --name mine"
    )
    assert (training["held_out_videos"], training["held_out_clips"]) == (2, 4)
    assert training["data_set"] == "video-folder"
    assert len(training["data_fingerprint"]) == 64
    assert "training, loss" in done.err

    path.unlink()
    again = call(*shlex.split(training["command"])[1:])
    assert again.code == 0, again.err
    assert read_instrument(path).sha256 == file.sha256
