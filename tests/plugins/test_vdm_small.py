"""vdm-small: counts, what the network sees, its loss, the average that samples, refusals."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from vidgen_backbones.vdm_small import VDM, VDMOptions
from vidgen_backbones.vdm_small.attention import TemporalAttention
from vidgen_backbones.vdm_small.diffusion import ddim, signal_and_noise
from vidgen_backbones.vdm_small.unet import DETAIL, Shape, UNet

from vidgen_bench.api import Batch, Clip, Feed, Game
from vidgen_bench.errors import PluginError
from vidgen_bench.latent import count
from vidgen_bench.noise import GivenNoise, Noise

TINY = Clip(frames=3, size=16, classes=2)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def built(**options: Any) -> Game:
    torch.manual_seed(0)
    chosen = VDMOptions(**{"width": 1 / 8, "blocks": 1, "batch": 2, "steps": 3, **options})
    assert VDM().refuses(TINY, chosen) is None
    game = VDM().build(TINY, chosen, None)
    for part in game.parts.values():
        part.double()
    return game


def filled(game: Game) -> nn.Module:
    """The network with every weight drawn, those that start at zero included."""
    for seed, parameter in enumerate(game.parts["generator"].parameters()):
        parameter.data = drawn(*parameter.shape, seed=seed) / 4
    return game.parts["generator"]


def test_counts() -> None:
    network = UNet(Shape(frames=16, size=64, channels=3, width=1.0, patch=2, blocks=2, attention=16))
    assert count(network) == 8_556_571
    parts = built().parts
    assert count(parts["generator"]) == sum(p.numel() for p in parts["average"].parameters())
    assert count(parts["average"]) == 0


def test_v_is_bayes_rule_for_details_around_the_mean_that_the_u_gives() -> None:
    """A pixel x ~ N(m, d^2) seen as z ~ N(alpha x, sigma^2): its mean weighs m and z / alpha by their precisions."""
    network, z, times = filled(built()), drawn(2, 3, 3, 16, 16), torch.tensor([0.1, 0.7], dtype=torch.float64)
    alpha, sigma = (s[:, None, None, None, None] for s in signal_and_noise(times))
    means: list[Tensor] = []
    cast(Any, network).out.register_forward_hook(lambda module, given, made: means.append(made))
    x = alpha * z - sigma * network(z, times)
    m = means[0].unflatten(0, (2, 3)).transpose(1, 2)
    expected = (m / DETAIL**2 + alpha * z / sigma**2) / (1 / DETAIL**2 + alpha**2 / sigma**2)
    torch.testing.assert_close(x, expected, atol=1e-12, rtol=1e-12)
    assert m.std() > 0.1


def test_the_loss_starts_at_that_of_details_around_zero() -> None:
    game = built()
    x, e = drawn(2, 3, 3, 16, 16), drawn(2, 3, 3, 16, 16, seed=1)
    times = torch.tensor([0.1, 0.7], dtype=torch.float64)
    alpha, sigma = (s[:, None, None, None, None] for s in signal_and_noise(times))
    z = alpha * x + sigma * e
    found = z * alpha * sigma * (1 - DETAIL**2) / (alpha**2 * DETAIL**2 + sigma**2)
    noise = cast(Noise, GivenNoise({"noise": e, "time": times}))
    (player,) = game.players
    terms = player.loss(Batch(x, torch.zeros(2, dtype=torch.int64)), noise)
    assert list(terms) == ["velocity"]
    assert terms["velocity"].item() == pytest.approx((found - alpha * e + sigma * x).square().mean().item(), rel=1e-12)


def test_the_network_is_shown_the_noised_clip_and_its_time() -> None:
    game = built()
    network = filled(game)
    x, e, times = drawn(2, 3, 3, 16, 16), drawn(2, 3, 3, 16, 16, seed=1), torch.tensor([0.2, 0.8]).double()
    alpha, sigma = (s[:, None, None, None, None] for s in signal_and_noise(times))
    expected = (network(alpha * x + sigma * e, times) - alpha * e + sigma * x).square().mean()
    noise = cast(Noise, GivenNoise({"noise": e, "time": times}))
    found = game.players[0].loss(Batch(x, torch.zeros(2, dtype=torch.int64)), noise)["velocity"]
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


def test_frames_meet_in_the_attention_between_frames_alone() -> None:
    network, times = filled(built()), torch.tensor([0.3]).double()
    z = drawn(1, 3, 3, 16, 16)
    other = z.clone()
    other[:, :, 2] += 1.0
    with torch.no_grad():
        assert (network(z, times) - network(other, times))[:, :, :2].abs().max() > 1e-4
        for module in network.modules():
            if isinstance(module, TemporalAttention):
                module.attention.out.weight.zero_()
        assert torch.equal(network(z, times)[:, :, :2], network(other, times)[:, :, :2])
        assert (network(z, times) - network(other, times))[:, :, 2].abs().max() > 1e-2


def test_samples_come_from_the_average() -> None:
    game = built(ema=0.5, ema_start=1)
    noise = cast(Noise, GivenNoise({"z": drawn(2, 3, 3, 16, 16)}))
    network, before = filled(game), game.sample(noise, TINY.grid)
    (player,) = game.players
    assert player.after is not None
    assert torch.equal(game.sample(noise, TINY.grid), before)
    first = [p.detach().clone() for p in network.parameters()]
    player.after(torch.tensor(0))  # before ema_start the average is the network
    with torch.no_grad():
        expected = ddim(network, drawn(2, 3, 3, 16, 16), 3, clip=True)
    torch.testing.assert_close(game.sample(noise, TINY.grid), expected, atol=1e-12, rtol=0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    player.after(torch.tensor(1))
    for mine, was in zip(game.parts["average"].parameters(), first, strict=True):
        torch.testing.assert_close(mine, was + 0.5, atol=1e-12, rtol=0)


def test_pixels_are_in_range_without_clipping_on_the_way() -> None:
    game = built(clip=False, ema=0.0, ema_start=0)
    for parameter in game.parts["average"].parameters():
        parameter.data = drawn(*parameter.shape) * 3
    noise = cast(Noise, GivenNoise({"z": drawn(2, 3, 3, 16, 16)}))
    assert game.sample(noise, TINY.grid).abs().max() == 1


def test_the_player_and_the_defaults() -> None:
    (player,) = VDM().build(Clip(16, 16, 101), VDMOptions(width=1 / 8), None).players
    assert (player.name, player.batch, player.feed, player.turns, player.every) == ("generator", 32, Feed(16), 1, 1)
    optimiser = player.optimiser(player.parameters)
    assert type(optimiser) is torch.optim.Adam
    assert optimiser.param_groups[0]["lr"] == 2e-4


@pytest.mark.parametrize(
    ("size", "patch", "words"), [(60, 2, "multiple of 8 pixels, not 60"), (64, 5, "multiple of 20"), (8, 4, "of 16")]
)
def test_frames_it_cannot_serve(size: int, patch: int, words: str) -> None:
    assert words in (VDM().refuses(Clip(16, size, 3), VDMOptions(patch=patch)) or "")


def test_there_is_no_path_of_latents_to_swap() -> None:
    declaration = VDM()
    assert declaration.latent(TINY, VDMOptions()) is None
    assert (declaration.own, declaration.can, declaration.reconstruction) == (None, frozenset(), True)
    with pytest.raises(PluginError, match="no latent path"):
        declaration.build(TINY, VDMOptions(), nn.Identity())
