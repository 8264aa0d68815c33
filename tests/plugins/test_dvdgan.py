"""DVD-GAN: counts, the order of conditions, projection, who trains what, longer clips, the average."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from vidgen_backbones.dvdgan import DVDGAN
from vidgen_backbones.dvdgan.discriminators import Projection, spatial_discriminator, temporal_discriminator
from vidgen_backbones.dvdgan.stage import Recurrence, Stage

from tests.kit.pairs import HOST, evaluating, real
from vidgen_bench.api import Clip, Game, Player
from vidgen_bench.blocks import random_frames
from vidgen_bench.latent import count
from vidgen_bench.noise import key_of, sampling_noise, training_noise
from vidgen_bench.training.step import apply, gradients

BACKBONE = DVDGAN()
SMALL, CHOSEN = BACKBONE.small


def options(**chosen: Any) -> Any:
    return BACKBONE.options(**{**CHOSEN, **chosen})


def play(clip: Clip = SMALL, **chosen: Any) -> Game:
    torch.manual_seed(0)
    made, temporal = options(**chosen), HOST.find("temporal", "convgru").declaration
    spec = BACKBONE.latent(clip, made)
    return BACKBONE.build(clip, made, temporal.build(spec, temporal.options()))


def noise_of(player: Player, key: int = 0) -> Any:
    return training_noise(torch.tensor(key_of(key, player.name)), player.batch)


# ------------------------------------------------------------------------------------------------------------- refusals
def test_it_says_why_it_refuses_a_clip() -> None:
    for frames, size, k, words in (
        (16, 48, 8, "16, 32, 64 ... pixels, not 48"),
        (16, 8, 8, "not 8"),
        (4, 64, 8, "set judged_frames to at most 4"),
    ):
        assert words in (BACKBONE.refuses(Clip(frames, size, 3), BACKBONE.options(judged_frames=k)) or "")
    for frames, size in ((8, 16), (16, 64), (16, 128), (9, 256)):
        assert BACKBONE.refuses(Clip(frames, size, 3), BACKBONE.options()) is None


@pytest.mark.parametrize("size", [32, 64])
def test_other_sizes_and_an_odd_number_of_frames(size: int) -> None:
    clip = Clip(5, size, 2)
    game = play(clip, channels=1, discriminator_channels=1, batch=2)
    assert evaluating(game).draw(sampling_noise(0, "test", torch.arange(2)), clip.grid).shape == (2, 3, 5, size, size)
    for player in game.players:
        terms, _ = gradients(player, real(clip, 5, 2) if player.feed else None, noise_of(player))
        assert all(bool(term.isfinite()) for term in terms.values())


# --------------------------------------------------------------------------------------------------------------- counts
def counted(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(count(layer) for layer in network.modules() if isinstance(layer, kind))


def test_the_parts_that_a_public_port_has_too_have_its_counts() -> None:
    """From ours to the port's 136,742,235, 9,913,698 and 10,433,250 parameters: only the parts named here differ."""
    clip = Clip(frames=16, size=64, classes=101)
    with torch.device("meta"):
        game = play(clip, channels=32, discriminator_channels=32)
    generator = game.parts["generator"]
    assert count(generator.temporal.lift) + count(generator.embedding) == 987_136 + 12_120
    up = [b for stage in generator.frames.stages for b in (stage.first, stage.second)]
    convolutions = sum(count(layer) for block in up for layer in (block.first, block.second))
    scales = sum(count(norm) for block in up for norm in (block.first_norm, block.second_norm))
    assert convolutions == 6_749_312
    biases = scales // 240  # the port's scales and shifts have a bias, its shortcuts a 1x1 convolution everywhere
    everywhere = sum((block.first.in_channels + 1) * block.first.out_channels for block in up)
    recurrences = 3 * _port_gru(256, (256, 512, 256), (3, 5, 3)) + _port_gru(128, (128, 256, 128), (3, 5, 5))
    last = count(generator.frames.render)
    assert 987_136 + 12_120 + convolutions + scales + biases + everywhere + recurrences + last == 136_742_235
    for name, theirs in (("spatial_discriminator", 9_913_698), ("temporal_discriminator", 10_433_250)):
        network = game.parts[name]
        attention, last_skip = 20_641, 512 * 512 + 512
        assert count(network) - count(network.attention) + attention + last_skip == theirs


