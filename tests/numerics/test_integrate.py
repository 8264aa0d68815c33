"""The integrator: closed forms, orders of convergence, torchdiffeq and torchsde as oracles, one path for all."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vidgen_bench.errors import PluginError, VidgenBenchError
from vidgen_bench.integrate import ODEBackend, Solver, ode_path, sde_path
from vidgen_bench.integrate.sde import interpolate, sde_march
from vidgen_bench.integrate.sde_steps import euler_maruyama_step
from vidgen_bench.noise import GivenNoise, Noise, key_of, sampling_noise

FRAMES = 16
GRID = tuple(i / (FRAMES - 1) for i in range(FRAMES))
WEIGHT = torch.randn(6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) / 2
START = torch.randn(5, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

BACKENDS: tuple[ODEBackend, ODEBackend] = ("native", "torchdiffeq")

each_fixed = pytest.mark.parametrize("solver", ["rk4", "rk4-classic", "euler"])


def linear(t: float, y: Tensor) -> Tensor:
    return y @ WEIGHT.to(y.dtype).T


def curved(t: float, y: Tensor) -> Tensor:
    return torch.tanh(y @ WEIGHT.to(y.dtype).T + 0.3)


def noise(rows: int = 5) -> Noise:
    return sampling_noise(7, "test", torch.arange(rows))


# ------------------------------------------------------------------------------------------------------------------ ODE
def test_linear_equation_meets_the_matrix_exponential() -> None:
    times = (0.0, 0.4, 1.0, 1.7, -0.6)
    path = ode_path(linear, START, times, FRAMES)
    for i, t in enumerate(times):
        torch.testing.assert_close(
            path[:, i], START @ torch.linalg.matrix_exp(WEIGHT * t).T, atol=5e-6, rtol=0
        )  # h = 1/15


def test_explicit_time_is_the_clip_unit() -> None:
    path = ode_path(lambda t, y: torch.full_like(y, 3 * t**2), torch.zeros(1, 1, dtype=torch.float64), GRID, FRAMES)
    torch.testing.assert_close(path[0, :, 0], torch.tensor(GRID, dtype=torch.float64) ** 3, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("solver", "expected"), [("euler", 1), ("rk4", 4), ("rk4-classic", 4)])
def test_observed_order_of_convergence(solver: Solver, expected: int) -> None:
    """y' = -2 t y^2, nonlinear and not autonomous: y(t) = 1 / (1 / y(0) + t^2)."""
    start = torch.tensor([[0.5], [1.0], [1.5]], dtype=torch.float64)
    exact = 1 / (1 / start + 1)
    errors = [
        (ode_path(lambda t, y: -2 * t * y**2, start, (1.0,), n + 1, solver=solver)[:, 0] - exact).abs().max().item()
        for n in (32, 64, 128)
    ]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert all(abs(order - expected) < 0.2 for order in orders), orders


@pytest.mark.parametrize(("solver", "one_step"), [("rk4", 11 / 54), ("rk4-classic", 5 / 24), ("euler", 0.0)])
def test_each_solver_is_its_own_quadrature_rule(solver: Solver, one_step: float) -> None:
    """The integral of t^4 over [0, 1] in one step: Simpson's 3/8 rule, Simpson's rule, the left rectangle."""
    path = ode_path(lambda t, y: torch.full_like(y, t**4), torch.zeros(1, 1).double(), (1.0,), 2, solver=solver)
    assert path.item() == pytest.approx(one_step, abs=1e-15)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("solver", ["rk4", "euler"])
def test_native_equals_torchdiffeq(solver: Solver, dtype: torch.dtype) -> None:
    times = (*GRID, 1.2, 0.51, -0.3)
    state = START.to(dtype)
    ours, theirs = (ode_path(curved, state, times, FRAMES, solver=solver, backend=b) for b in BACKENDS)
    torch.testing.assert_close(ours, theirs, atol=20 * torch.finfo(dtype).eps, rtol=0)


