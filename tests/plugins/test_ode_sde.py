"""The latent ODE and SDE as plugins: the physics form, solvers and calculi, refusals, and how their parts are initialised."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vidgen_bench.api import Backbone, Batch, LatentSpec, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.host.options import listed
from vidgen_bench.latent import count, on_meta
from vidgen_bench.noise import GivenNoise, key_of, sampling_noise, training_noise
from vidgen_bench.training.step import take_turn
from vidgen_bench.training.watch import Watch

HOST = Host.of_environment()
NO_NOISE = GivenNoise({})
GRID = tuple(i / 15 for i in range(16))
VECTOR = LatentSpec((3,), 16, 3, 3, "normal")
MAP = LatentSpec((2, 3, 3), 16, 5, 5, "normal")

SDE_METHODS = [
    {"solver": solver, "calculus": calculus} for solver in ("euler", "milstein") for calculus in ("ito", "stratonovich")
]


def temporal(name: str) -> Temporal:
    return HOST.find("temporal", name).declaration


def build(name: str, spec: LatentSpec, **chosen: Any) -> nn.Module:
    declaration = temporal(name)
    options = declaration.options(**{**declaration.sets, **chosen})
    assert declaration.refuses(spec, options) is None
    torch.manual_seed(0)
    return declaration.build(spec, options)


def refusal(name: str, **chosen: Any) -> str:
    declaration = temporal(name)
    return declaration.refuses(VECTOR, declaration.options(**{**declaration.sets, **chosen})) or ""


# ------------------------------------------------------------------------------------------------------ the physics form
def linear_physics(
    spec: LatentSpec, name: str, weights: list[float], start: list[float], frames: int = 16
) -> nn.Module:
    """z^(n) = weights . (z, z', ...) in every entry, begun at start = (z, z', ...), by hand-set weights of the plugin's f."""
    spec = LatentSpec(spec.shape, frames, spec.source, spec.noise, spec.prior)
    module = build(name, spec, form="physics").double()
    module.f[1] = nn.Identity()
    size = spec.shape[0]
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for k, weight in enumerate(weights):
            block = module.f[0].weight[:, k * size : (k + 1) * size]
            (block[:, :, 1, 1] if block.ndim == 4 else block).copy_(weight * torch.eye(size))
        for affine, value in zip(module.initial, reversed(start), strict=True):
            affine.map.bias.fill_(value)
    return module


def solved(module: nn.Module, spec: LatentSpec, times: tuple[float, ...] = GRID) -> Tensor:
    with torch.no_grad():
        return module(torch.ones(2, spec.source).double(), times, NO_NOISE)


@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
@pytest.mark.parametrize(
    ("name", "weights", "start", "exact"),
    [
        ("ode2", [-1, 0], [1, 0], math.cos),
        ("ode2", [-1, 0], [0, 1], math.sin),
        ("ode2", [0, -1], [0, 1], lambda t: 1 - math.exp(-t)),
        ("ode3", [1, 0, 0], [1, 1, 1], math.exp),
        ("ode3", [0, -1, 0], [0, 1, 0], math.sin),
        ("ode3", [0, 0, 1], [1, 1, 1], math.exp),
    ],
)
def test_physics_form_sees_every_component(
    spec: LatentSpec, name: str, weights: list[float], start: list[float], exact: Any
) -> None:
    """Closed forms that each need another component: z'' = -z is the harmonic oscillator."""
    path = solved(linear_physics(spec, name, weights, start), spec)
    expected = torch.tensor([exact(t) for t in GRID], dtype=torch.float64)
    expected = expected.view(1, 16, *(1 for _ in spec.shape)).expand(2, 16, *spec.shape)
    torch.testing.assert_close(path, expected, atol=2e-6, rtol=0)


def test_the_oscillator_converges_with_the_order_of_the_solver() -> None:
    def error(frames: int) -> float:
        path = solved(linear_physics(VECTOR, "ode2", [-1, 0], [1, 0], frames), VECTOR, (1.0,))
        return (path - math.cos(1)).abs().max().item()

    orders = [math.log2(a / b) for a, b in pairwise(error(n + 1) for n in (4, 8, 16))]
    assert all(abs(order - 4) < 0.2 for order in orders), orders


@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
@pytest.mark.parametrize("name", ["ode2", "ode3"])
def test_only_in_the_physics_form_does_the_position_act_on_the_motion(name: str, spec: LatentSpec) -> None:
    def motion(module: nn.Module, position: float) -> Tensor:
        with torch.no_grad():
            module.initial[-1].map.bias.fill_(position)
            path = module(torch.linspace(-1, 1, spec.source).expand(2, -1).double(), GRID, NO_NOISE)
        return path - path[:, :1]

    for form, acts in (("code", False), ("physics", True)):
        module = build(name, spec, form=form).double()
        gap = (motion(module, 0.0) - motion(module, 3.0)).abs().max().item()
        assert (gap > 1e-2) if acts else (gap < 1e-12)


