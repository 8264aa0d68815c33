"""The C3D declarations: their names, where their weights are, and the message for missing weights."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.kit import golden
from tests.kit.chainer_files import write_chainer_files
from vidgen_bench.api import Clip
from vidgen_bench.config.track import load_track
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.shapes.draw import CLASSES, draw_clip
from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.measure.instruments.c3d import C3DDeclaration, path_of, vidgen_instruments
from vidgen_bench.measure.instruments.c3d.altered import ALTERED
from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d
from vidgen_bench.measure.instruments.c3d.network import Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE, PREPROCESSINGS
from vidgen_bench.measure.instruments.c3d.weights import Card, read_card, read_instrument, write_instrument
from vidgen_bench.measure.views import viewed
from vidgen_bench.system import places

INSTRUMENT = (
    "name", "api", "summary", "reference", "layers", "preprocessings", "importer", "trainer", "self_test", "refuses", "sha256",
    "details", "build",
)  # fmt: skip
"""The attributes and methods of an instrument's declaration."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "instrument_folder", lambda: tmp_path / "instruments")
    return tmp_path / "instruments"


def declared() -> dict[str, C3DDeclaration]:
    return {d.name: d for d in vidgen_instruments()}


def test_four_are_always_declared(folder: Path) -> None:
    assert list(declared()) == ["c3d-shapes", "c3d-shapes-64", "c3d-shapes-motion", "c3d-ucf101"]
    assert [fault("instrument", d) for d in declared().values()] == [None] * 4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"importer": SimpleNamespace(files="a.npz")}, "its importer has no text 'kind'"),
        ({"importer": SimpleNamespace(kind="c3d", files="a.npz")}, "its importer has no method 'recognises'"),
        ({"trainer": SimpleNamespace(kind="c3d", target=print)}, "its trainer has no method 'write'"),
        ({"self_test": True}, "'self_test' is True, expected a method or None"),
        ({"layers": ()}, "'layers' and 'preprocessings' must each have at least one name"),
    ],
)
def test_faults_of_an_instruments_parts(changes: dict[str, Any], words: str) -> None:
    shipped = vidgen_instruments()[0]
    parts = {name: getattr(shipped, name) for name in INSTRUMENT}
    assert fault("instrument", SimpleNamespace(**parts)) is None
    assert fault("instrument", SimpleNamespace(**parts | changes)) == f"instrument 'c3d-shapes': {words}"


def test_the_parts_of_an_instrument_are_optional() -> None:
    shipped = vidgen_instruments()[0]
    optional = ("importer", "trainer", "self_test", "details")
    bare = SimpleNamespace(**{name: getattr(shipped, name) for name in INSTRUMENT if name not in optional})
    complete("instrument", bare)
    assert fault("instrument", bare) is None
    assert (bare.importer, bare.trainer, bare.self_test, bare.details()) == (None, None, None, {})


def test_missing_weights_give_the_command(folder: Path) -> None:
    ucf101 = declared()["c3d-ucf101"]
    for act in (ucf101.sha256, lambda: ucf101.build("tganv2")):
        with pytest.raises(
            RequestError, match=r"vidgen-bench instrument import conv3d_deepnetA_ucf\.npz --mean mean2\.npz$"
        ):
            act()


def test_every_preprocessing_is_declared_and_others_are_refused(folder: Path) -> None:
    shapes, native = declared()["c3d-shapes"], declared()["c3d-shapes-64"]
    assert (*shapes.preprocessings, *native.preprocessings) == tuple(PREPROCESSINGS)
    for instrument in (shapes, native):
        for name in instrument.preprocessings:
            assert type(instrument.build(name).preprocessing) is PREPROCESSINGS[name]
    with pytest.raises(RequestError, match=r"'c3d-shapes-64' has no preprocessing 'tgan'\. Valid: native\."):
        native.build("tgan")
    with pytest.raises(RequestError, match=r"'c3d-shapes' has no preprocessing 'native'"):
        shapes.build("native")
    with pytest.raises(RequestError, match=r"'c3d-ucf101' has no preprocessing 'tgan2'\. Did you mean 'tganv2'\?"):
        declared()["c3d-ucf101"].build("tgan2")  # checked before the weights file


