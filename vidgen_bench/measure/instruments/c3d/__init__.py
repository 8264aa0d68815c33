"""C3D instruments: the slim one that ships, the UCF101 one, and any other that the user imported or trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.api import Clip, hookimpl
from vidgen_bench.config.spec import NAME
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.measure.instruments.file_hash import file_sha256
from vidgen_bench.system import places

if TYPE_CHECKING:
    from torch import nn

SHIPPED = "c3d-shapes"
UCF101 = "c3d-ucf101"
SUFFIX = ".safetensors"
REFERENCE = "Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015"


@dataclass(frozen=True)
class C3DDeclaration:
    """One C3D with its weights file; class probabilities and fc7 after ReLU of 16-frame clips."""

    name: str
    summary: str
    path: Path
    api: str = "1.0"
    reference: str = REFERENCE
    layers: tuple[str, ...] = ("prob", "fc7")
    preprocessings: tuple[str, ...] = ("tgan", "tganv2")

    def refuses(self, clip: Clip) -> str | None:
        """Return why these clips cannot be measured: C3D reads 16 frames of three channels, of any size."""
        if (clip.frames, clip.channels) == (16, 3):
            return None
        return f"it reads 16 frames of 3 channels, not {clip.frames} of {clip.channels}; set clip.frames = 16."

    def sha256(self) -> str:
        """Return the hash of the weights file.

        Raises:
            RequestError: the file is not there; the text has the command that brings it.
        """
        self._require()
        return file_sha256(self.path)

    def build(self, preprocessing: str) -> nn.Module:
        """Return ``forward(clips [N, 3, 16, H, W] in [-1, 1]) -> {"prob": [N, K], "fc7": [N, D]}``, on the CPU.

        Raises:
            RequestError: no such preprocessing, or the file is not there.
            RecordError: it is no instrument, or damaged.
        """
        if preprocessing not in self.preprocessings:
            hint = did_you_mean(preprocessing, self.preprocessings)
            raise RequestError(f"The instrument {self.name!r} has no preprocessing {preprocessing!r}.{hint}")
        from vidgen_bench.measure.instruments.c3d.weights import read_instrument

        self._require()
        return read_instrument(self.path).build(preprocessing)

    def _require(self) -> None:
        if not self.path.is_file():
            raise RequestError(f"The instrument {self.name!r} has no weights at {self.path}. {self._way}")

    @property
    def _way(self) -> str:
        if self.name == SHIPPED:
            return "They ship with the package: install vidgen-bench again."
        name = "" if self.name == UCF101 else f" --name {self.name}"
        return f"Import them: vidgen-bench instrument import conv3d_deepnetA_ucf.npz --mean mean2.npz{name}"


def path_of(name: str) -> Path:
    """Return where the weights of an instrument of this name lie, or would."""
    if name == SHIPPED:
        return Path(__file__).parent / "weights" / f"{SHIPPED}{SUFFIX}"
    return places.instrument_folder() / f"{name}{SUFFIX}"


@hookimpl
def vidgen_instruments() -> Sequence[C3DDeclaration]:
    """Return the two named instruments, and one for every other file in the user's instrument folder."""
    named = [
        C3DDeclaration(
            SHIPPED, "Slim C3D (channels / 8) trained on the shapes data set; ships with the package.", path_of(SHIPPED)
        ),
        C3DDeclaration(UCF101, "C3D fine-tuned on UCF101 (deep net A), imported from its release.", path_of(UCF101)),
    ]
    names = sorted(p.stem for p in places.instrument_folder().glob(f"*{SUFFIX}") if NAME.match(p.stem))
    others = [C3DDeclaration(n, "C3D that was imported or trained on this machine.", path_of(n)) for n in names]
    return named + [d for d in others if d.name not in (SHIPPED, UCF101)]