def _port_gru(before: int, hidden: tuple[int, ...], kernels: tuple[int, ...]) -> int:
    """Parameters of stacked ConvGRU cells with three gates each: k x k over [input, state], with biases."""
    total = 0
    for width, kernel in zip(hidden, kernels, strict=True):
        total, before = total + 3 * ((before + width) * width * kernel**2 + width), width
    return total


def test_every_weight_layer_of_its_networks_is_normalised_once_per_pass() -> None:
    game = play()
    for network in (
        game.parts["generator"].frames,
        game.parts["spatial_discriminator"],
        game.parts["temporal_discriminator"],
    ):
        layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Conv3d | nn.Embedding)]
        assert layers
        assert all(is_parametrized(layer, "weight") for layer in layers)
    assert not any(is_parametrized(layer) for layer in game.parts["generator"].temporal.modules())
    cell = game.parts["generator"].frames.stages[1].recurrence.cell
    calls: list[int] = []
    cell.gates.parametrizations.weight[0].register_forward_hook(lambda *_: calls.append(1))
    (player,) = (p for p in game.players if p.name == "generator")
    player.loss(None, noise_of(player))
    assert calls == [1]  # for all frames


# ------------------------------------------------------------------------------------------------------ order and rows
def test_every_frame_gets_the_code_of_its_own_clip() -> None:
    torch.manual_seed(0)
    stage = Stage(4, 2, 6, recurrent=True, attended=3).eval()
    for parameter in stage.parameters():
        nn.init.normal_(parameter, std=0.3)
    maps, codes = torch.randn(4, 3, 4, 8, 8), torch.randn(4, 6)
    together = stage(maps, codes)
    alone = torch.cat([stage(maps[i : i + 1], codes[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(together, stage(maps, codes.roll(1, 0)), atol=1e-2)


def test_the_unrolled_recurrence_is_its_cell_step_by_step() -> None:
    torch.manual_seed(0)
    recurrence = Recurrence(3).double()
    maps = torch.randn(2, 4, 3, 5, 5, dtype=torch.float64)
    state = None
    for frame, found in zip(maps.unbind(1), recurrence(maps).unbind(1), strict=True):
        state = recurrence.cell(frame, state)
        torch.testing.assert_close(found, state, atol=1e-12, rtol=0)


# ------------------------------------------------------------------------------------------------------- discriminators
def test_the_projection_by_hand() -> None:
    torch.manual_seed(0)
    head = Projection(5, 3).double()
    maps, labels = torch.randn(4, 5, 2, 2, dtype=torch.float64), torch.tensor([2, 0, 2, 1])
    h = np.maximum(maps.numpy(), 0.0).sum((2, 3))
    w, b, e = (t.detach().numpy() for t in (head.linear.weight, head.linear.bias, head.embedding.weight))
    expected = [w[0] @ h[i] + b[0] + e[labels[i]] @ h[i] for i in range(4)]
    np.testing.assert_allclose(head(maps, labels).detach().numpy(), expected, atol=1e-12)
    assert Projection(5, 0)(maps.float(), None).shape == (4,)


def test_the_spatial_score_is_a_sum_over_frames_and_the_temporal_one_sees_their_order() -> None:
    torch.manual_seed(0)
    clips, labels = torch.rand(3, 3, 8, 16, 16), torch.tensor([0, 1, 1])
    spatial, temporal = (make(SMALL, 2, 3).eval() for make in (spatial_discriminator, temporal_discriminator))
    with torch.no_grad():
        by_frame = sum(spatial(clips[:, :, t : t + 1], labels) for t in range(8))
        torch.testing.assert_close(spatial(clips, labels), by_frame, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(spatial(clips.flip(2), labels), by_frame, atol=1e-4, rtol=1e-4)
        mixed = clips[:, :, torch.tensor([0, 4, 1, 5, 2, 6, 3, 7])]
        assert (temporal(mixed, labels) - temporal(clips, labels)).abs().max() > 1e-4
        half = nn.functional.avg_pool3d(clips, (1, 2, 2)).repeat_interleave(2, 3).repeat_interleave(2, 4)
        torch.testing.assert_close(temporal(half, labels), temporal(clips, labels), atol=1e-4, rtol=1e-4)
        assert not torch.allclose(spatial(clips, labels), spatial(clips, 1 - labels))


# -------------------------------------------------------------------------------------------------------------- players
def weights(network: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in network.parameters()]


@pytest.mark.parametrize("conditional", [True, False])
def test_each_player_moves_its_own_networks_alone(conditional: bool) -> None:
    game = play(conditional=conditional, labels="uniform")
    assert (game.labels is None) == (not conditional)
    assert [(p.name, p.turns) for p in game.players] == [("discriminators", 2), ("generator", 1)]
    trained = {"discriminators": {"spatial_discriminator", "temporal_discriminator"}, "generator": {"generator"}}
    for player in game.players:
        before = {name: weights(part) for name, part in game.parts.items()}
        terms, grads = gradients(
            player, real(SMALL, SMALL.frames, player.batch) if player.feed else None, noise_of(player)
        )
        apply(player, player.optimiser(player.parameters), grads)
        moved = {n for n, was in before.items() if not all(map(torch.equal, was, weights(game.parts[n])))}
        assert moved == trained[player.name]
        assert set(terms) == (
            {"spatial_real", "spatial_fake", "temporal_real", "temporal_fake"}
            if player.feed
            else {"spatial", "temporal"}
        )


def test_the_discriminators_loss_by_hand() -> None:
    """Real and fake clips go through the networks together; each score equals that of its own pass."""
    game = evaluating(play())
    player = game.players[0]
    noise, batch = noise_of(player), real(SMALL, SMALL.frames, player.batch)

    def judged(clips: Tensor, name: str) -> Tensor:
        return random_frames(clips.transpose(1, 2), 2, noise, name).transpose(1, 2)

    terms = player.loss(batch, noise)
    with torch.no_grad():
        fakes = game.parts["generator"](noise.normal("z", 120), game.labels(noise), SMALL.grid, noise)
        spatial, temporal = game.parts["spatial_discriminator"], game.parts["temporal_discriminator"]
        expected = {
            "spatial_real": (1 - spatial(judged(batch.clips, "judged-real"), batch.labels)).relu().mean(),
            "spatial_fake": (1 + spatial(judged(fakes, "judged-fake"), game.labels(noise))).relu().mean(),
            "temporal_real": (1 - temporal(batch.clips, batch.labels)).relu().mean(),
            "temporal_fake": (1 + temporal(fakes, game.labels(noise))).relu().mean(),
        }
    for name, value in expected.items():
        torch.testing.assert_close(terms[name].detach(), value, atol=1e-5, rtol=1e-5)


# ------------------------------------------------------------------------------------------------------------- sampling
def test_samples_come_from_the_average_and_are_of_the_given_classes() -> None:
    game = play(average_start=1, average_decay=0.5)
    player, average = game.players[1], game.parts["average"]
    for iteration in range(2):
        _, grads = gradients(player, None, noise_of(player, iteration))
        apply(player, player.optimiser(player.parameters), grads)
        with torch.no_grad():
            player.after(torch.tensor(iteration))
    evaluating(game)
    noise, labels = sampling_noise(0, "test", torch.arange(3)), torch.tensor([0, 1, 2])
    z = noise.normal("z", 120)
    with torch.no_grad():
        drawn = game.draw(noise, SMALL.grid, labels)
        assert torch.equal(drawn, average(z, labels, SMALL.grid, noise))
        assert not torch.allclose(drawn, game.parts["generator"](z, labels, SMALL.grid, noise))
        assert not torch.allclose(drawn, game.draw(noise, SMALL.grid, labels.roll(1)))
    one = play(replace(SMALL, class_videos=(0, 5, 0)), labels="training-list")
    assert set(one.labels(noise).tolist()) == {1}