def test_every_imported_file_is_an_instrument(folder: Path, tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    import_c3d(weights, mean, path_of("c3d-ucf101"))
    import_c3d(weights, mean, path_of("my-c3d"))
    (folder / "Not A Name.safetensors").touch()
    (folder / "c3d-shapes.safetensors").touch()  # does not replace the one that ships
    assert list(declared()) == ["c3d-shapes", "c3d-shapes-64", "c3d-shapes-motion", "c3d-ucf101", "my-c3d"]
    mine = declared()["my-c3d"]
    assert mine.sha256() == hashlib.sha256((folder / "my-c3d.safetensors").read_bytes()).hexdigest()
    out = mine.build("tgan")(golden.video(1, 3, 16, 32, 32))
    assert {k: tuple(v.shape) for k, v in out.items()} == {"prob": (1, 3), "fc7": (1, 4)}
    assert tuple(out) == mine.layers


def test_a_trained_file_that_reads_clips_without_a_resize_is_declared_so(folder: Path) -> None:
    layout, zeros = Layout(1, 4, 3, size=64), torch.zeros(3)
    weights = {name: torch.zeros(shape) for name, shape in layout.shapes.items()}
    write_instrument(path_of("mine"), Card(width=1, hidden=4, classes=3, size=64), weights, zeros)
    mine = declared()["mine"]
    assert fault("instrument", mine) is None
    assert (mine.preprocessings, mine.size, mine.importer, mine.trainer.kind) == (("native",), 64, None, "c3d-64")
    assert mine.refuses(Clip(16, 64, 3)) is None
    assert mine.refuses(Clip(16, 48, 3)) == "it reads frames of 64 pixels, not 48; choose another instrument."
    with pytest.raises(RequestError, match="reads frames of 64 x 64 pixels; found 48 x 48"):
        mine.build("native")(torch.zeros(1, 3, 16, 48, 48))
    with pytest.raises(RequestError, match=r"'tgan' resizes to 112 pixels, but this C3D reads 64; use 'native'"):
        read_instrument(mine.path).build("tgan")
    with pytest.raises(RecordError, match=r"expected 'mean' of shape \[3\] for"):
        write_instrument(path_of("other"), Card(width=1, hidden=4, classes=3, size=64), weights, torch.zeros(CUBE))


def test_a_file_that_changes_is_hashed_again(folder: Path) -> None:
    folder.mkdir()
    path = path_of("mine")
    path.write_bytes(b"one")
    first = declared()["mine"].sha256()
    path.write_bytes(b"three")
    assert declared()["mine"].sha256() == hashlib.sha256(b"three").hexdigest() != first
    with pytest.raises(RecordError, match="expected an instrument in safetensors"):
        declared()["mine"].build("tgan")


@pytest.mark.parametrize(
    ("name", "preprocessing"),
    [("c3d-shapes", "tgan"), ("c3d-shapes", "tganv2"), ("c3d-shapes-64", "native"), ("c3d-shapes-motion", "native")],
)
def test_a_shipped_instrument_names_newly_drawn_videos(name: str, preprocessing: str) -> None:
    """Two videos per class, with palettes that are in no list of the data set; one was trained on "tgan" and reads "tganv2" too."""
    geometry = FrameGeometry.of(load_track("shapes-smoke").data)
    clips, labels = [], []
    for label in range(len(CLASSES)):
        for group in (11, 12):
            clips.append(geometry.apply(draw_clip(label, group, 1))[:16])
            labels.append(label)
    frames = torch.from_numpy(np.stack(clips)).permute(0, 2, 1, 3, 4).float()
    instrument, clips_in = declared()[name].build(preprocessing), (frames - 128) / 128
    named = instrument(clips_in)["prob"].argmax(dim=1)
    assert (named == torch.tensor(labels)).float().mean() >= 0.9
    if name == "c3d-shapes-motion":
        for label, view in enumerate(ALTERED, len(CLASSES)):
            named = instrument(viewed(clips_in, view, 0))["prob"].argmax(dim=1)
            assert (named == label).float().mean() >= 0.9


def test_declarations_need_no_torch() -> None:
    code = (
        "import sys, vidgen_bench.measure.instruments.c3d as c, vidgen_bench.measure.metrics.inception_score as i, "
        "vidgen_bench.measure.metrics.frechet_distance as f; c.vidgen_instruments(); i.vidgen_metrics(); f.vidgen_metrics(); "
        "print(sorted({'torch', 'numpy', 'scipy', 'pydantic', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "preprocessing"), [("c3d-shapes", "tgan"), ("c3d-shapes-64", "native"), ("c3d-shapes-motion", "native")]
)
def test_a_shipped_instrument_is_what_its_model_card_says(name: str, preprocessing: str) -> None:
    declaration = declared()[name]
    card = read_card(declaration.path)
    page = (declaration.path.parent / "README.md").read_text()
    assert declaration.path.stat().st_size < 2_000_000
    assert declaration.sha256() in page
    assert str(card.training["command"]) in page
    assert card.training["held_out_clips"] >= 200
    assert card.training["held_out_accuracy"] >= 0.95
    assert f"{card.training['held_out_accuracy']:.1%}".replace("%", " %") in page
    classes = tuple(re.findall(r"^- `(\w+)`$", page, flags=re.MULTILINE))
    assert card.class_names == ((*classes, *ALTERED) if name == "c3d-shapes-motion" else classes)
    assert declaration.size == card.size
    instrument = declaration.build(preprocessing)
    assert all(p.dtype == torch.float32 for p in instrument.parameters())
    out = instrument(golden.video(1, 3, 16, 64, 64))
    assert out["prob"].shape == (1, len(card.class_names))
    assert out["fc7"].shape == (1, 256)
