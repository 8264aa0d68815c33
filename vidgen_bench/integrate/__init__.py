"""Integration of ordinary and stochastic differential equations, anchored to the training grid.

A path does not depend on which of its instants are asked for. An ODE marches on ``k / (frames - 1)`` whatever is asked;
an instant between two frames is one side step from the one on the side of 0. An SDE marches on its own grid ``k dt``,
with increments keyed by step, and is interpolated linearly. Times are Python floats, so that the number of steps is
known without asking the device.
"""

from __future__ import annotations

from vidgen_bench.integrate.field import SNAP, Field
from vidgen_bench.integrate.ode import ADAPTIVE, ODEBackend, Solver, ode_path
from vidgen_bench.integrate.ode_steps import ODE_STEPS, ODEStep, euler_step, rk4_classic_step, rk4_step
from vidgen_bench.integrate.sde import Calculus, NormalNoise, SDEBackend, SDESolver, interpolate, sde_march, sde_path
from vidgen_bench.integrate.sde_steps import (
    SDE_STEPS,
    SDEStep,
    euler_heun_step,
    euler_maruyama_step,
    milstein_ito_step,
    milstein_stratonovich_step,
)

__all__ = [
    "ADAPTIVE",
    "ODE_STEPS",
    "SDE_STEPS",
    "SNAP",
    "Calculus",
    "Field",
    "NormalNoise",
    "ODEBackend",
    "ODEStep",
    "SDEBackend",
    "SDESolver",
    "SDEStep",
    "Solver",
    "euler_heun_step",
    "euler_maruyama_step",
    "euler_step",
    "interpolate",
    "milstein_ito_step",
    "milstein_stratonovich_step",
    "ode_path",
    "rk4_classic_step",
    "rk4_step",
    "sde_march",
    "sde_path",
]
