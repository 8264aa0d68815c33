"""Files as chainer writes them, small: pattern weights of a C3D of width 1, and a mean cube."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests import golden
from vidgen_bench.instruments.c3d.network import Layout
from vidgen_bench.instruments.c3d.preprocessing import CUBE

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
