"""One latent at the training frames, four times as dense, longer and rewound: the shared frames agree, the others are new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.kit.pairs import ABLE, HOST, able, each, small
from tests.kit.run_folders import enlivened
from vidgen_bench.api import Backbone, Clip, Game, LatentSpec, Temporal, Times
from vidgen_bench.compose.sampling import samples
from vidgen_bench.experiments.sample.trained import instants
from vidgen_bench.noise import sampling_noise

CPU = torch.device("cpu")
ASKED = {"between": {"fps": 4}, "before": {"rewind": 3}, "after": {"extend": 6}}

METHODS: list[tuple[str, str, dict[str, Any]]] = [
    ("tgan", "ode1", {"solver": "rk4-classic"}),
    ("tganv2", "ode1", {"solver": "euler"}),
    ("mocogan", "ode2", {"solver": "euler"}),
    ("mocogan", "ode2", {"form": "physics", "hidden": "state"}),
    ("tgan", "ode3", {"backend": "torchdiffeq"}),
    ("tgan", "ode1", {"solver": "dopri5"}),
    ("tgan", "sde", {"solver": "milstein"}),
    ("mocogan", "sde", {"solver": "milstein", "calculus": "stratonovich"}),
    ("tganv2", "sde", {"calculus": "stratonovich", "dt": 0.03}),
    ("mocogan", "sde", {"backend": "torchsde"}),
]
"""Integrators beside the defaults, which every able pair below has."""


def found(names: tuple[str, str, dict[str, Any]]) -> tuple[str, Backbone, Temporal, dict[str, Any]]:
    backbone, temporal = HOST.find("backbone", names[0]).declaration, HOST.find("temporal", names[1]).declaration
    return "+".join(names[:2]) + str(names[2]), backbone, temporal, {**temporal.sets, **names[2]}


MADE = [*ABLE, *map(found, METHODS)]


def requests_of(abilities: frozenset[str]) -> list[dict[str, float]]:
    """Every kind of instants a pair supports, alone and all at once."""
    single = [ASKED[ability] for ability in sorted(abilities)]
    return [*single, {key: value for one in single for key, value in one.items()}]


def built(backbone: Backbone, temporal: Temporal | None, chosen: dict[str, Any]) -> tuple[Clip, Game, nn.Module | None]:
    clip, options, spec = small(backbone)
    torch.manual_seed(0)
    module = None if temporal is None or spec is None else temporal.build(spec, temporal.options(**chosen))
    return clip, enlivened(backbone.build(clip, options, module), clip), module


def shared(clip: Clip, times: Times) -> list[int]:
    """The indices of the training frames, whose instants are the same floats."""
    return [times.index(t) for t in clip.grid]


def rendered(game: Game, times: Times, rows: int = 2) -> Tensor:
    return torch.cat(list(samples(game, 0, "sample", range(rows), times, CPU)))


def test_the_equations_are_all_here() -> None:
    names = {name for name, *_ in ABLE}
    assert {f"{b}+{t}" for b in ("tgan", "mocogan", "tganv2") for t in ("ode1", "ode2", "ode3", "sde")} <= names


@each(MADE)
def test_the_same_latent_agrees_at_the_shared_frames_and_is_new_between(
    backbone: Backbone, temporal: Temporal | None, chosen: dict
) -> None:
    clip, game, _ = built(backbone, temporal, chosen)
    ordinary = rendered(game, clip.grid)
    moves = (ordinary[:, :, 1:] - ordinary[:, :, :-1]).abs().amax().item()
    assert (ordinary[0] - ordinary[1]).abs().max() > 1e-3  # else the next comparison would compare nothing
    # the frames of dvd-gan have recurrent layers of their own
    assert (moves > 1e-3) == (temporal is None or temporal.name != "constant" or backbone.name == "dvd-gan")
    times = instants(clip, **requests_of(able(backbone, temporal))[-1])
    other = rendered(game, times)
    torch.testing.assert_close(other[:, :, shared(clip, times)], ordinary, atol=1e-5, rtol=0)
    steps = (other[:, :, 1:] - other[:, :, :-1]).abs().amax((0, 1, 3, 4))
    assert len(steps) > clip.frames - 1
    assert moves < 1e-3 or steps.min() > 1e-4  # no frame of a clip that moves is a copy of the one before


@each([pair for pair in MADE if pair[2] is not None])
def test_the_latent_path_is_the_same_to_the_last_bit(backbone: Backbone, temporal: Temporal, chosen: dict) -> None:
    clip, _, module = built(backbone, temporal, chosen)
    assert module is not None
    spec = small(backbone)[2]
    assert spec is not None
    z0, noise = torch.randn(3, spec.source), sampling_noise(0, "path", torch.arange(3))
    with torch.no_grad():
        ordinary = module(z0, clip.grid, noise)
        for request in requests_of(able(backbone, temporal)):
            times = instants(clip, **request)
            path = module(z0, times, noise)
            assert torch.equal(path[:, shared(clip, times)], ordinary)


# ------------------------------------------------------------------------------- what lies between is the equation's own
def equation(name: str, spec: LatentSpec, **chosen: Any) -> nn.Module:
    temporal: Temporal = HOST.find("temporal", name).declaration
    torch.manual_seed(0)
    return temporal.build(spec, temporal.options(**{**temporal.sets, **chosen})).double()


@pytest.mark.parametrize("name", ["ode1", "ode2", "ode3"])
def test_denser_frames_of_an_ode_lie_on_the_solution(name: str) -> None:
    """The coarse path at 4x against one integrated in steps sixteen times as small, before and after included."""
    spec = LatentSpec((4,), 16, 4, 4, "normal")
    coarse, fine = equation(name, spec), equation(name, replace(spec, frames=15 * 16 + 1))
    fine.load_state_dict(coarse.state_dict())
    times = instants(Clip(16, 64, 2), fps=4, rewind=4, extend=4)
    z0 = torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    noise = sampling_noise(0, "path", torch.arange(2))
    with torch.no_grad():
        torch.testing.assert_close(coarse(z0, times, noise), fine(z0, times, noise), atol=1e-7, rtol=1e-7)


def test_denser_frames_of_an_sde_are_those_of_the_same_brownian_motion() -> None:
    """At its own steps a denser path is the one that was marched, and in between it is their straight line."""
    spec = LatentSpec((4,), 16, 4, 4, "normal")
    module = equation("sde", spec, dt=1 / 30)
    z0, noise = torch.randn(2, 4, dtype=torch.float64), sampling_noise(0, "path", torch.arange(2))
    with torch.no_grad():
        four = module(z0, instants(Clip(16, 64, 2), fps=4, extend=5), noise)
        two = module(z0, instants(Clip(16, 64, 2), fps=2, extend=5), noise)
    assert torch.equal(four[:, ::2], two)
    torch.testing.assert_close(four[:, 1::2], (two[:, 1:] + two[:, :-1]) / 2, atol=1e-12, rtol=0)
