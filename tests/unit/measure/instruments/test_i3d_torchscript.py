"""I3D as a TorchScript archive: kept byte for byte, run with the protocol's preprocessing, refused if it is another network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.kit import golden
from tests.kit.i3d_files import SLIM, LikeStyleGANV, archive, pattern_weights, refusal, saved
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.instrument import read_instrument
from vidgen_bench.measure.instruments.i3d.preprocessing import Preprocessing
from vidgen_bench.measure.instruments.i3d.torchscript import is_archive
from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d
from vidgen_bench.measure.instruments.safetensors_header import header

CLIPS = golden.video(1, 3, 9, 16, 16)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "instruments" / "i3d" / "i3d-kinetics400.weights"


def test_an_archive_is_kept_as_it_is(tmp_path: Path, target: Path) -> None:
    module = LikeStyleGANV()
    source = archive(tmp_path / "i3d_torchscript.pt", module)
    assert is_archive(source.read_bytes())
    imported = import_i3d(source, target, trusted=True)
    assert target.read_bytes() == source.read_bytes()
    assert imported.lines[1] == f"sha256 {hashlib.sha256(source.read_bytes()).hexdigest()}"
    assert imported.lines[0] == f"I3D from a TorchScript archive, kept as it is, {target}"
    assert "which are not used, agree with preprocessing 'stylegan-v'" in imported.lines[-1]
    for preprocessing in ("fvd", "stylegan-v"):
        instrument = read_instrument(target, preprocessing)
        expected = module(Preprocessing(preprocessing)(CLIPS), return_features=True)
        torch.testing.assert_close(instrument(CLIPS)["logits"], expected)
    fvd, styleganv = (read_instrument(target, p)(CLIPS)["logits"] for p in ("fvd", "stylegan-v"))
    assert (fvd - styleganv).abs().max() > 1e-3  # the protocol's preprocessing decides, not the archive's


def test_a_state_dict_replaces_an_archive(tmp_path: Path, target: Path) -> None:
    import_i3d(archive(tmp_path / "a.pt", LikeStyleGANV()), target, trusted=True)
    import_i3d(saved(tmp_path / "b.pt", pattern_weights(SLIM)), target, SLIM)
    assert header(target.read_bytes())
    assert list(target.parent.iterdir()) == [target]
    assert read_instrument(target, "fvd")(CLIPS)["logits"].shape == (1, 5)


class OtherResize(LikeStyleGANV):
    """An archive that rescales to another range."""

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        """Return [N, 400]."""
        if rescale:
            x = x.float() / 255
        return torch.cat([x.mean(dim=(2, 3, 4)), x[:, :, 0, 7, 11]], dim=1) @ self.matrix


def test_a_different_resize_is_reported(tmp_path: Path, target: Path) -> None:
    note = import_i3d(archive(tmp_path / "a.pt", OtherResize()), target, trusted=True).lines[-1]
    assert "differ from preprocessing 'stylegan-v'" in note


class NoKeywords(nn.Module):
    """An archive whose forward takes only clips."""

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, 400]."""
        return x.new_zeros(x.shape[0], 400)


class Fails(nn.Module):
    """An archive that takes the keywords and fails."""

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        """Raise."""
        return x.view(7, 7, 7)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (NoKeywords(), r"takes \(x\), without 'rescale'"),
        (Fails(), r"fails on a clip \[1, 3, 16, 224, 224\] of zeros: .*invalid for input"),
        (LikeStyleGANV(classes=101), r"expected logits \[1, 400\] for a clip of zeros; found \[1, 101\]"),
        (LikeStyleGANV(scale=float("nan")), r"are not finite"),
    ],
)
def test_other_archives_are_refused_with_the_rule(tmp_path: Path, target: Path, module: nn.Module, words: str) -> None:
    source = archive(tmp_path / "a.pt", module)
    with pytest.raises(RecordError, match=words):
        import_i3d(source, target, trusted=True)
    assert "forward(x [N, 3, T, H, W], rescale, resize, return_features) -> logits [N, 400]." in refusal(source, target)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace:DeprecationWarning")
def test_a_traced_archive_has_no_keywords(tmp_path: Path, target: Path) -> None:
    torch.jit.trace(NoKeywords(), torch.zeros(1, 3, 2, 4, 4)).save(str(tmp_path / "a.pt"))
    assert "without 'rescale'" in refusal(tmp_path / "a.pt", target)


def test_a_damaged_archive_is_refused(tmp_path: Path, target: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as file:
        file.writestr("archive/constants.pkl", b"")
        file.writestr("archive/code/__torch__.py", b"")
    assert "is a TorchScript archive that cannot be loaded" in refusal(tmp_path / "a.pt", target)
