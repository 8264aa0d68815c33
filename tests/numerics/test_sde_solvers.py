"""SDE solvers under both calculi: closed forms on one Brownian path, the limit with a full Jacobian, torchsde."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Literal, cast

import pytest
import torch
import torchsde
from torch import Tensor, nn

from vidgen_bench.errors import PluginError
from vidgen_bench.integrate import Calculus, Field, SDESolver, sde_path
from vidgen_bench.integrate.sde import interpolate, sde_march
from vidgen_bench.integrate.sde_steps import SDE_STEPS
from vidgen_bench.latent import dynamics
from vidgen_bench.noise import Noise, sampling_noise

FRAMES = 16
GRID = tuple(i / (FRAMES - 1) for i in range(FRAMES))
METHODS: list[tuple[SDESolver, Calculus]] = [
    ("euler", "ito"),
    ("euler", "stratonovich"),
    ("milstein", "ito"),
    ("milstein", "stratonovich"),
]
CALCULI: tuple[Calculus, Calculus] = ("ito", "stratonovich")

each_method = pytest.mark.parametrize(("solver", "calculus"), METHODS)
each_calculus = pytest.mark.parametrize("calculus", CALCULI)


def noise(rows: int) -> Noise:
    return sampling_noise(7, "test", torch.arange(rows))


def network(*shape: int, width: int | None = None) -> nn.Module:
    """A full network on vectors or maps in float64, its weights large enough to matter."""
    torch.manual_seed(len(shape))
    f = dynamics(shape, width).double()
    with torch.no_grad():
        for parameter in f.parameters():
            parameter.mul_(1.5)
    return f


# -------------------------------------------------------------------------------------------------------- closed forms
def _strong_error(solver: str, calculus: str, steps: int, brownian: Tensor) -> float:
    """E|X_1 - X(1)| of geometric Brownian motion, dX = 1.1 X dt + 0.8 X dW, X(0) = 1, on the very paths of the solution."""
    a, b = 1.1, 0.8
    increments = brownian.view(len(brownian), steps, -1).sum(-1)[..., None]
    grid = [k / steps for k in range(steps + 1)]
    start = torch.ones(len(brownian), 1, dtype=torch.float64)
    end = sde_march(SDE_STEPS[solver, calculus], lambda t, x: a * x, lambda t, x: b * x, start, grid, increments)
    drift = a - b**2 / 2 if calculus == "ito" else a
    return (end[:, -1, 0] - torch.exp(drift + b * brownian.sum(1))).abs().mean().item()


@pytest.mark.parametrize(
    ("solver", "calculus", "expected"),
    [(*METHODS[0], 0.5), (*METHODS[1], 1.0), (*METHODS[2], 1.0), (*METHODS[3], 1.0)],
)
def test_strong_order_of_convergence(solver: str, calculus: str, expected: float) -> None:
    """Where sigma_i depends on y_i alone, all but Euler-Maruyama have strong order 1."""
    brownian = noise(3_000).normal("brownian", 256).double() / 16
    errors = [_strong_error(solver, calculus, n, brownian) for n in (16, 64, 256)]
    orders = [math.log(x / y) / math.log(4) for x, y in pairwise(errors)]
    assert all(abs(order - expected) < 0.15 for order in orders), orders


# ---------------------------------------------------------------------------------------- the limit with a full Jacobian
FULL = torch.tensor([[0.5, -0.8, 0.3], [0.8, 0.4, 0.2], [-0.3, 0.5, 0.6]], dtype=torch.float64)
BEGIN = torch.tensor([1.0, -0.5, 0.8], dtype=torch.float64)
ROWS, DT = 20_000, 0.02


def _mean_exponent(kind: Literal["ito", "stratonovich", "vector-Jacobian"]) -> Tensor:
    """A of dE/dt = A E for dy_i = (B y)_i dW_i."""
    if kind == "ito":
        return torch.zeros_like(FULL)
    return (torch.diag(FULL.diag()) @ FULL if kind == "stratonovich" else FULL.T @ FULL) / 2


def _deviation(end: Tensor, kind: Literal["ito", "stratonovich", "vector-Jacobian"]) -> float:
    """How many standard errors the mean of the rows lies from the closed form, in the worst entry."""
    expected = torch.linalg.matrix_exp(_mean_exponent(kind)) @ BEGIN
    return ((end.mean(0) - expected).abs() / (end.std(0) / math.sqrt(len(end)))).max().item()


def _ends(solver: SDESolver, calculus: Calculus) -> Tensor:
    still, full = (lambda t, y: torch.zeros_like(y)), (lambda t, y: y @ FULL.T)
    start = BEGIN.expand(ROWS, 3)
    return sde_path(still, full, start, (1.0,), dt=DT, noise=noise(ROWS), solver=solver, calculus=calculus)[:, 0]


@each_method
def test_the_mean_is_that_of_the_calculus_with_a_full_jacobian(solver: SDESolver, calculus: Calculus) -> None:
    """Within three standard errors of its own closed form, and twenty from the other calculus's."""
    end = _ends(solver, calculus)
    other = CALCULI[1 - CALCULI.index(calculus)]
    assert _deviation(end, calculus) < 3
    assert _deviation(end, other) > 20


