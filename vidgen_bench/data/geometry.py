"""From a decoded frame to the stored one: one resize and one fixed crop, both declared by the track.

The arithmetic is float32 multiplications and additions in a fixed order, each a single numpy operation. IEEE 754 then
determines every bit, independent of the processor, the number of threads and the batch of frames. A store's content hash
needs that, and the resize functions of libraries do not guarantee it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.config.track import DataPart

Rule = Literal["cubic", "cubic-antialias"]

_BLOCK = 8  # frames resized at a time, so that the intermediate rows stay in the processor's cache


@dataclass(frozen=True)
class FrameGeometry:
    """Resize to ``rows`` x ``columns`` by ``rule``, then keep the rectangle ``crop``.

    ``crop = (top, left, height, width)`` is in pixels of the resized frame.

    ``cubic`` is bicubic interpolation with a = -0.75, half-pixel centres and no antialiasing: the paper's cv2
    INTER_CUBIC. ``cubic-antialias`` widens the kernel (a = -0.5) by the scale, as PIL and torch's ``antialias=True`` do.
    """

    rows: int
    columns: int
    rule: Rule
    crop: tuple[int, int, int, int]

    @classmethod
    def of(cls, data: DataPart) -> FrameGeometry:
        """Return the geometry that a track declares."""
        return cls(rows=data.resize[0], columns=data.resize[1], rule=data.rule, crop=data.crop)

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise RequestError(f"resize rule {self.rule!r}: expected one of {', '.join(get_args(Rule))}.")
        if len(self.crop) != 4:
            raise RequestError(f"crop {self.crop!r}: expected (top, left, height, width).")
        top, left, height, width = self.crop
        inside = (
            min(top, left) >= 0
            and min(height, width) > 0
            and top + height <= self.rows
            and left + width <= self.columns
        )
        if not inside:
            raise RequestError(
                f"crop (top {top}, left {left}, height {height}, width {width}) does not lie inside the resized "
                f"frame of {self.rows} rows x {self.columns} columns."
            )

    @property
    def height(self) -> int:
        """Rows of a stored frame."""
        return self.crop[2]

    @property
    def width(self) -> int:
        """Columns of a stored frame."""
        return self.crop[3]

    @property
    def spare(self) -> int:
        """Columns of the resized frame outside the crop."""
        return self.columns - self.width

    @property
    def whole_columns(self) -> FrameGeometry:
        """The same geometry, but with every column, for crops at varying columns."""
        top, _, height, _ = self.crop
        return replace(self, crop=(top, 0, height, self.columns))

    def apply(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frames resized and cropped.

            out[i, j] = clamp(round(sum_k sum_l u_ik v_jl in[r_ik, c_jl]), 0, 255), half to even

        Args:
            frames: uint8 [T, H, W, 3], RGB.
        Returns:
            uint8 [T, 3, height, width].
        Reference: R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP 1981.
        """
        top, left, height, width = self.crop
        row_index, row_weight = _taps(frames.shape[1], self.rows, self.rule)
        column_index, column_weight = _taps(frames.shape[2], self.columns, self.rule)
        rows = (row_index[top : top + height], row_weight[top : top + height])
        columns = (column_index[left : left + width], column_weight[left : left + width])
        result = np.empty((len(frames), 3, height, width), dtype=np.uint8)
        for start in range(0, len(frames), _BLOCK):
            block = _resampled(frames[start : start + _BLOCK], rows, columns)
            result[start : start + _BLOCK] = block.transpose(0, 3, 1, 2)
        return result


_Taps = tuple[NDArray[np.intp], NDArray[np.float32]]


def _resampled(frames: NDArray[np.uint8], rows: _Taps, columns: _Taps) -> NDArray[np.uint8]:
    """Return [T, h, w, 3]: rows are resized first, only in the columns that the crop needs."""
    first, last = int(columns[0].min()), int(columns[0].max()) + 1
    narrow = np.ascontiguousarray(frames[:, :, first:last])
    values = _weighted(narrow, rows, axis=1)
    values = _weighted(values, (columns[0] - first, columns[1]), axis=2)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _weighted(values: NDArray[np.generic], taps: _Taps, axis: int) -> NDArray[np.float32]:
    """Return sum_k weight[:, k] * values[index[:, k]] along one axis, summed in order of k."""
    index, weight = taps
    shape = [1] * values.ndim
    shape[axis] = len(index)
    total = np.take(values, index[:, 0], axis=axis) * weight[:, 0].reshape(shape)
    for k in range(1, index.shape[1]):
        total += np.take(values, index[:, k], axis=axis) * weight[:, k].reshape(shape)
    return total


@lru_cache(maxsize=64)
def _taps(source: int, target: int, rule: Rule) -> _Taps:
    """Return the source samples of each target sample and their weights: index and weight [target, taps]."""
    rows = [(_plain if rule == "cubic" else _antialiased)(i, source, source / target) for i in range(target)]
    width = max(len(weights) for _, weights in rows)
    index = np.zeros((target, width), dtype=np.intp)
    weight = np.zeros((target, width), dtype=np.float32)
    for i, (positions, weights) in enumerate(rows):
        index[i, : len(positions)], weight[i, : len(weights)] = positions, weights
    return index, weight


def _kernel(x: float, a: float) -> float:
    """Return Keys' cubic kernel at distance x."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0


def _plain(i: int, source: int, scale: float) -> tuple[list[int], list[float]]:
    centre = (i + 0.5) * scale - 0.5
    first = math.floor(centre) - 1
    positions = [min(max(first + k, 0), source - 1) for k in range(4)]
    return positions, [_kernel(centre - (first + k), -0.75) for k in range(4)]


def _antialiased(i: int, source: int, scale: float) -> tuple[list[int], list[float]]:
    stretch = max(scale, 1.0)
    centre = (i + 0.5) * scale
    first = max(int(centre - 2 * stretch + 0.5), 0)
    last = min(int(centre + 2 * stretch + 0.5), source)
    weights = [_kernel((j - centre + 0.5) / stretch, -0.5) for j in range(first, last)]
    total = sum(weights)
    return list(range(first, last)), [w / total for w in weights]
