"""vgan: counts, two streams, the mask's penalty, simultaneous play, the initial law, sizes, refusals."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from vidgen_backbones.vgan import VGAN, VGANOptions

from vidgen_bench.api import Batch, Clip, Feed, Game
from vidgen_bench.errors import PluginError
from vidgen_bench.latent import count
from vidgen_bench.noise import GivenNoise, Noise, sampling_noise

TINY = Clip(frames=4, size=8, classes=2)
Z = torch.randn(3, 100, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def built(clip: Clip = TINY, seed: int = 0, **options: Any) -> Game:
    torch.manual_seed(seed)
    chosen = VGANOptions(**{"width": 1 / 16, "batch": 3, **options})
    assert VGAN().refuses(clip, chosen) is None
    return VGAN().build(clip, chosen, None)


def spread(game: Game) -> Game:
    """The game in float64 with weights large enough that the streams and logits differ from what zeros would give."""
    generator = torch.Generator().manual_seed(2)
    for part in game.parts.values():
        part.double()
        with torch.no_grad():
            for p in part.parameters():
                p.add_(0.2 * torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return game


def given(z: Tensor = Z) -> Noise:
    return cast(Noise, GivenNoise({"z": z}))


def clips(clip: Clip = TINY, rows: int = 3) -> Batch:
    shape = (rows, clip.channels, clip.frames, clip.size, clip.size)
    x = torch.rand(shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1
    return Batch(x, torch.zeros(rows, dtype=torch.int64))


# ------------------------------------------------------------------------------------------------------- size and law
@pytest.mark.parametrize(
    ("frames", "trunk", "of_generator", "of_discriminator"),
    [(32, 12_651_328, 16_245_383, 11_057_858), (16, 11_832_128, 15_426_183, 11_041_474)],
)
def test_counts(frames: int, trunk: int, of_generator: int, of_discriminator: int) -> None:
    with torch.device("meta"):
        game = VGAN().build(Clip(frames, 64, 101), VGANOptions(), None)
    generator = cast(Any, game.parts["generator"])
    assert count(generator.background) == 3_577_667
    assert count(generator.video.start) + count(generator.video.grow) == trunk
    assert count(generator.video.colour) == 12_291
    assert count(generator.video.mask) == 4_097
    assert count(generator) == of_generator
    assert count(game.parts["discriminator"]) == of_discriminator
    assert sum(p.numel() for p in game.players[0].parameters) == of_generator + of_discriminator


@pytest.mark.parametrize(("frames", "size"), [(2, 8), (4, 8), (16, 64), (32, 64), (32, 128)])
def test_both_lengths_of_every_size(frames: int, size: int) -> None:
    game = built(Clip(frames, size, 3), width=1 / 64)
    for part in game.parts.values():
        part.eval()
    with torch.no_grad():
        sampled = game.draw(sampling_noise(0, "test", torch.tensor([0, 1])), Clip(frames, size, 3).grid)
        assert game.parts["discriminator"](sampled).shape == (2, 2)
    assert sampled.shape == (2, 3, frames, size, size)
    assert sampled.abs().max() < 1


def test_the_initial_law() -> None:
    game = built(width=1.0)
    for part in game.parts.values():
        convolutions = [m for m in part.modules() if isinstance(m, nn.modules.conv._ConvNd)]
        norms = [m for m in part.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        weights = torch.cat([m.weight.flatten() for m in convolutions])
        assert weights.mean().abs() < 1e-4
        assert weights.std().item() == pytest.approx(0.01, rel=0.01)
        assert all(m.bias is not None and (m.bias == 0).all() for m in [*convolutions, *norms])
        if norms:
            gammas = torch.cat([m.weight for m in norms])
            assert gammas.mean().item() == pytest.approx(1.0, abs=5e-3)
            assert gammas.std().item() == pytest.approx(0.02, rel=0.15)


def test_batch_normalisations_have_the_original_s_epsilons() -> None:
    parts = built(Clip(16, 64, 3), width=1 / 64).parts
    eps = {
        name: {m.eps for m in part.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)}
        for name, part in parts.items()
    }
    assert eps == {"generator": {1e-5}, "discriminator": {1e-3}}


def test_the_defaults_are_the_original_s() -> None:
    assert dataclasses.asdict(VGANOptions()) == {
        "width": 1.0,
        "batch": 64,
        "learning_rate": 2e-4,
        "mask_penalty": 0.1,
    }
    with torch.device("meta"):
        (both,) = VGAN().build(Clip(32, 64, 101), VGANOptions(), None).players
    assert (both.batch, both.feed, both.turns) == (64, Feed(32), 1)
    optimiser = both.optimiser(both.parameters)
    assert type(optimiser) is torch.optim.Adam
    (group,) = optimiser.param_groups
    built = {name: group[name] for name in ("lr", "betas", "eps", "weight_decay", "amsgrad")}
    assert built == {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False}
    assert {both.schedule(i) for i in (0, 50_000, 200_000)} == {1.0}


# -------------------------------------------------------------------------------------------------------- composition
def test_two_streams_and_a_mask() -> None:
    generator = cast(Any, spread(built()).parts["generator"]).eval()
    with torch.no_grad():
        video, mask = generator(Z)
        (foreground, again), background = generator.video(Z), generator.background(Z)
    assert torch.equal(mask, again)
    assert mask.shape == (3, 1, 4, 8, 8)
    assert 0 < mask.min() < 0.4 < 0.6 < mask.max() < 1
    for n in range(3):
        for t in range(4):
            for c in range(3):
                m = mask[n, 0, t]
                by_hand = m * foreground[n, c, t] + (1 - m) * background[n, c]
                torch.testing.assert_close(video[n, c, t], by_hand, atol=1e-15, rtol=0)


def test_where_the_mask_is_shut_the_clip_stands_still() -> None:
    generator = cast(Any, spread(built()).parts["generator"]).eval()
    with torch.no_grad():
        generator.video.mask[0].bias.fill_(-1e3)
        video, _ = generator(Z)
    assert torch.equal(video, generator.background(Z)[:, :, None].expand_as(video))
    assert video[0].std() > 0.1


def test_the_mask_s_penalty_has_a_constant_gradient() -> None:
    """d(0.1 mean(m)) / dm is 0.1 / numel everywhere; through the head's sigmoid and bias it is a sum that is known."""
    game = spread(built())
    generator = cast(Any, game.parts["generator"])
    terms = game.players[0].loss(clips(), given())
    (gradient,) = torch.autograd.grad(terms["mask"], generator.video.mask[0].bias)
    _, mask = generator(Z)
    assert terms["mask"].item() == pytest.approx(0.1 * mask.mean().item(), rel=1e-12)
    expected = (0.1 / mask.numel() * mask * (1 - mask)).sum()
    torch.testing.assert_close(gradient[0], expected, atol=1e-15, rtol=1e-10)
    twice = spread(built(mask_penalty=0.2)).players[0].loss(clips(), given())
    assert twice["mask"].item() == pytest.approx(2 * terms["mask"].item(), rel=1e-12)


