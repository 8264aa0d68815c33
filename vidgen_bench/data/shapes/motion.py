"""Position and size of the shape in every frame: four motions that cannot be distinguished from a single frame.

Lengths are pixels of the 160 x 120 frame. The shape stays in columns 22 to 138, inside the usual 64 x 64 crop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Draw = Callable[[float, float], float]
"""``draw(low, high)`` returns one uniform number."""

FRAMES = 24


@dataclass(frozen=True)
class Pose:
    """Centre (x right, y down) and radius of the shape in one frame."""

    x: float
    y: float
    radius: float


def _there_and_back(phase: float) -> float:
    """Return the triangle wave of period 1 in [0, 1]."""
    return 1 - abs(2 * (phase % 1.0) - 1)


def slide(draw: Draw) -> list[Pose]:
    """Return poses that move back and forth along a row at constant speed."""
    radius, y, phase, period = draw(15, 19), draw(38, 82), draw(0, 1), draw(22, 30)
    return [Pose(42 + 76 * _there_and_back(phase + t / period), y, radius) for t in range(FRAMES)]


def bounce(draw: Draw) -> list[Pose]:
    """Return poses that bounce up and down a column like a ball, in parabolas from the floor."""
    radius, x, phase, period, height = draw(15, 19), draw(50, 110), draw(0, 1), draw(10, 13), draw(54, 62)
    passed = [(phase + t / period) % 1.0 for t in range(FRAMES)]
    return [Pose(x, 94 - height * 4 * p * (1 - p), radius) for p in passed]


def orbit(draw: Draw) -> list[Pose]:
    """Return poses that go round a circle in either direction."""
    radius, x, y, distance = draw(15, 19), draw(74, 86), draw(56, 64), draw(26, 32)
    phase, period, way = draw(0, 1), draw(14, 19), 1 if draw(0, 1) < 0.5 else -1
    angles = [2 * math.pi * (phase + way * t / period) for t in range(FRAMES)]
    return [Pose(x + distance * math.cos(a), y + distance * math.sin(a), radius) for a in angles]


def pulse(draw: Draw) -> list[Pose]:
    """Return poses that grow and shrink at a fixed position."""
    x, y, phase, period = draw(55, 105), draw(42, 78), draw(0, 1), draw(10, 14)
    waves = [math.sin(2 * math.pi * (phase + t / period)) for t in range(FRAMES)]
    return [Pose(x, y, 17 + 8 * wave) for wave in waves]


MOTIONS: dict[str, Callable[[Draw], list[Pose]]] = {"Slide": slide, "Bounce": bounce, "Orbit": orbit, "Pulse": pulse}
"""Motions by the second half of the class name."""
