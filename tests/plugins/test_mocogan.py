"""MoCoGAN beyond the contract: the choice of images, categories and class terms, samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from vidgen_backbones.mocogan import MoCoGAN, MoCoGANOptions, latents
from vidgen_backbones.mocogan.generator import Generator

from tests.kit.small_mocogan import FULL, SMALL, build, options, real, terms_of, turn_noise
from vidgen_bench.api import Batch, Feed, LatentSpec
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import GivenNoise, sampling_noise


# -------------------------------------------------------------------------------------------------- the choice of images
def test_images_are_picked_without_replacement_and_in_order() -> None:
    images, frames = 5, 7
    for key in range(20):
        videos, at = latents.picks(turn_noise(3, key), images, frames)
        flat = (videos * frames + at).tolist()
        assert flat == sorted(set(flat))
        assert len(flat) == images
        assert min(flat) >= 0
        assert max(flat) < 2 * images * frames * frames


def test_picks_are_those_of_one_process_whatever_the_world_size() -> None:
    images, frames = 6, 4
    whole = latents.picks(turn_noise(12), images, frames)
    for world in (2, 3):
        shares = [latents.picks(turn_noise(12, rank=r, world=world), images, frames) for r in range(world)]
        for i in range(2):
            assert torch.equal(torch.cat([s[i] for s in shares]), whole[i])


def test_every_video_and_frame_is_as_likely() -> None:
    images, frames, keys = 4, 4, 400
    drawn = [latents.picks(turn_noise(1, key), images, frames) for key in range(keys)]
    for i, cells in ((0, 2 * images * frames), (1, frames)):
        counts = torch.cat([d[i] for d in drawn]).bincount(minlength=cells).double()
        assert len(counts) == cells
        expected = images * keys / cells
        chi2 = ((counts - expected) ** 2 / expected).sum().item()
        assert chi2 < (cells - 1) + 5 * (2 * (cells - 1)) ** 0.5


def test_image_latents_are_those_of_whole_videos_computed_in_full() -> None:
    """The original computes all 2 n T videos and picks; we compute the n that are picked from."""
    chosen = options(image_batch=3, video_batch=2, categories=3)
    clip = replace(SMALL, frames=13)
    game, noise = build(chosen, clip), turn_noise(2)
    generator = game.parts["generator"]
    assert isinstance(generator, Generator)
    pool = replace(noise, rows=chosen.video_batch + torch.arange(2 * 3 * clip.frames))
    everything = generator.latents(latents.fixed(chosen, pool), latents.start(chosen, pool), clip.grid, pool)
    videos, at = latents.picks(noise, 3, clip.frames)
    torch.testing.assert_close(
        latents.image_latents(generator, chosen, clip.grid, noise), everything[videos, at], atol=1e-6, rtol=0
    )


def test_the_images_of_a_turn_are_not_frames_of_its_clips() -> None:
    chosen = options(image_batch=8, video_batch=64)
    game, noise = build(chosen), turn_noise(64)
    generator = game.parts["generator"]
    assert isinstance(generator, Generator)
    images = latents.image_latents(generator, chosen, SMALL.grid, noise)[:, : chosen.content]
    clips = latents.fixed(chosen, noise)
    assert images.shape == (8, chosen.content)
    assert (images[:, None] - clips[None]).abs().amax(2).min() > 0.1


def test_batches_of_images_and_of_clips_may_differ() -> None:
    game = build(options(image_batch=6, video_batch=2))
    assert [(p.name, p.batch, p.feed) for p in game.players] == [
        ("image_discriminator", 6, Feed(1)),
        ("video_discriminator", 2, Feed(16)),
        ("generator", 2, None),
    ]
    seen: list[int] = []
    critic = game.parts["image_discriminator"]
    critic.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
    terms_of(game)
    assert seen == [6, 6, 6]


def test_two_processes_have_the_losses_of_one() -> None:
    """Images and clips in different numbers, classes, instance noise; batch norm at rest, for the harness synchronises it."""
    game = build(options(image_batch=6, video_batch=4, categories=3, labels=True, infogan=True, instance_noise=0.2))
    for part in game.parts.values():
        for layer in part.modules():
            layer.training = not isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d)
    for player in game.players:
        batch, each = real(player), player.batch // 2
        whole = player.loss(batch, turn_noise(player.batch))
        halves = []
        for rank in range(2):
            mine = slice(rank * each, (rank + 1) * each)
            share = None if batch is None else Batch(batch.clips[mine], batch.labels[mine])
            halves.append(player.loss(share, turn_noise(player.batch, rank=rank, world=2)))
        for name, term in whole.items():
            torch.testing.assert_close((halves[0][name] + halves[1][name]) / 2, term, atol=1e-6, rtol=1e-6)
            assert halves[0][name] != halves[1][name]


def test_stride_and_optimiser_reach_the_players() -> None:
    game = build(options(stride=2, learning_rate=1e-3, weight_decay=0.01))
    assert game.players[1].feed == Feed(16, stride=2)
    for player in game.players:
        (group,) = player.optimiser(player.parameters).param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-3, (0.5, 0.999), 0.01)


# ------------------------------------------------------------------------------------------------------------ categories
def test_categories_are_one_hot_and_uniform() -> None:
    chosen = options(categories=6)
    codes = latents.category(chosen, sampling_noise(0, "test", torch.arange(6000)))
    assert codes.shape == (6000, 6)
    assert set(codes.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(codes.sum(1), torch.ones(6000))
    assert (codes.sum(0) - 1000).abs().max() < 5 * (6000 * 5 / 36) ** 0.5


def test_a_frame_vector_is_content_category_motion() -> None:
    chosen = options(categories=4, content=3, motion=2)
    noise = GivenNoise(
        {
            "content": torch.arange(6.0).view(2, 3),
            "category": torch.tensor([3, 1]),
            "z": torch.zeros(2, 2),
            "drive": torch.ones(2, 16, 2),
        }
    )
    generator = build(chosen).parts["generator"]
    assert isinstance(generator, Generator)
    z = generator.latents(latents.fixed(chosen, noise), latents.start(chosen, noise), SMALL.grid, noise)
    assert z.shape == (2, 16, 9)
    fixed = torch.tensor([[0.0, 1, 2, 0, 0, 0, 1], [3.0, 4, 5, 0, 1, 0, 0]])
    assert torch.equal(z[:, :, :7], fixed[:, None].expand(-1, 16, -1))
    assert torch.equal(z[:, :, 7:], generator.temporal(torch.zeros(2, 2), SMALL.grid, noise))


@pytest.mark.parametrize(
    ("chosen", "video", "generator"),
    [
        ({"categories": 3}, {"real", "fake"}, {"video", "image"}),
        ({"categories": 3, "labels": True}, {"real", "fake", "category"}, {"video", "image"}),
        ({"categories": 3, "infogan": True}, {"real", "fake"}, {"video", "image", "infogan"}),
        (
            {"categories": 5, "labels": True, "infogan": True},
            {"real", "fake", "category"},
            {"video", "image", "infogan"},
        ),
    ],
    ids=["neither", "labels", "infogan", "both"],
)
def test_class_terms(chosen: dict[str, Any], video: set[str], generator: set[str]) -> None:
    terms = terms_of(build(options(**chosen)))
    assert set(terms["image_discriminator"]) == {"real", "fake"}
    assert set(terms["video_discriminator"]) == video
    assert set(terms["generator"]) == generator


def test_gradients_of_the_class_terms_reach_whom_they_teach() -> None:
    game = build(options(categories=3, labels=True, infogan=True))
    terms = terms_of(game)
    critic, generator = (dict(game.parts[p].named_parameters()) for p in ("video_discriminator", "generator"))
    last = list(critic.values())[-1]
    (of_labels,) = torch.autograd.grad(terms["video_discriminator"]["category"], [last], retain_graph=True)
    assert of_labels.shape[0] == 4
    assert of_labels[0].abs().max() == 0  # the first logit judges, it does not classify
    assert all(of_labels[i].abs().max() > 0 for i in (1, 2, 3))
    (of_real,) = torch.autograd.grad(terms["video_discriminator"]["real"], [last])
    assert of_real[0].abs().max() > 0
    assert of_real[1:].abs().max() == 0
    grads = torch.autograd.grad(terms["generator"]["infogan"], list(generator.values()))
    assert all(g.abs().max() > 0 for g in grads)


def test_class_terms_are_the_cross_entropy_of_labels_and_of_own_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = options(categories=3, labels=True, infogan=True)
    game = build(chosen)
    logits = torch.randn(4, 4, 4, 1, 1, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(game.parts["video_discriminator"], "forward", lambda clips, noise, name: logits)
    terms, noise = terms_of(game), turn_noise(4)
    classes = logits[:, 1:, :, 0, 0].log_softmax(1)
    for name, term, truth in (
        ("video_discriminator", "category", torch.tensor([0, 1, 2, 0])),
        ("generator", "infogan", noise.integers("category", 3)),
    ):
        expected = -torch.stack([classes[n, truth[n]] for n in range(4)]).mean()
        torch.testing.assert_close(terms[name][term], expected)
    softplus = nn.functional.softplus
    torch.testing.assert_close(terms["generator"]["video"], softplus(-logits[:, 0]).mean())
    torch.testing.assert_close(terms["video_discriminator"]["fake"], softplus(logits[:, 0]).mean())


# ------------------------------------------------------------------------------------- what is asked for, and samples
def test_it_needs_a_temporal_generator() -> None:
    with pytest.raises(PluginError, match="mocogan needs a temporal generator"):
        MoCoGAN().build(SMALL, options(), None)


def test_what_it_asks_of_a_temporal_generator() -> None:
    assert MoCoGAN().latent(FULL, MoCoGANOptions()) == LatentSpec((16,), 16, 16, 16, "normal", embedding=(64,))
    assert MoCoGAN().latent(FULL, MoCoGANOptions(motion=10)) == LatentSpec((10,), 16, 10, 10, "normal", embedding=(40,))


def test_a_sample_depends_on_its_own_row() -> None:
    game = build(options(categories=3))
    game.parts["generator"].eval()
    with torch.no_grad():
        together = game.draw(sampling_noise(0, "test", torch.arange(4)), SMALL.grid)
        alone = game.draw(sampling_noise(0, "test", torch.tensor([2])), SMALL.grid)
    assert together.shape == (4, 3, 16, 32, 32)
    assert together.abs().max() < 1
    torch.testing.assert_close(alone[0], together[2], atol=2e-6, rtol=0)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_frames_differ_by_motion_alone() -> None:
    """With one motion code on all frames the frames are equal: content and category do not change in time."""
    game = build(options(categories=3))
    generator = game.parts["generator"].eval()
    assert isinstance(generator, Generator)
    with torch.no_grad():
        for parameter in generator.temporal.parameters():
            parameter.zero_()
        generator.temporal.cell.bias_ih[16:32] = 50.0  # the update gate stays shut: h_t = h_0
        clips = game.draw(sampling_noise(0, "test", torch.arange(2)), SMALL.grid)
    torch.testing.assert_close(clips, clips[:, :, :1].expand_as(clips), atol=2e-6, rtol=0)
    assert (clips[0] - clips[1]).abs().max() > 1e-3