def test_torchdiffeq_has_no_classic_rk4() -> None:
    with pytest.raises(PluginError, match="does not have the solver 'rk4-classic'"):
        ode_path(linear, START, GRID, FRAMES, solver="rk4-classic", backend="torchdiffeq")


@pytest.mark.parametrize("solver", ["rk4", "euler"])
def test_gradients_equal_torchdiffeq(solver: Solver) -> None:
    def gradient(backend: ODEBackend) -> Tensor:
        weight = WEIGHT.clone().requires_grad_()
        path = ode_path(lambda t, y: torch.tanh(y @ weight.T), START, GRID, FRAMES, solver=solver, backend=backend)
        return torch.autograd.grad(path.square().sum(), weight)[0]

    torch.testing.assert_close(gradient("native"), gradient("torchdiffeq"), atol=1e-11, rtol=0)


@each_fixed
def test_the_frame_at_zero_is_the_state_itself(solver: Solver) -> None:
    assert torch.equal(ode_path(curved, START, (0.0,), FRAMES, solver=solver)[:, 0], START)


@each_fixed
@pytest.mark.parametrize(
    "times",
    [
        tuple(i / 60 for i in range(61)),
        tuple(i / 15 for i in range(40)),
        tuple(i / 15 for i in range(-15, 16)),
        (1.0, 0.0, 7 / 15),
    ],
    ids=["four times denser", "longer", "rewound", "out of order"],
)
def test_shared_instants_agree_exactly(times: tuple[float, ...], solver: Solver) -> None:
    ordinary = ode_path(curved, START, GRID, FRAMES, solver=solver)
    other = ode_path(curved, START, times, FRAMES, solver=solver)
    shared = [(i, j) for i, t in enumerate(GRID) for j, u in enumerate(times) if abs(t - u) < 1e-9]
    assert len(shared) >= 3
    assert all(torch.equal(ordinary[:, i], other[:, j]) for i, j in shared)


@pytest.mark.parametrize(
    ("solver", "small", "ratio"), [("rk4", 1e-7, 12), ("rk4-classic", 1e-7, 12), ("euler", 0.1, 1.8)]
)
def test_forward_then_back_returns_within_the_order_of_the_solver(solver: Solver, small: float, ratio: float) -> None:
    def gap(frames: int) -> float:
        there = ode_path(curved, START, (1.0,), frames, solver=solver)[:, 0]
        back = ode_path(curved, there, (-1.0,), frames, solver=solver)[:, 0]
        return (back - START).abs().max().item()

    assert gap(16) < small
    assert gap(9) / gap(17) > ratio  # at least the fourth order, the first


def test_a_sample_alone_is_the_sample_in_a_batch() -> None:
    batch = ode_path(curved, START.float(), GRID, FRAMES)
    alone = ode_path(curved, START[3:4].float(), GRID, FRAMES)
    torch.testing.assert_close(batch[3:4], alone, atol=5e-7, rtol=0)


def test_dopri5_meets_the_matrix_exponential_on_both_sides_of_zero() -> None:
    times = (0.5, 0.0, 1.3, -0.4, 0.5)
    path = ode_path(linear, START, times, FRAMES, solver="dopri5", backend="torchdiffeq", rtol=1e-9, atol=1e-9)
    for i, t in enumerate(times):
        torch.testing.assert_close(path[:, i], START @ torch.linalg.matrix_exp(WEIGHT * t).T, atol=1e-7, rtol=0)


def test_dopri5_is_refused_on_the_native_backend() -> None:
    with pytest.raises(PluginError, match="torchdiffeq only"):
        ode_path(linear, START, GRID, FRAMES, solver="dopri5")


