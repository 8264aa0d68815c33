"""Draws one video of the data set ``shapes``: a shape of one colour that moves over a textured background.

A clip is a pure function of (class, group, clip). The eight classes of a group share its palette and texture, so the
background does not reveal the class. Groups differ, so a held-out group is new to a model trained on the others.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.shapes.motion import FRAMES, MOTIONS, Pose

ROWS, COLUMNS = 120, 160

SEED = 20250  # another seed makes another data set: raise VERSION in write.py

_Y, _X = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float64)


class Uniform:
    """Uniform numbers from PCG64's raw bits, which NumPy keeps stable across versions (unlike its distributions)."""

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence((SEED, *seed)))

    def array(self, *shape: int) -> NDArray[np.float64]:
        """Return float64 of this shape, uniform in [0, 1)."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        return np.asarray((raw >> np.uint64(11)) * 2.0**-53, dtype=np.float64).reshape(shape)

    def draw(self, low: float, high: float) -> float:
        """Return one number, uniform in [low, high)."""
        return low + (high - low) * float(self.array(1)[0])


Plane = NDArray[np.float64]


def _disc(pose: Pose, y: Plane, x: Plane) -> Plane:
    """Return the signed distance of the points (x, y) to the edge of a disc, negative inside."""
    return np.sqrt((x - pose.x) ** 2 + (y - pose.y) ** 2) - pose.radius


def _triangle(pose: Pose, y: Plane, x: Plane) -> Plane:
    """Return the signed distance (a lower bound near corners) to an upright equilateral triangle, smaller than the disc."""
    across, down, inner = np.abs(x - pose.x), y - pose.y, 0.72 * pose.radius
    return np.maximum(down - inner, 0.8660254037844386 * across - 0.5 * down - inner)


SHAPES: dict[str, Callable[[Pose, Plane, Plane], Plane]] = {"Disc": _disc, "Triangle": _triangle}
"""Shapes by the first half of the class name."""

CLASSES: tuple[str, ...] = tuple(sorted(shape + motion for shape in SHAPES for motion in MOTIONS))


@dataclass(frozen=True)
class _Style:
    """The common style of a group's clips: two colours, and the coarseness and direction of the texture."""

    dark: NDArray[np.float64]
    light: NDArray[np.float64]
    hue: float
    rows: int
    columns: int
    fine: float


def _style(group: int) -> _Style:
    uniform = Uniform(1, group)
    hue = (0.6180339887498949 * group + 0.05) % 1.0  # the golden ratio spreads any number of groups evenly
    second = (hue + uniform.draw(-0.12, 0.12)) % 1.0
    dark = np.array(colorsys.hsv_to_rgb(hue, uniform.draw(0.45, 0.7), uniform.draw(0.16, 0.26)))
    light = np.array(colorsys.hsv_to_rgb(second, uniform.draw(0.35, 0.6), uniform.draw(0.48, 0.6)))
    coarse = int(uniform.draw(3, 6))
    return _Style(dark, light, hue, coarse, int(coarse * uniform.draw(0.7, 2.0)), uniform.draw(0.25, 0.5))


def _lattice(uniform: Uniform, rows: int, columns: int) -> NDArray[np.float64]:
    """Return [ROWS, COLUMNS] in [0, 1): random numbers on a lattice, interpolated smoothly."""
    nodes = uniform.array(rows + 2, columns + 2)
    y, x = np.arange(ROWS) * rows / ROWS, np.arange(COLUMNS) * columns / COLUMNS
    i, j = y.astype(int), x.astype(int)
    v, u = _smooth(y - i)[:, None], _smooth(x - j)[None, :]
    upper = nodes[i][:, j] * (1 - u) + nodes[i][:, j + 1] * u
    lower = nodes[i + 1][:, j] * (1 - u) + nodes[i + 1][:, j + 1] * u
    return upper * (1 - v) + lower * v


def _smooth(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return t * t * (3 - 2 * t)


def _background(style: _Style, uniform: Uniform) -> NDArray[np.float64]:
    """Return [ROWS, COLUMNS, 3] in [0, 1]."""
    coarse = _lattice(uniform, style.rows, style.columns)
    fine = _lattice(uniform, 4 * style.rows, 4 * style.columns)
    mix = ((1 - style.fine) * coarse + style.fine * fine)[:, :, None]
    return style.dark * (1 - mix) + style.light * mix


def draw_clip(label: int, group: int, clip: int) -> NDArray[np.uint8]:
    """Return one video.

    Args:
        label: class, an index into ``CLASSES``.
        group: 1, 2 ...; determines palette and texture.
        clip: 1, 2 ...; number within class and group.
    Returns:
        uint8 [24, 120, 160, 3], RGB.
    """
    style, uniform = _style(group), Uniform(2, label, group, clip)
    name = CLASSES[label]
    shape = next(s for s in SHAPES if name.startswith(s))
    background = _background(style, uniform)
    hue = (style.hue + uniform.draw(0.25, 0.75)) % 1.0  # never the background's hue
    colour = np.array(colorsys.hsv_to_rgb(hue, uniform.draw(0.55, 0.8), uniform.draw(0.92, 1.0)))
    poses = MOTIONS[name.removeprefix(shape)](uniform.draw)
    frames = np.empty((FRAMES, ROWS, COLUMNS, 3), dtype=np.uint8)
    frames[:] = np.rint(255 * background)
    for frame, pose in zip(frames, poses, strict=True):
        box = _around(pose)
        cover = np.clip(0.5 - SHAPES[shape](pose, _Y[box], _X[box]), 0, 1)[:, :, None]
        frame[box] = np.rint(255 * (background[box] * (1 - cover) + colour * cover))
    return frames


def _around(pose: Pose) -> tuple[slice, slice]:
    """Return the rows and columns that the shape may touch."""
    reach = 1.6 * pose.radius + 2  # a triangle's corners are 1.44 radii from its centre
    rows, columns = (slice(max(int(centre - reach), 0), int(centre + reach) + 1) for centre in (pose.y, pose.x))
    return rows, columns
