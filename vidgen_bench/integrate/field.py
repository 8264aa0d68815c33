"""What is integrated, and how near two instants must be to count as one."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Field = Callable[[float, Tensor], Tensor]
"""``(t, y [N, *state]) -> dy/dt [N, *state]``; t in clip units (a 0-dim tensor when a library integrates)."""

SNAP = 1e-6
"""An instant this near to a frame or a step, in units of their spacing, is that frame or step."""
