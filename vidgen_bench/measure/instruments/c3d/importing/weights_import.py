"""Makes an instrument file from your copy of the published C3D: chainer's npz or Caffe's model, and a mean cube."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidgen_bench.api import ImportedWeights
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing import caffe_import, chainer_import
from vidgen_bench.measure.instruments.c3d.importing.layout_check import tensors_of
from vidgen_bench.measure.instruments.c3d.importing.mean_import import doubt_about, read_mean
from vidgen_bench.measure.instruments.c3d.location import UCF101
from vidgen_bench.measure.instruments.c3d.weights import Card, write_instrument
from vidgen_bench.measure.instruments.file_content import Content, content_of
from vidgen_bench.measure.instruments.weights_file import file_sha256

EXPECTED = f"{chainer_import.EXPECTED}; or {caffe_import.EXPECTED}"

_FOREIGN: dict[Content, str] = {
    "npy": "a single array (.npy)",
    "caffe blob": "one of Caffe's arrays (a mean binaryproto?), which belongs to --mean",
    "pytorch": "a PyTorch file, whose pickle is never opened",
    "pickle": "a pickle, which is never opened",
    "hdf5": "an HDF5 file",
    "safetensors": "a safetensors file",
    "text": "text (a .prototxt describes a network and holds no weights)",
    "unknown": "something else",
}


def import_c3d(weights: Path, mean: Path, target: Path, name: str = UCF101) -> ImportedWeights:
    """Write the instrument file ``target``; the formats of the sources are recognised by their content, not their names.

    All formats have the axes (out, in, T, H, W) and (out, in), so values are copied unchanged.

    Args:
        weights: chainer's npz with ``<layer>/W`` and ``<layer>/b``, or C3D-v1.0's Caffe model.
        mean: the mean cube, [3, 16, 128, 171] or [1, 3, 16, 128, 171], BGR, 0..255: npz (array ``mean``), npy or binaryproto.
        target: the safetensors file to write.
        name: the name of the instrument, for the lines that the command prints.
    Raises:
        RecordError: a file has another format, or an array is missing, extra, of another shape, not floating point, not finite, or
            never filled.
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
    lines = (
        f"{name}: C3D of width {layout.width}, {layout.classes} classes, from {source}, {target}",
        f"sha256 {write_instrument(target, card, tensors, cube)}",
        "Shapes cannot tell whether the weights read real clips. Clips with known classes can:",
        f"  vidgen-bench instrument test {name} --track ucf101-64-paper --data UCF-101 --splits ucfTrainTestlist",
    )
    return ImportedWeights(lines, doubt_about(cube))


def _read(weights: Path) -> tuple[dict[str, np.ndarray], str, str]:
    """Return the arrays of a weights file, the description of valid files for errors, and the name of its format."""
    content = content_of(weights, EXPECTED)
    if content == "npz":
        return chainer_import.read_npz(weights), chainer_import.EXPECTED, "chainer's npz"
    if content == "caffe model":
        return caffe_import.read_caffe(weights), caffe_import.EXPECTED, "Caffe's model"
    raise RecordError(f"{weights}: expected {EXPECTED}; found {_FOREIGN[content]}.")
