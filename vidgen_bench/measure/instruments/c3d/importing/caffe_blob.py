"""Reads Caffe's BlobProto with the field numbers of C3D-v1.0: an array of floats with five axes."""

from __future__ import annotations

import math

import numpy as np

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.protobuf_wire import BYTES, FIXED32, VARINT, Field, fields

_AXES = 5
"""Fields 1 to 5: num, channels, length, height, width."""

_DATA, _DIFF = 6, 7

_DOUBLES = (8, 9)
"""Field numbers that only stock Caffe uses."""

STOCK = (
    "its field 5 holds data, as in stock Caffe's BlobProto (data 5, diff 6), not the width, as in C3D-v1.0's (data 6, diff 7). Stock "
    "Caffe's blobs have no time axis, so this is not a C3D-v1.0 file; import the file of C3D's own release"
)


def read_blob(message: memoryview, what: str) -> np.ndarray:
    """Return the array [num, channels, length, height, width] of a BlobProto, float32, without copying packed data.

    Args:
        message: the bytes of the message.
        what: the description of the blob in errors.
    Raises:
        RecordError: the message is stock Caffe's BlobProto, is damaged, or its number of values does not match its axes.
    """
    axes, parts = [0] * _AXES, []
    for field in fields(message, what):
        if field.number <= _AXES and field.wire == VARINT:
            assert isinstance(field.value, int)
            axes[field.number - 1] = field.value
        elif field.number == _AXES or field.number in _DOUBLES:
            raise RecordError(f"{what}: {STOCK}.")
        elif field.number == _DATA:
            parts.append(_floats(field, what))
        elif field.number != _DIFF:
            raise RecordError(
                f"{what}: field {field.number} (wire type {field.wire}) is not in C3D-v1.0's BlobProto. Expected num 1, channels 2, "
                "length 3, height 4, width 5, data 6, diff 7."
            )
    data = parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.float32), *parts])
    if math.prod(axes) != data.size or not data.size:
        raise RecordError(
            f"{what}: its axes (num, channels, length, height, width) are {axes}, so expected {math.prod(axes)} values; found {data.size}."
        )
    return data.reshape(axes)


def _floats(field: Field, what: str) -> np.ndarray:
    """Return the values of one data field, packed or not, without copying."""
    if field.wire not in (BYTES, FIXED32) or isinstance(field.value, int) or len(field.value) % 4:
        raise RecordError(
            f"{what}: field {field.number} is not an array of 4-byte floats (wire type {field.wire}). It is damaged, or another file."
        )
    return np.frombuffer(field.value, "<f4")
