"""The I3D instrument in the definition of the Fréchet video distance. No weights ship: you import your own copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.api import Clip, hookimpl
from vidgen_bench.measure.instruments.i3d.importer import KINETICS, I3DImporter, weights_path
from vidgen_bench.measure.instruments.weights_file import file_sha256, require_preprocessing, require_weights

if TYPE_CHECKING:
    from torch import nn

FEWEST = 9
"""Fewest frames per clip: three halvings, each rounded up, must leave the two that the average pooling reads."""

_IMPORTER = I3DImporter()

_FIX = (
    "; none ship. Get rgb_imagenet.pt of pytorch-i3d, or i3d_torchscript.pt of StyleGAN-V, and import it: vidgen-bench instrument "
    "import FILE --kind i3d"
)


@dataclass(frozen=True)
class I3DDeclaration:
    """I3D with its weights file; logits of the 400 Kinetics classes, before the softmax."""

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
    importer: I3DImporter = _IMPORTER

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
            RequestError: the file is missing; the message gives the command that makes it.
        """
        require_weights(self.path, self.name, _FIX)
        return file_sha256(self.path)

    def build(self, preprocessing: str) -> nn.Module:
        """Return ``forward(clips [N, 3, T, H, W] in [-1, 1]) -> {"logits": [N, 400]}``, on the CPU.

        Raises:
            RequestError: there is no preprocessing with this name, or the weights file is missing.
            RecordError: the file is not an I3D, or damaged.
        """
        require_preprocessing(preprocessing, self.name, self.preprocessings)
        require_weights(self.path, self.name, _FIX)
        from vidgen_bench.measure.instruments.i3d.instrument import read_instrument

        return read_instrument(self.path, preprocessing)


@hookimpl
def vidgen_instruments() -> Sequence[I3DDeclaration]:
    """Return the one I3D, whether its weights are on this machine or not."""
    return [I3DDeclaration(weights_path())]
