"""The I3D declaration: its attributes, and the message for missing weights."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.kit import golden
from tests.kit.i3d_files import SLIM, LikeStyleGANV, archive, pattern_weights
from vidgen_bench.api import Clip
from vidgen_bench.config.protocol import load_protocol, shipped_protocols
from vidgen_bench.errors import RequestError
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.measure.instruments import c3d
from vidgen_bench.measure.instruments.i3d import FEWEST, I3DDeclaration, vidgen_instruments, weights_path
from vidgen_bench.measure.instruments.i3d.network import FRAMES
from vidgen_bench.measure.instruments.i3d.preprocessing import RULES
from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d
from vidgen_bench.system import places


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> I3DDeclaration:
    monkeypatch.setattr(places, "instrument_folder", lambda: tmp_path / "instruments")
    (declaration,) = vidgen_instruments()
    return declaration


def test_it_is_a_sound_declaration(declared: I3DDeclaration) -> None:
    assert fault("instrument", complete("instrument", declared)) is None
    assert declared.layers == ("logits",)
    assert declared.preprocessings == tuple(RULES)
    assert FEWEST == FRAMES


def test_the_shipped_protocols_of_fvd_fit_it(declared: I3DDeclaration) -> None:
    protocols = [load_protocol(name) for name in shipped_protocols() if name.startswith("fvd")]
    assert {(p.name, p.preprocessing) for p in protocols} == {
        ("fvd-2048-16f", "fvd"),
        ("fvd-stylegan-v-2048-16f", "stylegan-v"),
    }
    assert {p.instrument for p in protocols} == {declared.name}


def test_missing_weights_give_the_command(declared: I3DDeclaration) -> None:
    for act in (declared.sha256, lambda: declared.build("fvd")):
        with pytest.raises(
            RequestError, match=r"has no weights at .*: vidgen-bench instrument import FILE --kind i3d$"
        ):
            act()
    weights_path().mkdir(parents=True)  # a folder with this path is not a weights file
    with pytest.raises(RequestError, match="has no weights at"):
        declared.sha256()


def test_both_forms_are_declared_hashed_and_built(declared: I3DDeclaration, tmp_path: Path) -> None:
    source = tmp_path / "a.pt"
    torch.save(pattern_weights(SLIM), source)
    clips = golden.video(1, 3, 9, 16, 16)
    hashes = set()
    for file, layout, classes in ((source, SLIM, 5), (archive(tmp_path / "b.pt", LikeStyleGANV()), None, 400)):
        import_i3d(file, weights_path(), layout, trusted=True)
        hashes.add(declared.sha256())
        assert declared.sha256() == hashlib.sha256(weights_path().read_bytes()).hexdigest()
        out = declared.build("stylegan-v")(clips)
        assert tuple(out) == declared.layers
        assert out["logits"].shape == (1, classes)
    assert len(hashes) == 2
    assert [d.name for d in c3d.vidgen_instruments()] == [
        "c3d-shapes",
        "c3d-shapes-64",
        "c3d-shapes-motion",
        "c3d-ucf101",
    ]  # C3D lists only its own files


def test_an_unknown_preprocessing_is_refused_before_missing_weights(declared: I3DDeclaration) -> None:
    with pytest.raises(RequestError, match=r"no preprocessing 'c3d'\. Valid: fvd, stylegan-v\."):
        declared.build("c3d")


@pytest.mark.parametrize("clip", [Clip(9, 64, 1), Clip(16, 64, 101), Clip(128, 256, 1)])
def test_clips_that_it_measures(declared: I3DDeclaration, clip: Clip) -> None:
    assert declared.refuses(clip) is None


def test_clips_that_it_refuses(declared: I3DDeclaration) -> None:
    assert declared.refuses(Clip(8, 64, 1)) == (
        "it reads at least 9 frames of 3 channels, not 8 of 3; set clip.frames = 9 or more."
    )
    assert "not 16 of 1" in (declared.refuses(Clip(16, 64, 1, channels=1)) or "")


def test_the_declaration_needs_no_torch() -> None:
    code = (
        "import sys, vidgen_bench.measure.instruments.i3d as i; i.vidgen_instruments()[0].refuses; "
        "print(sorted({'torch', 'numpy', 'pydantic', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
