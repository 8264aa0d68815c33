"""The type of a right-hand side, and the tolerance within which two times count as equal."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Field = Callable[[float, Tensor], Tensor]
"""``(t, y [N, *state]) -> dy/dt [N, *state]``; t in clip units (a 0-dim tensor when a library integrates)."""

SNAP = 1e-6
"""A time closer than this to a frame or a step, in units of their spacing, is that frame or step."""
