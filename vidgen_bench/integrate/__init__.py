"""Integration of ordinary and stochastic differential equations, anchored to the training grid.

A path does not depend on which of its instants are asked for. An ODE marches on ``k / (frames - 1)`` whatever is asked;
an instant between two frames is one side step from the one on the side of 0. An SDE marches on its own grid ``k dt``,
with increments keyed by step, and is interpolated linearly. Times are Python floats, so that the number of steps is
known without asking the device.
"""

from __future__ import annotations

from vidgen_bench.integrate.field import Field
from vidgen_bench.integrate.ode import ADAPTIVE, ODEBackend, Solver, ode_path
from vidgen_bench.integrate.sde import Calculus, SDEBackend, SDESolver, sde_path

__all__ = ["ADAPTIVE", "Calculus", "Field", "ODEBackend", "SDEBackend", "SDESolver", "Solver", "ode_path", "sde_path"]
