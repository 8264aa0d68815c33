"""Makes an instrument file of somebody's copy of the published C3D: chainer's npz or Caffe's model, and a mean cube."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing import caffe_import, chainer_import
from vidgen_bench.measure.instruments.c3d.importing.layout_check import tensors_of
from vidgen_bench.measure.instruments.c3d.importing.mean_import import doubt_about, read_mean
from vidgen_bench.measure.instruments.c3d.weights import Card, write_instrument
from vidgen_bench.measure.instruments.file_content import Content, content_of
from vidgen_bench.measure.instruments.weights_file import file_sha256

EXPECTED = f"{chainer_import.EXPECTED}; or {caffe_import.EXPECTED}"

_FOREIGN: dict[Content, str] = {
    "npy": "a single array (.npy)",
    "caffe blob": "one of Caffe's arrays (a mean binaryproto?), which is what --mean takes",
    "pytorch": "a PyTorch file, whose pickle is never opened",
    "pickle": "a pickle, which is never opened",
    "hdf5": "an HDF5 file",
    "safetensors": "a safetensors file",
    "text": "text (a .prototxt describes a network and holds no weights)",
    "unknown": "something else",
}


@dataclass(frozen=True)
class Imported:
    """What an import has written."""

    card: Card
    sha256: str
    source: str
    """What the weights were: "chainer's npz", "Caffe's model"."""
    doubt: str
    """What may be wrong with the mean, or ""."""


def import_c3d(weights: Path, mean: Path, target: Path) -> Imported:
    """Write the instrument file ``target``; what the sources are is told by their content, not by their names.

    Axes are out, in, T, H, W and out, in on all sides: values are copied.

    Args:
        weights: chainer's npz with ``<layer>/W`` and ``<layer>/b``, or C3D-v1.0's Caffe model.
        mean: the mean cube, [3, 16, 128, 171] or [1, 3, 16, 128, 171], BGR, 0..255: npz (array ``mean``), npy or binaryproto;
            loaded as float32.
        target: the safetensors file to write.
    Raises:
        RecordError: a file that is none, an array missing, extra, of another shape, not numbers, not finite, or never filled.
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    cube = read_mean(mean)
    arrays, expected, source = _read(weights)
    layout, tensors = tensors_of(weights, arrays, expected)
    card = Card(
        width=layout.width,
        hidden=layout.hidden,
        classes=layout.classes,
        sources={path.name: file_sha256(path) for path in (weights, mean)},
        note=f"imported from {source}",
    )
    return Imported(card, write_instrument(target, card, tensors, cube), source, doubt_about(cube))


def _read(weights: Path) -> tuple[dict[str, np.ndarray], str, str]:
    """Return the arrays of a weights file, what it was expected to hold, and what it is."""
    content = content_of(weights, EXPECTED)
    if content == "npz":
        return chainer_import.read_npz(weights), chainer_import.EXPECTED, "chainer's npz"
    if content == "caffe model":
        return caffe_import.read_caffe(weights), caffe_import.EXPECTED, "Caffe's model"
    raise RecordError(f"{weights}: expected {EXPECTED}; found {_FOREIGN[content]}.")
