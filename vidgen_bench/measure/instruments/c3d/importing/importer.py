"""Imports C3D for ``vidgen-bench instrument import``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import ImportedWeights, ImportRequest
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.c3d.location import UCF101, target_of
from vidgen_bench.measure.instruments.file_content import content_of


@dataclass(frozen=True)
class C3DImporter:
    """Reads chainer's npz or Caffe's model, and a mean cube."""

    kind: str = "c3d"
    files: str = "conv3d_deepnetA_ucf.npz or c3d_ucf101_finetune_whole_iter_20000, with --mean"

    def recognises(self, request: ImportRequest) -> bool:
        """Return whether the request has a mean, which other networks do not take, or the file is an npz or Caffe's model."""
        return request.mean is not None or content_of(request.file, self.files) in ("npz", "caffe model")

    def target(self, request: ImportRequest) -> Path:
        """Return the path of the weights file.

        Raises:
            RequestError: the mean is missing, or the name is that of the instrument that ships.
        """
        if request.mean is None:
            raise RequestError(
                "C3D subtracts a mean cube: give --mean mean2.npz, or --mean train01_16_128_171_mean.binaryproto."
            )
        return target_of(request.name or UCF101)

    def write(self, request: ImportRequest, target: Path) -> ImportedWeights:
        """Import both files into ``target``; raises ``RecordError`` if one of them is wrong."""
        from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d

        assert request.mean is not None
        return import_c3d(request.file, request.mean, target, request.name or UCF101)
