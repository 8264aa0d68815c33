"""constant and iid, the two null hypotheses: what stays, what is redrawn and by which law, the embedding, refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from vidgen_temporal.nulls import Null, vidgen_temporal

from vidgen_bench.api import LatentSpec
from vidgen_bench.latent import count, on_meta
from vidgen_bench.noise import Noise, sampling_noise

CONSTANT, IID = vidgen_temporal()
VECTOR = LatentSpec((6,), 4, 6, 6, "normal")
MAP = LatentSpec((3, 2, 2), 4, 6, 6, "uniform")
CONDITIONED = LatentSpec((6,), 4, 6, 4, "normal")
TGAN = LatentSpec((100,), 16, 100, 100, "uniform", embedding=(512, 512, 512), init="xavier-sqrt2")
GRID = (0.0, 1 / 3, 2 / 3, 1.0)
LONGER = tuple(k / 3 for k in range(9))


def noise(*rows: int) -> Noise:
    return sampling_noise(0, "test", torch.tensor(rows))


def built(declaration: Null, spec: LatentSpec, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    chosen = declaration.options(**options)
    assert declaration.refuses(spec, chosen) is None
    return declaration.build(spec, chosen)


def path(module: nn.Module, z0: Tensor, times: tuple[float, ...], *rows: int) -> Tensor:
    with torch.no_grad():
        return module(z0, times, noise(*rows))


@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
def test_constant_is_constant(spec: LatentSpec) -> None:
    module = built(CONSTANT, spec)
    z0 = noise(0, 1).normal("z", 6)
    emitted = path(module, z0, (-1.0, 0.0, 0.31, 1.0, 4.0), 0, 1)
    assert emitted.shape == (2, 5, *spec.shape)
    for k in range(5):
        assert torch.equal(emitted[:, k], module.lift(z0))
    assert CONSTANT.can == {"between", "before", "after"}


def test_constant_and_iid_without_lift_or_embedding_learn_nothing() -> None:
    for declaration in (CONSTANT, IID):
        module = built(declaration, VECTOR)
        assert count(module) == 0
        z0 = noise(0).normal("z", 6)
        assert torch.equal(path(module, z0, (0.0,), 0)[:, 0], z0)


@pytest.mark.parametrize("declaration", [CONSTANT, IID], ids=["constant", "iid"])
def test_the_embedding_is_the_backbone_s_in_its_manner(declaration: Null) -> None:
    options = declaration.options(**declaration.variants["embedded"])
    assert count(on_meta(lambda: declaration.build(TGAN, options))) == 628_324
    module = built(declaration, TGAN, embedding=True)
    first = module.embedding[0].weight
    bound = math.sqrt(2.0) * math.sqrt(6.0 / (100 + 512))
    assert first.abs().max() <= bound
    assert first.std().item() == pytest.approx(bound / math.sqrt(3.0), rel=0.02)
    z0 = noise(0, 1).normal("z", 100)
    torch.testing.assert_close(path(module, z0, (0.0,), 0, 1)[:, 0], module.embedding(z0), atol=1e-6, rtol=0)


@pytest.mark.parametrize("declaration", [CONSTANT, IID], ids=["constant", "iid"])
def test_refusals(declaration: Null) -> None:
    embedded = declaration.options(embedding=True)
    assert "this one has none" in (declaration.refuses(VECTOR, embedded) or "")
    assert "(3, 2)" in (declaration.refuses(LatentSpec((3, 2), 4, 6, 6, "normal"), declaration.options()) or "")
    for spec in (VECTOR, MAP):
        assert declaration.refuses(spec, declaration.options()) is None


@pytest.mark.parametrize("entries", [0, -1, 7])
def test_iid_needs_noise_in_z0(entries: int) -> None:
    spec = LatentSpec((6,), 4, 6, entries, "normal")
    assert f"not {entries} of 6" in (IID.refuses(spec, IID.options()) or "")
    assert CONSTANT.refuses(spec, CONSTANT.options()) is None
    for whole in (1, 6):
        assert IID.refuses(LatentSpec((6,), 4, 6, whole, "normal"), IID.options()) is None


def test_iid_redraws_the_noise_and_keeps_the_condition() -> None:
    module = built(IID, CONDITIONED)
    z0 = noise(0, 1).normal("z", 6)
    emitted = path(module, z0, GRID, 0, 1)
    assert torch.equal(emitted[:, 0], z0)
    for k in range(1, 4):
        assert torch.equal(emitted[:, k, 4:], z0[:, 4:])
        for j in range(k):
            assert (emitted[:, k, :4] != emitted[:, j, :4]).all()


@pytest.mark.parametrize("spec", [VECTOR, MAP], ids=["vector", "map"])
def test_iid_more_frames_keep_the_first_and_times_choose(spec: LatentSpec) -> None:
    module = built(IID, spec)
    z0 = noise(3, 5).normal("z", 6)
    longer = path(module, z0, LONGER, 3, 5)
    assert longer.shape == (2, 9, *spec.shape)
    torch.testing.assert_close(longer[:, :4], path(module, z0, GRID, 3, 5), atol=1e-6, rtol=0)
    chosen = path(module, z0, (5 / 3, 0.0, 1 / 3), 3, 5)
    torch.testing.assert_close(chosen, longer[:, [5, 0, 1]], atol=1e-6, rtol=0)


def test_iid_rows_are_independent() -> None:
    module = built(IID, CONDITIONED)
    batch = path(module, noise(1, 2, 3).normal("z", 6), GRID, 1, 2, 3)
    alone = path(module, noise(2).normal("z", 6), GRID, 2)
    assert torch.equal(alone[0], batch[1])


@pytest.mark.parametrize(("prior", "deviation"), [("normal", 1.0), ("uniform", 1 / math.sqrt(3.0))])
def test_iid_frames_are_independent_draws_of_the_prior(prior: Any, deviation: float) -> None:
    spec = LatentSpec((20,), 4, 20, 20, prior)
    rows = range(2000)
    z0 = noise(*rows).normal("z", 20) if prior == "normal" else 2 * noise(*rows).uniform("z", 20) - 1
    frames = path(built(IID, spec), z0, GRID, *rows).double().transpose(0, 1).flatten(1)  # 40,000 entries a frame
    assert frames.mean(dim=1).abs().max() < 4 * deviation / 200
    torch.testing.assert_close(frames.std(dim=1), torch.full((4,), deviation).double(), atol=0.015, rtol=0)
    off_diagonal = torch.corrcoef(frames) - torch.eye(4)
    assert off_diagonal.abs().max() < 4 / 200
    if prior == "uniform":
        assert frames.abs().max() < 1
