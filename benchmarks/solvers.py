"""The time of each solver relative to the default, forward and backward, on TGAN at the paper's size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks.tables import Table
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, alternate, ratios
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.noise import key_of, training_noise

BATCH = 32


def step(spec: str, given: dict[str, str]) -> Callable[[], object]:
    """Return a function that runs the temporal generator forward and backward."""
    composition = compose(spec, load_track("ucf101-64-paper"), given, Host.of_environment())
    module = composition.build_temporal(0)
    assert module is not None
    parameters = tuple(module.parameters())
    noise = training_noise(torch.tensor(key_of(0)), BATCH)
    z: Tensor = 2 * noise.uniform("z", 100) - 1
    return lambda: torch.autograd.grad(module(z, composition.clip.grid, noise).square().sum(), parameters)


def tables(quick: bool) -> Iterator[Table]:
    """Yield the table of the ODE solvers, and that of the SDE solvers."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    ode = {s: step("tgan+ode1", {"temporal.solver": s}) for s in ("rk4", "rk4-classic", "euler", "dopri5")}
    yield ratios(f"tgan+ode1, {BATCH} clips", alternate(ode, rounds), "rk4")
    sde = {
        f"{solver}, {calculus}": step("tgan+sde", {"temporal.solver": solver, "temporal.calculus": calculus})
        for calculus in ("ito", "stratonovich")
        for solver in ("euler", "milstein")
    }
    yield ratios(f"tgan+sde, {BATCH} clips", alternate(sde, rounds), "euler, ito")