# -------------------------------------------------------------------------------------------------- simultaneous play
BIGGER = Clip(frames=8, size=16, classes=2)
"""Large enough for a batch normalisation in the discriminator."""


def test_terms_are_softmax_cross_entropies() -> None:
    game = spread(built(BIGGER))
    critic = copy.deepcopy(game.parts["discriminator"])
    terms = game.players[0].loss(clips(BIGGER), given())
    with torch.no_grad():
        fakes, _ = copy.deepcopy(game.parts["generator"])(Z)
        real, fake = critic(clips(BIGGER).clips).softmax(dim=1), critic(fakes).softmax(dim=1)
    assert terms["real"].item() == pytest.approx(-real[:, 0].log().mean().item(), rel=1e-10)
    assert terms["fake"].item() == pytest.approx(-fake[:, 1].log().mean().item(), rel=1e-10)
    assert terms["generator"].item() == pytest.approx(-fake[:, 0].log().mean().item(), rel=1e-10)


def test_gradients_are_those_of_two_players_apart() -> None:
    game = spread(built(BIGGER))
    generator, critic = (copy.deepcopy(game.parts[name]) for name in ("generator", "discriminator"))
    (both,) = game.players
    ours = torch.autograd.grad(torch.stack(list(both.loss(clips(BIGGER), given()).values())).sum(), both.parameters)

    fakes, mask = generator(Z)
    cross_entropy = nn.CrossEntropyLoss()
    is_real, is_fake = torch.zeros(3, dtype=torch.int64), torch.ones(3, dtype=torch.int64)
    of_critic = cross_entropy(critic(clips(BIGGER).clips), is_real) + cross_entropy(critic(fakes.detach()), is_fake)
    of_generator = cross_entropy(critic(fakes), is_real) + 0.1 * mask.mean()
    apart = [
        *torch.autograd.grad(of_generator, tuple(generator.parameters())),
        *torch.autograd.grad(of_critic, tuple(critic.parameters())),
    ]
    assert len(ours) == len(apart)
    for a, b in zip(ours, apart, strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=1e-9)
    assert sum(g.abs().max() > 1e-6 for g in ours) > len(ours) // 2