def test_physics_is_a_variant_from_the_second_order_on() -> None:
    for name, known in (("ode1", False), ("ode2", True), ("ode3", True)):
        variants = temporal(name).variants
        assert {"single", "two-layer", "equal"} <= set(variants)
        assert variants.get("physics") == ({"form": "physics"} if known else None)
    assert "the same equation" in refusal("ode1", form="physics")


def test_physics_combines_with_every_width() -> None:
    spec = LatentSpec((16,), 16, 16, 16, "normal", embedding=(64,), parameters=5_000)
    widths = {"none": 32 * 16 + 16, "state": 32 * 16 + 16 + 16 * 16 + 16, 5: 32 * 5 + 5 + 5 * 16 + 16}
    for hidden, of_f in widths.items():
        module = build("ode2", spec, form="physics", hidden=hidden, embedding=False)
        assert count(module) == of_f + 2 * (16 * 16 + 16)
    declaration = temporal("ode2")
    options = declaration.options(order=2, form="physics", hidden="equal", embedding=False)
    # 544 in two affine layers, 49 a hidden unit, 16 biases
    assert count(on_meta(lambda: declaration.build(spec, options))) == 544 + 91 * 49 + 16


# ------------------------------------------------------------------------------------------------- solvers and refusals
@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
@pytest.mark.parametrize("name", ["ode1", "ode2", "ode3"])
def test_ode_solvers_agree_within_their_orders(name: str, spec: LatentSpec) -> None:
    z = torch.linspace(-1, 1, 2 * spec.source).view(2, -1)
    paths = {}
    for solver, backend in (
        ("rk4", "auto"),
        ("rk4", "torchdiffeq"),
        ("rk4-classic", "auto"),
        ("euler", "native"),
        ("euler", "torchdiffeq"),
        ("dopri5", "auto"),
    ):
        with torch.no_grad():
            paths[solver, backend] = build(name, spec, solver=solver, backend=backend)(z, GRID, NO_NOISE)
    reference = paths["rk4", "auto"]
    torch.testing.assert_close(paths["rk4", "torchdiffeq"], reference, atol=2e-6, rtol=0)
    torch.testing.assert_close(paths["rk4-classic", "auto"], reference, atol=2e-5, rtol=0)
    torch.testing.assert_close(paths["dopri5", "auto"], reference, atol=1e-3, rtol=0)  # LeakyReLU's kink
    torch.testing.assert_close(paths["euler", "native"], paths["euler", "torchdiffeq"], atol=2e-6, rtol=0)
    assert 1e-4 < (paths["euler", "native"] - reference).abs().max() < 0.2


def test_what_a_backend_lacks_is_refused_with_the_fix() -> None:
    assert "backend=auto" in refusal("ode1", solver="rk4-classic", backend="torchdiffeq")
    assert "backend=auto" in refusal("ode1", solver="dopri5", backend="native")
    assert "backend=native" in refusal("sde", solver="milstein", backend="torchsde")
    for solver in ("rk4", "euler", "dopri5"):
        assert refusal("ode2", solver=solver, backend="torchdiffeq") == ""
    for calculus in ("ito", "stratonovich"):
        assert refusal("sde", calculus=calculus, backend="torchsde") == ""


def test_dopri5_needs_a_tolerance() -> None:
    assert "set one of them above 0" in refusal("ode2", solver="dopri5", rtol=0.0, atol=0.0)
    for chosen in ({"rtol": 0.0}, {"atol": 0.0}):
        assert refusal("ode1", solver="dopri5", **chosen) == ""
        assert build("ode1", VECTOR, solver="dopri5", **chosen)(torch.ones(2, 3), GRID, NO_NOISE).isfinite().all()
    assert refusal("ode1", solver="rk4", rtol=0.0, atol=0.0) == ""


@pytest.mark.parametrize("part", ["f", "initial"])
def test_dopri5_on_weights_that_are_not_finite_is_a_runtime_error(part: str) -> None:
    module = build("ode2", VECTOR, solver="dopri5")
    with torch.no_grad():
        next(module.get_submodule(part).parameters()).fill_(math.nan)
    with pytest.raises(RuntimeError, match="not finite"):
        module(torch.ones(2, 3), GRID, NO_NOISE)


def test_the_help_says_what_waits_for_the_device() -> None:
    helps = {(name, o.name): o.help for name in ("ode1", "sde") for o in listed(temporal(name).options)}
    for name, option in (("ode1", "solver"), ("ode1", "backend"), ("sde", "backend")):
        assert "waits for the device" in helps[name, option]
    assert "depends on its batch within the tolerance" in helps["ode1", "solver"]


