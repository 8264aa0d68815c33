"""The I3D instrument that the Fréchet video distance is defined by; its weights are the user's own, none ship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.api import Clip, hookimpl
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.measure.instruments.file_hash import file_sha256
from vidgen_bench.system import places

if TYPE_CHECKING:
    from torch import nn

KINETICS = "i3d-kinetics400"
FEWEST = 9
"""Frames of a clip, at least: time is halved three times, rounded up, and two of what is left are averaged."""


@dataclass(frozen=True)
class I3DDeclaration:
    """I3D with its weights file; logits of the 400 classes of Kinetics, before the softmax."""

    path: Path
    name: str = KINETICS
    summary: str = (
        "I3D (RGB) trained on Kinetics-400, imported from a state dict or a TorchScript archive; FVD reads its logits."
    )
    api: str = "1.0"
    reference: str = (
        "Carreira and Zisserman, Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset, CVPR 2017"
    )
    layers: tuple[str, ...] = ("logits",)
    preprocessings: tuple[str, ...] = ("fvd", "stylegan-v")

    def refuses(self, clip: Clip) -> str | None:
        """Return why these clips cannot be measured: I3D reads 9 frames or more of three channels, of any size."""
        if clip.frames >= FEWEST and clip.channels == 3:
            return None
        return (
            f"it reads at least {FEWEST} frames of 3 channels, not {clip.frames} of {clip.channels}; "
            f"set clip.frames = {FEWEST} or more."
        )

    def sha256(self) -> str:
        """Return the hash of the weights file.

        Raises:
            RequestError: the file is not there; the text has the command that brings it.
        """
        self._require()
        return file_sha256(self.path)

    def build(self, preprocessing: str) -> nn.Module:
        """Return ``forward(clips [N, 3, T, H, W] in [-1, 1]) -> {"logits": [N, 400]}``, on the CPU.

        Raises:
            RequestError: no such preprocessing, or the file is not there.
            RecordError: it is no I3D, or damaged.
        """
        if preprocessing not in self.preprocessings:
            hint = did_you_mean(preprocessing, self.preprocessings)
            raise RequestError(f"The instrument {self.name!r} has no preprocessing {preprocessing!r}.{hint}")
        self._require()
        from vidgen_bench.measure.instruments.i3d.instrument import read_instrument

        return read_instrument(self.path, preprocessing)

    def _require(self) -> None:
        if not self.path.is_file():
            raise RequestError(
                f"The instrument {self.name!r} has no weights at {self.path}; none ship. Get rgb_imagenet.pt of pytorch-i3d, or "
                "i3d_torchscript.pt of StyleGAN-V, and import it: vidgen-bench instrument import FILE --kind i3d"
            )


def weights_path() -> Path:
    """Return where the weights lie, or would, whichever of the two forms they have."""
    return places.instrument_folder() / "i3d" / f"{KINETICS}.weights"


@hookimpl
def vidgen_instruments() -> Sequence[I3DDeclaration]:
    """Return the one I3D, whether its weights are there or not."""
    return [I3DDeclaration(weights_path())]
