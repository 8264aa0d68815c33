"""Integration of ordinary and stochastic differential equations on a fixed grid of times.

The path does not depend on the requested times. An ODE always steps along ``k / (frames - 1)``; a time between two
frames takes one extra step from its neighbour on the side of 0. An SDE steps along its own grid ``k dt``, with increments
keyed by step, and is interpolated linearly. Times are Python floats: the number of steps is known without a device
synchronisation.
"""

from __future__ import annotations

from vidgen_bench.integrate.field import Field
from vidgen_bench.integrate.ode import ADAPTIVE, ODEBackend, Solver, ode_path
from vidgen_bench.integrate.sde import Calculus, SDEBackend, SDESolver, sde_path

__all__ = ["ADAPTIVE", "Calculus", "Field", "ODEBackend", "SDEBackend", "SDESolver", "Solver", "ode_path", "sde_path"]
