"""Building blocks of temporal generators: lift, embedding, dynamics, initialisation and hidden widths."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from vidgen_bench.api import LatentSpec
from vidgen_bench.errors import RequestError
from vidgen_bench.latent import Embedding, Lift, count, dynamics, hidden_width, initialise, on_meta, solve_width

VECTOR = LatentSpec(shape=(100,), frames=16, source=100, noise=100, prior="uniform", embedding=(512, 512, 512))
MAP = LatentSpec(shape=(8, 3, 3), frames=16, source=20, noise=20, prior="uniform")


def test_lift_is_the_identity_where_the_shapes_agree() -> None:
    z = torch.randn(2, 100)
    assert torch.equal(Lift(VECTOR)(z), z)
    assert count(Lift(VECTOR)) == 0
    assert count(Lift(VECTOR, affine=True)) == 100 * 100 + 100


def test_lift_to_a_map() -> None:
    lift = Lift(MAP)
    assert lift(torch.randn(2, 20)).shape == (2, 8, 3, 3)
    assert count(lift) == 20 * 72 + 72


def test_embedding_of_the_paper() -> None:
    embedding = Embedding(VECTOR)
    assert count(embedding) == 628_324
    assert [type(m) for m in embedding] == [nn.Linear, nn.LeakyReLU] * 4
    assert embedding(torch.randn(2, 100)).shape == (2, 100)


def test_embedding_is_the_identity_where_the_backbone_has_none() -> None:
    z = torch.randn(2, 20)
    assert torch.equal(Embedding(MAP)(z), z)


@pytest.mark.parametrize(
    ("shape", "width", "parameters", "last"),
    [
        ((100,), None, 10_100, nn.Tanh),
        ((100,), 978, 100 * 978 + 978 + 978 * 100 + 100, nn.Linear),
        ((8, 3, 3), None, 8 * 8 * 9 + 8, nn.LeakyReLU),
        ((8, 3, 3), 5, 2 * 8 * 5 * 9 + 5 + 8, nn.LeakyReLU),
    ],
)
def test_dynamics(shape: tuple[int, ...], width: int | None, parameters: int, last: type) -> None:
    f = dynamics(shape, width)
    assert count(f) == parameters
    assert isinstance(f[-1], last)
    assert f(torch.randn(2, *shape)).shape == (2, *shape)


@pytest.mark.parametrize(
    ("shape", "width", "parameters"),
    [
        ((100,), None, 300 * 100 + 100),
        ((100,), 7, 300 * 7 + 7 + 7 * 100 + 100),
        ((8, 3, 3), None, 24 * 8 * 9 + 8),
        ((8, 3, 3), 5, 24 * 5 * 9 + 5 + 5 * 8 * 9 + 8),
    ],
)
def test_dynamics_of_several_components(shape: tuple[int, ...], width: int | None, parameters: int) -> None:
    """The input grows along features or channels; the output stays one component."""
    f = dynamics(shape, width, inputs=3)
    assert count(f) == parameters
    assert f(torch.randn(2, 3 * shape[0], *shape[1:])).shape == (2, *shape)


def test_dynamics_lay_maps_out_for_convolutions_and_compute_the_same() -> None:
    f, maps = dynamics((8, 3, 3), 5), torch.randn(2, 8, 3, 3)
    assert f(maps).is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(f(maps), torch.nn.Sequential(*f)(maps), atol=1e-6, rtol=0)


def test_initialise_draws_weights_from_xavier_and_leaves_biases() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(100, 300), nn.Conv2d(4, 8, 3), nn.ConvTranspose1d(16, 32, 4), nn.BatchNorm1d(3))
    state = {n: p.clone() for n, p in module.named_parameters()}
    initialise(module, "framework")
    assert all(torch.equal(state[n], p) for n, p in module.named_parameters())
    initialise(module, "xavier-sqrt2")
    fans = {"0.weight": 100 + 300, "1.weight": (4 + 8) * 9, "2.weight": (32 + 16) * 4}
    for name, parameter in module.named_parameters():
        if name in fans:
            bound = math.sqrt(2) * math.sqrt(6 / fans[name])
            assert not torch.equal(state[name], parameter)
            assert 0.98 * bound < parameter.abs().max().item() <= bound
        else:
            assert torch.equal(state[name], parameter)


@pytest.mark.parametrize(("target", "width"), [(21, 4), (23, 4), (24, 5), (26, 5), (6, 1), (1_000_001, 200_000)])
def test_solve_width_takes_the_nearest_count(target: int, width: int) -> None:
    # 5 w + 1 parameters: 21 at w = 4, 26 at w = 5
    assert solve_width(lambda w: nn.ModuleList([nn.Linear(4, w), nn.Linear(1, 1, bias=False)]), target) == width


def test_solve_width_prefers_the_narrower_of_two_equally_near() -> None:
    assert solve_width(lambda w: nn.Linear(1, w), 7) == 3


@pytest.mark.parametrize(("target", "message"), [(5, "width 1 already has 6"), (10**9, "no hidden width up to")])
def test_solve_width_refuses_with_numbers(target: int, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        solve_width(lambda w: nn.Linear(5, w), target)


def test_building_on_meta_draws_nothing_from_the_generator() -> None:
    before = torch.get_rng_state()
    module = on_meta(lambda: nn.Linear(10, 10))
    initialise(module, "xavier-sqrt2")
    assert module.weight.device.type == "meta"
    assert torch.equal(before, torch.get_rng_state())


def _build(spec: LatentSpec, embedding: bool):
    return lambda w: nn.Sequential(*([Embedding(spec)] if embedding else []), dynamics(spec.shape, w))


def test_hidden_width() -> None:
    spec = replace(VECTOR, parameters=826_468)
    assert hidden_width("none", spec, _build(spec, True)) is None
    assert hidden_width("state", spec, _build(spec, True)) == 100
    assert hidden_width(7, spec, _build(spec, True)) == 7
    assert hidden_width("equal", spec, _build(spec, True)) == 985


def test_mocogan_has_a_width_without_its_embedding_and_none_with_it() -> None:
    spec = LatentSpec((16,), 16, 16, 16, "normal", embedding=(64,), parameters=1_632)
    assert hidden_width("equal", spec, _build(spec, False)) == 49
    with pytest.raises(RequestError, match=r"1,632.*2,177.*2,128"):
        hidden_width("equal", spec, _build(spec, True))


def test_equal_needs_a_count_to_match() -> None:
    with pytest.raises(RequestError, match="there is none for"):
        hidden_width("equal", VECTOR, _build(VECTOR, True))