@pytest.mark.parametrize("solver", ["rk4", "dopri5"])
def test_a_row_depends_on_its_batch_within_the_tolerance_of_dopri5(solver: str) -> None:
    """The help's words: one step size for all rows. Here a restless neighbour makes the steps of the first row shorter."""
    module = build("ode1", VECTOR, solver=solver, rtol=1e-3, atol=1e-3).double()
    with torch.no_grad():
        module.f[0].weight.copy_(4 * torch.eye(3))
        calm, restless = torch.full((1, 3), 0.001).double(), torch.full((1, 3), 0.3).double()
        alone, beside = module(calm, GRID, NO_NOISE), module(torch.cat([calm, restless]), GRID, NO_NOISE)[:1]
    gap = (alone - beside).abs().max().item()
    assert (gap < 1e-12) if solver == "rk4" else (1e-7 < gap < 1e-1)


@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
def test_sde_options_reach_the_integrator(spec: LatentSpec) -> None:
    """Four methods, four different paths of one noise; the calculi differ by more than the solvers do."""
    z, noise = torch.linspace(-1, 1, 32 * spec.source).view(32, -1), sampling_noise(0, "x", torch.arange(32))
    with torch.no_grad():
        paths = [build("sde", spec, **chosen)(z, GRID, noise) for chosen in SDE_METHODS]
        euler = {c: build("sde", spec, calculus=c, backend="torchsde")(z, GRID, noise) for c in ("ito", "stratonovich")}
    gaps = [[(a - b).abs().mean().item() for b in paths] for a in paths]
    assert all(gaps[i][j] > 1e-6 for i in range(4) for j in range(i))
    assert max(gaps[0][2], gaps[1][3]) < min(gaps[0][1], gaps[2][3])
    torch.testing.assert_close(paths[0], euler["ito"], atol=1e-5, rtol=0)
    torch.testing.assert_close(paths[1], euler["stratonovich"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        *(("sde", chosen) for chosen in SDE_METHODS),
        ("sde", {"solver": "milstein", "calculus": "stratonovich", "hidden": 5}),
        ("ode1", {"solver": "rk4-classic"}),
        ("ode2", {"form": "physics", "solver": "euler"}),
        ("ode3", {"form": "physics", "hidden": "state"}),
    ],
    ids=lambda x: x if isinstance(x, str) else "-".join(map(str, x.values())),
)
def test_a_watched_training_step_reaches_every_parameter(name: str, chosen: dict[str, Any]) -> None:
    """One turn of each of TGAN's players inside the harness's watcher: no host synchronisation, no global randomness."""
    tgan: Backbone = HOST.find("backbone", "tgan").declaration
    clip, small = tgan.small
    options = tgan.options(**small)
    spec = tgan.latent(clip, options)
    assert spec is not None
    module = build(name, spec, **chosen)
    game = tgan.build(clip, options, module)
    before = [p.detach().clone() for p in module.parameters()]
    for player in game.players:
        frames = player.feed.frames if player.feed else clip.frames
        clips = torch.rand(player.batch, clip.channels, frames, clip.size, clip.size) * 2 - 1
        batch = Batch(clips, torch.zeros(player.batch, dtype=torch.int64)) if player.feed else None
        noise = training_noise(torch.tensor(key_of(3, player.name)), player.batch)
        terms = take_turn(
            player, player.optimiser(player.parameters), batch, noise, 1.0, lambda grads: grads, watch := Watch()
        )
        assert watch.flops > 0
        assert (watch.synchronising, watch.global_random) == (set(), set())
        assert all(term.isfinite() for term in terms.values())
    assert all(not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


# -------------------------------------------------------------------------------------------------------- initialisation
LIFTED = LatentSpec((40,), 16, 100, 100, "uniform", embedding=(60,), init="xavier-sqrt2")
LIFTED_MAP = LatentSpec((16, 3, 3), 16, 100, 100, "uniform", init="xavier-sqrt2")


def bounded_by(layer: nn.Module, manner: str) -> bool:
    """Whether a layer's largest weight is just inside the bound of its manner."""
    weight = layer.weight.detach()
    fan_in, fan_out = weight[0].numel(), weight.numel() // weight.shape[1]
    bound = 1 / math.sqrt(fan_in) if manner == "framework" else math.sqrt(2) * math.sqrt(6 / (fan_in + fan_out))
    return 0.9 * bound < weight.abs().max().item() <= bound


@pytest.mark.parametrize("spec", [LIFTED, LIFTED_MAP], ids=["vector", "map"])
@pytest.mark.parametrize(("name", "lift"), [("ode1", "framework"), ("sde", "framework"), ("ode2", "xavier-sqrt2")])
def test_the_way_into_the_shape_keeps_the_frameworks_default(name: str, lift: str, spec: LatentSpec) -> None:
    """Xavier is for the embedding, f, mu, sigma and the affine A_k; TGANv2's own fc has the framework's default."""
    module = build(name, spec)
    ways = module.initial if isinstance(module.initial, nn.ModuleList) else [module.initial]
    assert all(bounded_by(way.map, lift) for way in ways)
    others = ["mu", "sigma"] if name == "sde" else ["f"]
    layers = [m for n in (*others, "embedding") for m in module.get_submodule(n) if hasattr(m, "weight")]
    assert len(layers) == len(others) + (2 if spec.embedding else 0)
    assert all(bounded_by(layer, "xavier-sqrt2") for layer in layers)
