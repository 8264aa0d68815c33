"""Writes small Caffe files of C3D-v1.0, with an encoder of protocol buffers that is independent of the reader."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.kit.chainer_files import SMALL, chainer_arrays, mean_cube
from vidgen_bench.measure.instruments.c3d.network import Layout


def varint(value: int) -> bytes:
    """Return a number encoded in seven bits per byte, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field * 8) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field * 8 + 2) + varint(len(value)) + value


def unpacked(field: int, values: Sequence[float]) -> bytes:
    """Return a repeated float field in the old encoding: a tag before every value."""
    return b"".join(varint(field * 8 + 5) + struct.pack("<f", v) for v in values)


def blob(array: np.ndarray, packed: bool = True, data: int = 6) -> bytes:
    """Return C3D-v1.0's BlobProto of an array of up to five axes, padded with leading ones."""
    axes = (1,) * (5 - array.ndim) + array.shape
    head = b"".join(number(k, size) for k, size in enumerate(axes, start=1))
    flat = array.astype("<f4").ravel()
    return head + (text(data, flat.tobytes()) if packed else unpacked(data, flat.tolist()))


def stock_blob(array: np.ndarray) -> bytes:
    """Return stock Caffe's BlobProto: shape 7, data 5."""
    shape = text(7, text(1, b"".join(varint(n) for n in array.shape)))
    return text(5, array.astype("<f4").tobytes()) + shape


def layer(name: str, kind: int, *blobs: bytes) -> bytes:
    """Return a LayerParameter: bottom 2, top 3, name 4, type 5, blobs 6, blobs_lr 7, and a nested parameter message."""
    head = text(2, b"data") + text(3, name.encode()) + text(4, name.encode()) + number(5, kind)
    return head + b"".join(text(6, b) for b in blobs) + unpacked(7, [1.0, 2.0]) + text(10, number(1, 64) + number(6, 3))


def network(arrays: Mapping[str, np.ndarray], packed: bool = True, suffix: str = "", layers: int = 2) -> bytes:
    """Return a NetParameter with these ``<layer>/W`` and ``<layer>/b``, and layers without blobs between them."""
    out = text(1, b"DeepConv3DNet") + text(3, b"data") + number(5, 1)
    for name in dict.fromkeys(key.split("/")[0] for key in arrays):
        parts = [blob(arrays[f"{name}/{p}"], packed) for p in ("W", "b") if f"{name}/{p}" in arrays]
        out += text(layers, layer(f"{name}{suffix}", 30, *parts)) + text(layers, layer(f"relu_{name}", 18))
    return out


def write_caffe_files(folder: Path, layout: Layout = SMALL) -> tuple[Path, Path]:
    """Write a model of a layout and the mean cube of :mod:`chainer_files`, and return their paths."""
    model, mean = folder / "c3d_ucf101_finetune_whole_iter_20000", folder / "train01_16_128_171_mean.binaryproto"
    model.write_bytes(network(chainer_arrays(layout)))
    mean.write_bytes(blob(mean_cube()))
    return model, mean