def test_the_fakes_enter_the_running_statistics_once() -> None:
    game = spread(built(BIGGER))
    reference = copy.deepcopy(game.parts["discriminator"])
    fakes, _ = copy.deepcopy(game.parts["generator"])(Z)
    reference(clips(BIGGER).clips)
    reference(fakes.detach())
    game.players[0].loss(clips(BIGGER), given())
    buffers = dict(game.parts["discriminator"].named_buffers())
    assert any(name.endswith("running_var") for name in buffers)
    for name, expected in reference.named_buffers():
        torch.testing.assert_close(buffers[name], expected, atol=1e-14, rtol=0)


def test_one_adam_is_two_adams_of_equal_settings() -> None:
    game = spread(built(BIGGER))
    (both,) = game.players
    twin = copy.deepcopy(game.parts)
    of_ours = both.optimiser(both.parameters)
    of_twin = [torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.5, 0.999)) for part in twin.values()]
    twin_parameters = [p for part in twin.values() for p in part.parameters()]
    for seed in range(3):
        z = torch.randn(3, 100, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        total = torch.stack(list(both.loss(clips(BIGGER), given(z)).values())).sum()
        for p, q, g in zip(both.parameters, twin_parameters, torch.autograd.grad(total, both.parameters), strict=True):
            p.grad, q.grad = g, g.clone()
        for optimiser in (of_ours, *of_twin):
            optimiser.step()
    for p, q in zip(both.parameters, twin_parameters, strict=True):
        assert torch.equal(p, q)


# ----------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("frames", "size", "words"),
    [
        (16, 48, "doubled repeatedly"),
        (1, 4, "not 4"),
        (8, 64, "16 or 32 frames, not 8"),
        (64, 64, "16 or 32 frames, not 64"),
        (24, 64, "not 24"),
        (1, 8, "2 or 4 frames, not 1"),
    ],
)
def test_clips_it_cannot_serve(frames: int, size: int, words: str) -> None:
    assert words in (VGAN().refuses(Clip(frames, size, 3), VGANOptions()) or "")


def test_there_is_no_path_of_latents_to_swap() -> None:
    declaration = VGAN()
    assert declaration.latent(TINY, VGANOptions()) is None
    assert declaration.own is None
    assert declaration.can == frozenset()
    with pytest.raises(PluginError, match="no latent path"):
        declaration.build(TINY, VGANOptions(), nn.Identity())