@pytest.mark.parametrize(
    ("rate", "start", "tolerance"),
    [(1.0, math.nan, 1e-6), (1.0, math.inf, 1e-6), (math.nan, 1.0, 1e-6), (1.0, 1.0, 0.0)],
    ids=["state nan", "state inf", "derivative nan", "no tolerance"],
)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_dopri5_without_a_step_is_a_numerical_failure(rate: float, start: float, tolerance: float, side: float) -> None:
    """A RuntimeError, which the trainer counts as divergence where weights are not finite; torchdiffeq only asserts."""
    state = torch.tensor([[1.0, start]])
    with pytest.raises(RuntimeError, match=r"dopri5 found no step \(underflow in dt.*use the solver rk4") as caught:
        ode_path(
            lambda t, y: rate * y,
            state,
            (0.0, side),
            FRAMES,
            solver="dopri5",
            backend="torchdiffeq",
            rtol=tolerance,
            atol=tolerance,
        )
    assert isinstance(caught.value, VidgenBenchError)  # shown as one sentence where the weights are finite


def test_a_map_state_keeps_its_shape() -> None:
    path = ode_path(lambda t, y: -y, torch.ones(2, 3, 4, 4), GRID, FRAMES)
    assert path.shape == (2, FRAMES, 3, 4, 4)
    torch.testing.assert_close(path[:, -1], torch.full((2, 3, 4, 4), math.exp(-1)), atol=1e-6, rtol=0)


@pytest.mark.slow
def test_the_solve_compiles_whole() -> None:
    """No graph break and no host synchronisation: dynamo takes the whole path as one graph."""
    compiled = torch.compile(lambda y: ode_path(curved, y, (*GRID, 1.1, 0.02), FRAMES), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(START), ode_path(curved, START, (*GRID, 1.1, 0.02), FRAMES))


# ------------------------------------------------------------------------------------------------------------------ SDE
def test_without_diffusion_it_is_the_euler_method() -> None:
    path = sde_path(linear, lambda t, y: torch.zeros_like(y), START, (0.5, 1.0), dt=0.025, noise=noise())
    euler = torch.eye(6, dtype=torch.float64) + 0.025 * WEIGHT
    torch.testing.assert_close(path[:, 0], START @ torch.linalg.matrix_power(euler, 20).T, atol=1e-12, rtol=0)
    torch.testing.assert_close(path[:, 1], START @ torch.linalg.matrix_power(euler, 40).T, atol=1e-12, rtol=0)


def _black_scholes_error(steps: int, brownian: Tensor) -> tuple[float, float]:
    """Strong error E|X_1 - X(1)| and weak error |E X_1 - E X(1)| of dX = 1.5 X dt + X dW, X(0) = 1."""
    a, b = 1.5, 1.0
    fine = brownian.shape[1]
    increments = brownian.view(len(brownian), steps, fine // steps).sum(-1)[..., None]
    grid = [k / steps for k in range(steps + 1)]
    start = torch.ones(len(brownian), 1, dtype=torch.float64)
    end = sde_march(euler_maruyama_step, lambda t, x: a * x, lambda t, x: b * x, start, grid, increments)[:, -1, 0]
    exact = torch.exp(a - b**2 / 2 + b * brownian.sum(1))
    return (end - exact).abs().mean().item(), abs(end.mean().item() - math.exp(a))


def test_geometric_brownian_motion_converges_with_strong_order_one_half() -> None:
    fine = 512
    draws = torch.randn(20_000, fine, generator=torch.Generator().manual_seed(3), dtype=torch.float64) / math.sqrt(fine)
    steps = (8, 32, 128)
    strong = [_black_scholes_error(n, draws)[0] for n in steps]
    orders = [math.log(x / y) / math.log(4) for x, y in pairwise(strong)]
    assert all(0.4 < order < 0.7 for order in orders), orders
    assert _black_scholes_error(128, draws)[1] < 0.1


def test_additive_noise_is_the_sum_of_the_increments() -> None:
    draws = noise().normal("brownian", 40, 6).double()
    path = sde_path(lambda t, y: 0 * y, lambda t, y: torch.ones_like(y), START, (1.0,), dt=0.025, noise=noise())
    torch.testing.assert_close(path[:, 0], START + draws.sum(1) * math.sqrt(0.025), atol=1e-6, rtol=0)


@pytest.mark.parametrize("dt", [0.025, 0.05, 0.03])
def test_native_equals_torchsde_on_the_same_increments(dt: float) -> None:
    times = (*GRID, 1.31)
    state = START.float()
    ours, theirs = (
        sde_path(curved, linear, state, times, dt=dt, noise=noise(), backend=b) for b in ("native", "torchsde")
    )
    torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=0)


