"""C3D instruments: the slim ones that ship, the UCF101 one, and any other that you import or train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidgen_bench.api import Clip, HeldOutClips, Report, SelfTestReport, hookimpl
from vidgen_bench.config.spec import NAME
from vidgen_bench.measure.instruments.c3d.importing.importer import C3DImporter
from vidgen_bench.measure.instruments.c3d.location import (
    SHAPES,
    SHAPES_64,
    SHAPES_MOTION,
    SHIPPED,
    SUFFIX,
    UCF101,
    path_of,
)
from vidgen_bench.measure.instruments.c3d.native_size import native_size
from vidgen_bench.measure.instruments.c3d.trainer import C3DTrainer
from vidgen_bench.measure.instruments.weights_file import file_sha256, require_preprocessing, require_weights
from vidgen_bench.system import places

if TYPE_CHECKING:
    from torch import nn

_IMPORTER = C3DImporter()
_TRAINER, _NATIVE_TRAINER = C3DTrainer("c3d", size=None), C3DTrainer("c3d-64", size=64)
_MOTION_TRAINER = C3DTrainer("c3d-64-motion", size=64, motion=True)


@dataclass(frozen=True)
class C3DDeclaration:
    """One C3D with its weights file: class probabilities and fc7 after ReLU of 16-frame clips."""

    name: str
    summary: str
    path: Path
    api: str = "1.0"
    reference: str = "Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015"
    layers: tuple[str, ...] = ("prob", "fc7")
    preprocessings: tuple[str, ...] = ("tgan", "tganv2")
    importer: C3DImporter | None = _IMPORTER
    trainer: C3DTrainer = _TRAINER
    size: int | None = None
    """Rows and columns of the clips, if it reads them without a resize."""

    def refuses(self, clip: Clip) -> str | None:
        """Return why these clips cannot be measured: C3D reads 16 frames of three channels, of any size unless it is native."""
        if (clip.frames, clip.channels) == (16, 3):
            if self.size in (None, clip.size):
                return None
            return f"it reads frames of {self.size} pixels, not {clip.size}; choose another instrument."
        return f"it reads 16 frames of 3 channels, not {clip.frames} of {clip.channels}; set clip.frames = 16."

    def sha256(self) -> str:
        """Return the hash of the weights file.

        Raises:
            RequestError: the file is missing; the message gives the command that makes it.
        """
        require_weights(self.path, self.name, self._fix)
        return file_sha256(self.path)

    def details(self) -> Mapping[str, Any]:
        """Return the path of the weights file and its metadata."""
        from vidgen_bench.measure.instruments.c3d.weights import read_card

        return {"path": str(self.path), "card": read_card(self.path).model_dump(mode="json", exclude_defaults=True)}

    def build(self, preprocessing: str) -> nn.Module:
        """Return ``forward(clips [N, 3, 16, H, W] in [-1, 1]) -> {"prob": [N, K], "fc7": [N, D]}``, on the CPU.

        Raises:
            RequestError: there is no preprocessing with this name, or the weights file is missing.
            RecordError: the file is not an instrument, or damaged.
        """
        require_preprocessing(preprocessing, self.name, self.preprocessings)
        from vidgen_bench.measure.instruments.c3d.weights import read_instrument

        require_weights(self.path, self.name, self._fix)
        return read_instrument(self.path).build(preprocessing)

    def self_test(self, clips: HeldOutClips, report: Report) -> SelfTestReport:
        """Classify clips with the weights as stored and with deliberately altered readings, and report which reading fits."""
        from vidgen_bench.measure.instruments.c3d.self_test_report import self_test_report

        return self_test_report(self.path, clips, report)

    @property
    def _fix(self) -> str:
        if self.name in SHIPPED:
            return ". They ship with the package: install vidgen-bench again."
        name = "" if self.name == UCF101 else f" --name {self.name}"
        return f". Import them: vidgen-bench instrument import conv3d_deepnetA_ucf.npz --mean mean2.npz{name}"


@hookimpl
def vidgen_instruments() -> Sequence[C3DDeclaration]:
    """Return the named instruments, and one for every other file in your instrument folder."""
    named = [
        C3DDeclaration(
            SHAPES, "Slim C3D (channels / 8) trained on the shapes data set; ships with the package.", path_of(SHAPES)
        ),
        _native(SHAPES_64, "Slim C3D that reads the shapes at their own 64 pixels; ships with the package.", 64),
        _native(
            SHAPES_MOTION,
            "Slim C3D of 64 pixels, also trained to recognise shuffled and frozen shapes; ships with the package.",
            64,
            _MOTION_TRAINER,
        ),
        C3DDeclaration(UCF101, "C3D fine-tuned on UCF101 (deep net A), imported from its release.", path_of(UCF101)),
    ]
    names = sorted(p.stem for p in places.or_nowhere(places.instrument_folder).glob(f"*{SUFFIX}") if NAME.match(p.stem))
    return named + [_of_your_own(n) for n in names if n not in (*SHIPPED, UCF101)]


def _of_your_own(name: str) -> C3DDeclaration:
    summary, size = "C3D imported or trained on this machine.", native_size(path_of(name))
    return C3DDeclaration(name, summary, path_of(name)) if size is None else _native(name, summary, size)


def _native(name: str, summary: str, size: int, trainer: C3DTrainer = _NATIVE_TRAINER) -> C3DDeclaration:
    """Return the declaration of a C3D that reads clips of this size without a resize; such weights are trained, never imported."""
    return C3DDeclaration(
        name, summary, path_of(name), preprocessings=("native",), importer=None, trainer=trainer, size=size
    )
