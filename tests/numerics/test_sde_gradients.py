"""SDE solvers inside training and sampling: gradients, maps, one path for all, the harness's watcher, compiling."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from vidgen_bench.integrate import Calculus, SDESolver, sde_path
from vidgen_bench.latent import dynamics
from vidgen_bench.noise import Noise, key_of, sampling_noise
from vidgen_bench.training.watch import Watch

GRID = tuple(i / 15 for i in range(16))

each_calculus = pytest.mark.parametrize("calculus", ["ito", "stratonovich"])


def each_method(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("solver", ["euler", "milstein"])(each_calculus(test))


def network(*shape: int, width: int | None = None) -> nn.Module:
    """A full network on vectors or maps in float64, its weights large enough to matter."""
    torch.manual_seed(len(shape))
    f = dynamics(shape, width).double()
    with torch.no_grad():
        for parameter in f.parameters():
            parameter.mul_(1.5)
    return f


def _end_of(f: nn.Module, g: nn.Module, state: Tensor, solver: SDESolver, calculus: Calculus) -> Tensor:
    return sde_path(
        lambda t, y: f(y),
        lambda t, y: g(y),
        state,
        (0.31, 1.0),
        dt=0.2,
        noise=sampling_noise(7, "test", torch.arange(len(state))),
        solver=solver,
        calculus=calculus,
    )


@each_method
@pytest.mark.parametrize(("shape", "width"), [((3,), None), ((3,), 4), ((2, 2, 2), 2)], ids=["single", "hidden", "map"])
def test_gradients_equal_finite_differences(
    solver: SDESolver, calculus: Calculus, shape: tuple[int, ...], width: int | None
) -> None:
    """With respect to sigma's parameters and the initial state, through the Jacobian-vector products."""
    f, g = network(*shape, width=width), network(*shape, width=width)
    state = torch.linspace(-1, 1, 2 * math.prod(shape), dtype=torch.float64).view(2, *shape).requires_grad_()
    parameters = tuple(g.parameters())

    def end(*inputs: Tensor) -> Tensor:
        named = dict(zip((n for n, _ in g.named_parameters()), inputs[1:], strict=True))
        return sde_path(
            lambda t, y: f(y),
            lambda t, y: torch.func.functional_call(g, named, (y,)),
            inputs[0],
            (0.31, 1.0),
            dt=0.35,
            noise=sampling_noise(7, "test", torch.arange(2)),
            solver=solver,
            calculus=calculus,
        )

    assert torch.autograd.gradcheck(end, (state, *parameters), atol=1e-7, rtol=1e-4)


@each_method
def test_maps_run_with_and_without_gradients_alike(solver: SDESolver, calculus: Calculus) -> None:
    f, g = network(3, 4, 4), network(3, 4, 4, width=5)
    state = torch.linspace(-1, 1, 2 * 48, dtype=torch.float64).view(2, 3, 4, 4)
    path = _end_of(f, g, state, solver, calculus)
    assert path.shape == (2, 2, 3, 4, 4)
    with torch.no_grad():
        quiet = _end_of(f, g, state, solver, calculus)
    assert path.requires_grad
    assert not quiet.requires_grad
    assert torch.equal(path, quiet)


@pytest.mark.parametrize(("shape", "width"), [((6,), None), ((3, 4, 4), 5)], ids=["vector", "map"])
@each_calculus
def test_milstein_neither_synchronises_nor_draws(calculus: Calculus, shape: tuple[int, ...], width: int | None) -> None:
    """Seen by the harness's own watcher, forward and backward."""
    f, g = network(*shape, width=width).float(), network(*shape, width=width).float()
    before = torch.get_rng_state()
    with Watch() as watch:
        end = _end_of(f, g, torch.ones(2, *shape), "milstein", calculus)
        gradients = torch.autograd.grad(end.square().sum(), [*f.parameters(), *g.parameters()])
    assert watch.flops > 0
    assert (watch.synchronising, watch.global_random) == (set(), set())
    assert torch.equal(before, torch.get_rng_state())
    assert all(gradient.abs().max() > 0 for gradient in gradients)


@each_method
def test_each_method_keeps_one_path_for_all(solver: SDESolver, calculus: Calculus) -> None:
    """More frames, a longer clip, or another batch do not change the frames that are shared."""
    f, g = network(6), network(6, width=4)
    state = torch.linspace(-1, 1, 30, dtype=torch.float64).view(5, 6)

    def path(rows: Tensor, times: tuple[float, ...]) -> Tensor:
        keyed = Noise(torch.tensor(key_of(7, "test")), rows)
        with torch.no_grad():
            return sde_path(
                lambda t, y: f(y),
                lambda t, y: g(y),
                state[rows],
                times,
                dt=0.025,
                noise=keyed,
                solver=solver,
                calculus=calculus,
            )

    everyone = torch.arange(5)
    ordinary = path(everyone, GRID)
    denser = path(everyone, tuple(i / 60 for i in range(61)))
    longer = path(everyone, tuple(i / 15 for i in range(40)))
    torch.testing.assert_close(denser[:, ::4], ordinary, atol=1e-12, rtol=0)
    torch.testing.assert_close(longer[:, :16], ordinary, atol=1e-12, rtol=0)
    torch.testing.assert_close(path(torch.tensor([3]), GRID)[0], ordinary[3], atol=1e-12, rtol=0)


@pytest.mark.slow
@each_calculus
def test_milstein_compiles_whole(calculus: Calculus) -> None:
    """No graph break: dynamo takes the path with its Jacobian-vector products as one graph."""
    f, g = network(6), network(6, width=4)
    state = torch.ones(2, 6, dtype=torch.float64)
    whole: Callable[[Tensor], Tensor] = torch.compile(
        lambda y: _end_of(f, g, y, "milstein", calculus), fullgraph=True, backend="eager"
    )
    torch.testing.assert_close(whole(state), _end_of(f, g, state, "milstein", calculus))