def test_torchsdes_milstein_has_another_limit_with_a_full_jacobian() -> None:
    """Why Milstein is native only: J^T [sigma dW^2] / 2 has the mean of B^T B / 2, not of diag(B) B / 2."""
    steps = round(1 / DT)
    increments = noise(ROWS).normal("brownian", steps, 3).double() * math.sqrt(DT)
    end = _by_torchsde(
        "milstein",
        "stratonovich",
        lambda t, y: torch.zeros_like(y),
        lambda t, y: y @ FULL.T,
        BEGIN.expand(ROWS, 3),
        increments,
        DT,
    )[:, -1]
    assert _deviation(end, "vector-Jacobian") < 3
    assert _deviation(end, "stratonovich") > 10


# ------------------------------------------------------------------------------------------------------------- torchsde
def _by_torchsde(
    method: str, calculus: str, drift: Field, diffusion: Field, state: Tensor, increments: Tensor, dt: float
) -> Tensor:
    """The path [N, K + 1, D] that torchsde itself makes of increments on the grid k dt."""

    class Equation(nn.Module):
        noise_type, sde_type = "diagonal", calculus

        def f(self, t: Tensor, y: Tensor) -> Tensor:
            return drift(float(t), y)

        def g(self, t: Tensor, y: Tensor) -> Tensor:
            return diffusion(float(t), y)

    class Brownian:
        shape, levy_area_approximation = state.shape, "none"

        def __call__(self, start: Tensor, end: Tensor) -> Tensor:
            first, last = round(float(start) / dt), round(float(end) / dt)
            assert last <= first + 1  # an empty step where the sum of dt ends a rounding error early
            return increments[:, first:last].sum(1)

    times = torch.arange(increments.shape[1] + 1, dtype=torch.float64) * dt
    path = torchsde.sdeint(Equation(), state, times, bm=cast(Any, Brownian()), method=method, dt=dt)
    return torch.as_tensor(path).transpose(0, 1)


@each_calculus
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_euler_equals_torchsde(calculus: Calculus, dtype: torch.dtype) -> None:
    """Through our backend and by torchsde called directly, on a full network sigma."""
    f, g = network(6).to(dtype), network(6, width=9).to(dtype)
    state = torch.linspace(-1, 1, 30, dtype=dtype).view(5, 6)

    def drift(t: float, y: Tensor) -> Tensor:
        return f(y) + t

    def diffusion(t: float, y: Tensor) -> Tensor:
        return g(y) * (1 + t)

    times = (*GRID, 1.31)
    with torch.no_grad():
        ours, theirs = (
            sde_path(drift, diffusion, state, times, dt=0.03, noise=noise(5), calculus=calculus, backend=backend)
            for backend in ("native", "torchsde")
        )
        increments = noise(5).normal("brownian", 44, 6) * math.sqrt(0.03)
        method = {"ito": "euler", "stratonovich": "euler_heun"}[calculus]
        path = _by_torchsde(method, calculus, drift, diffusion, state, increments.to(dtype), 0.03)
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0)
    direct = interpolate([k * 0.03 for k in range(45)], path, times)
    torch.testing.assert_close(ours, direct, atol=max(tolerance, 1e-12), rtol=0)


@each_calculus
def test_milstein_equals_torchsde_where_sigma_is_elementwise(calculus: Calculus) -> None:
    f = network(6)
    state = torch.linspace(-1, 1, 30, dtype=torch.float64).view(5, 6)

    def drift(t: float, y: Tensor) -> Tensor:
        return f(y)

    def diffusion(t: float, y: Tensor) -> Tensor:
        return torch.sin(2 * y) * (1 + t)

    increments = noise(5).normal("brownian", 40, 6).double() * math.sqrt(0.025)
    grid = [k * 0.025 for k in range(41)]
    with torch.no_grad():
        ours = sde_march(SDE_STEPS["milstein", calculus], drift, diffusion, state, grid, increments)
        theirs = _by_torchsde("milstein", calculus, drift, diffusion, state, increments, 0.025)
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


def test_milstein_is_refused_on_torchsde() -> None:
    def minus(t: float, y: Tensor) -> Tensor:
        return -y

    with pytest.raises(PluginError, match="native only"):
        sde_path(minus, minus, torch.ones(1, 2), (1.0,), dt=0.1, noise=noise(1), solver="milstein", backend="torchsde")
