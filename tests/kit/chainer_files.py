"""Small files in chainer's format: pattern weights of a C3D of width 1, and a mean cube."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.kit import golden
from vidgen_bench.measure.instruments.c3d.network import Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE

SMALL = Layout(width=1, hidden=4, classes=3)


def chainer_arrays(layout: Layout = SMALL) -> dict[str, Any]:
    """Return ``<layer>/W`` and ``<layer>/b`` of a layout, float32."""
    arrays: dict[str, Any] = {}
    for k, (name, shape) in enumerate(layout.shapes.items()):
        layer, part = name.split(".")
        values = 0.1 * golden.base(k, int(np.prod(shape))).reshape(shape)
        arrays[f"{layer}/{'W' if part == 'weight' else 'b'}"] = values.astype(np.float32)
    return arrays


def mean_cube() -> np.ndarray:
    """Return a mean cube, float64, BGR, 0..255."""
    return 100 + 20 * golden.base(99, int(np.prod(CUBE))).reshape(CUBE)


def write_chainer_files(folder: Path) -> tuple[Path, Path]:
    """Write both files and return their paths."""
    weights, mean = folder / "conv3d_deepnetA_ucf.npz", folder / "mean2.npz"
    np.savez(weights, **chainer_arrays())
    np.savez(mean, mean=mean_cube())
    return weights, mean


def header_alone(shape: tuple[int, ...], descr: str = "<f4") -> bytes:
    """Return the header of an .npy file for an array of this shape, without the values."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def cut_header() -> bytes:
    """Return an .npy file whose header ends inside a bracket."""
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4096,".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def write_zeros(path: Path, member: str, shape: tuple[int, ...]) -> Path:
    """Write an npz of one float32 array of zeros without allocating it; the file is a thousandth of its inflated size."""
    left = 4 * int(np.prod(shape))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{member}.npy", "w") as stream:
        stream.write(header_alone(shape))
        for size in (min(2**20, left - start) for start in range(0, left, 2**20)):
            stream.write(bytes(size))
    return path
