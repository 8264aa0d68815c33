"""Reads the Caffe files of C3D-v1.0 by field number: the model (``c3d_ucf101_finetune_whole_iter_20000``) and the mean cube.

This needs neither Caffe nor a protocol buffer library, and runs no code from the file. Files are memory-mapped: each weight is
copied once, when it becomes a tensor.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.caffe_blob import read_blob
from vidgen_bench.measure.instruments.c3d.importing.protobuf_wire import BYTES, fields
from vidgen_bench.measure.instruments.file_content import mapped

EXPECTED = (
    "c3d_ucf101_finetune_whole_iter_20000 of C3D-v1.0's release: NetParameter with layers conv1a .. conv5b, fc6, fc7, fc8, "
    "weights and biases in each"
)

_LAYERS, _NEW_LAYERS = 2, 100
_NAME, _BLOBS = 4, 6


def read_caffe(path: Path) -> dict[str, np.ndarray]:
    """Return ``<layer>/W`` and ``<layer>/b`` of every layer with weights, the names in chainer's npz.

    A bias is [out], a matrix [out, in], a kernel [out, in, T, H, W]. The number in layer names of the Sports-1M model (``fc6-1``)
    is dropped.

    Raises:
        RecordError: the file cannot be read, is damaged, is from another version of Caffe, or has a layer twice.
    """
    what, arrays = f"{path}", {}
    for field in fields(mapped(path, EXPECTED), what):
        if field.number == _NEW_LAYERS:
            raise RecordError(
                f"{path}: its layers are in field {_NEW_LAYERS}, as stock Caffe and C3D-v1.1 write them; C3D-v1.0 has them in field "
                f"{_LAYERS}. Expected {EXPECTED}."
            )
        if field.number == _LAYERS and field.wire == BYTES:
            assert isinstance(field.value, memoryview)
            name, blobs = _layer(field.value, what)
            for part, blob in zip(("W", "b"), blobs, strict=False):
                if f"{name}/{part}" in arrays:
                    raise RecordError(f"{path}: the layer {name!r} occurs twice. Expected {EXPECTED}.")
                arrays[f"{name}/{part}"] = _without_leading_ones(blob, part)
    if not arrays:
        raise RecordError(f"{path}: found no layer with weights. Expected {EXPECTED}.")
    return arrays


def read_caffe_mean(path: Path) -> np.ndarray:
    """Return the array of a mean binaryproto, [1, 3, 16, 128, 171] if it is valid; the shape is not checked.

    Raises:
        RecordError: the file cannot be read, or is not a BlobProto of C3D-v1.0.
    """
    return read_blob(mapped(path, "train01_16_128_171_mean.binaryproto"), f"{path}")


def _layer(message: memoryview, what: str) -> tuple[str, list[np.ndarray]]:
    """Return the name and the blobs of a LayerParameter: the weight, then the bias."""
    name, blobs = "", []
    for field in fields(message, f"{what}, a layer"):
        if field.wire != BYTES:
            continue
        assert isinstance(field.value, memoryview)
        if field.number == _NAME:
            name = re.sub(r"-\d+$", "", bytes(field.value[:200]).decode("utf-8", errors="replace"))
        elif field.number == _BLOBS:
            blobs.append(field.value)
    if len(blobs) > 2:
        raise RecordError(f"{what}: the layer {name!r} has {len(blobs)} blobs; expected a weight and a bias.")
    return name, [
        read_blob(blob, f"{what}, {part} of layer {name!r}")
        for blob, part in zip(blobs, ("weight", "bias"), strict=False)
    ]


def _without_leading_ones(blob: np.ndarray, part: str) -> np.ndarray:
    """Return [out] for a bias [1, 1, 1, 1, out], [out, in] for a matrix [1, 1, 1, out, in], and kernels unchanged."""
    if part == "b":
        return blob.reshape(-1) if blob.shape[:4] == (1, 1, 1, 1) else blob
    return blob[0, 0, 0] if blob.shape[:3] == (1, 1, 1) else blob