def test_torchsde_takes_a_map_state() -> None:
    state = torch.ones(2, 3, 4, 4)
    paths = [
        sde_path(lambda t, y: -y, lambda t, y: y / 2, state, GRID, dt=0.025, noise=noise(2), backend=b)
        for b in ("native", "torchsde")
    ]
    assert paths[0].shape == (2, FRAMES, 3, 4, 4)
    torch.testing.assert_close(*paths, atol=2e-6, rtol=0)


@pytest.mark.parametrize(
    "times", [tuple(i / 60 for i in range(61)), tuple(i / 15 for i in range(40))], ids=["denser", "longer"]
)
def test_a_denser_or_longer_stochastic_clip_keeps_its_frames(times: tuple[float, ...]) -> None:
    ordinary = sde_path(curved, linear, START, GRID, dt=0.025, noise=noise())
    other = sde_path(curved, linear, START, times, dt=0.025, noise=noise())
    shared = [(i, j) for i, t in enumerate(GRID) for j, u in enumerate(times) if abs(t - u) < 1e-9]
    assert len(shared) == FRAMES
    for i, j in shared:
        torch.testing.assert_close(ordinary[:, i], other[:, j], atol=1e-12, rtol=0)


def test_a_stochastic_sample_alone_is_the_sample_in_a_batch() -> None:
    batch = sde_path(curved, linear, START.float(), GRID, dt=0.025, noise=noise())
    one = Noise(torch.tensor(key_of(7, "test")), torch.tensor([3]))
    alone = sde_path(curved, linear, START[3:4].float(), GRID, dt=0.025, noise=one)
    torch.testing.assert_close(batch[3:4], alone, atol=5e-7, rtol=0)


def test_a_stochastic_path_starts_at_zero() -> None:
    assert torch.equal(sde_path(curved, linear, START, (0.0,), dt=0.025, noise=GivenNoise({}))[:, 0], START)
    with pytest.raises(PluginError, match="starts at 0"):
        sde_path(curved, linear, START, (-0.1, 0.5), dt=0.025, noise=noise())


# -------------------------------------------------------------------------------------------------------- interpolation
def test_interpolation_is_linear_and_exact_at_the_grid() -> None:
    grid = [0.0, 0.5, 2.0]
    path = torch.tensor([[[1.0], [3.0], [0.0]]])
    at = interpolate(grid, path, (0.0, 0.25, 0.5, 1.0, 2.0, 2.0 + 1e-12))
    torch.testing.assert_close(at, torch.tensor([[[1.0], [2.0], [3.0], [2.0], [0.0], [0.0]]]))
    assert torch.equal(at[:, 2], path[:, 1])


def test_a_stiff_equation_ends_with_the_solver_and_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    from vidgen_bench.integrate import libraries
    from vidgen_bench.integrate.libraries import StepError

    monkeypatch.setattr(libraries, "MOST_CALLS", 500)

    def stiff(t, y):
        return -1e4 * (y - torch.sin(torch.as_tensor(50.0 * t)))

    times = tuple(i / 15 for i in range(16))
    with pytest.raises(
        StepError,
        match=r"dopri5 needs more than 500 evaluations .* stiff. Raise rtol and atol, or use the solver rk4",
    ):
        ode_path(stiff, torch.ones(2, 8), times, 16, solver="dopri5", backend="torchdiffeq")
