"""MoCoGAN's discriminators at every size, instance noise, what the backbone refuses, and parameter counts."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor
from vidgen_backbones.mocogan import MoCoGAN, MoCoGANOptions
from vidgen_backbones.mocogan.discriminators import image_discriminator, video_discriminator
from vidgen_backbones.mocogan.generator import FrameGenerator

from tests.kit.small_mocogan import FULL, Cell, build, options, terms_of, turn_noise
from vidgen_bench.api import Clip, Feed
from vidgen_bench.errors import RequestError
from vidgen_bench.host.options import checked
from vidgen_bench.latent import count, on_meta
from vidgen_bench.noise import GivenNoise


@pytest.mark.parametrize("part", ["image_discriminator", "video_discriminator"])
def test_instance_noise_changes_the_logits_in_training_only(part: str) -> None:
    game = build(options(instance_noise=0.3))
    critic, x = game.parts[part], torch.rand(4, 3, 16, 32, 32) * 2 - 1
    x = x[:, :, 0] if part.startswith("image") else x
    first, other = turn_noise(4, 1), turn_noise(4, 2)
    for training, differs in ((True, True), (False, False)):
        critic.train(training)
        with torch.no_grad():
            real, again, fake, later = (
                critic(x, n, w) for n, w in ((first, "a"), (first, "a"), (first, "b"), (other, "a"))
            )
        assert torch.equal(real, again)
        assert torch.equal(real, fake) is not differs
        assert torch.equal(real, later) is not differs


def test_instance_noise_is_on_the_input_of_every_convolution() -> None:
    critic = video_discriminator("video", 32, 3, 1 / 16, 0.25)
    table = {
        f"real.{i}": torch.full(s, 0.5)
        for i, s in enumerate([(2, 3, 16, 32, 32), (2, 4, 13, 16, 16), (2, 8, 10, 8, 8), (2, 16, 7, 4, 4)])
    }
    seen: dict[int, Tensor] = {}
    for i, layer in enumerate(critic.layers):
        layer.register_forward_hook(lambda module, args, output, i=i: seen.update({i: args[0], i + 100: output}))
    clips = torch.randn(2, 3, 16, 32, 32)
    logits = critic(clips, GivenNoise(table), "real")
    assert len(critic.layers) == 4
    before = clips
    for i in range(4):
        torch.testing.assert_close(seen[i], before + 0.125)
        before = seen[i + 100]
    assert torch.equal(logits, before)


def test_without_instance_noise_nothing_is_drawn() -> None:
    critic = image_discriminator("patch", 32, 3, 1 / 16, 0.0)
    assert critic(torch.randn(2, 3, 32, 32), GivenNoise({}), "real").shape == (2, 1, 4, 4)


@pytest.mark.parametrize("size", [16, 32, 128])
def test_shapes_at_other_sizes(size: int) -> None:
    silent, width = GivenNoise({}), 1 / 32
    frames = 3 * (size.bit_length() - 2) + 1 + 2
    images, clips = torch.randn(2, 3, size, size), torch.randn(2, 3, frames, size, size)
    shapes = {
        (2, 1, 4, 4): image_discriminator("patch", size, 3, width, 0.0)(images, silent, ""),
        (2, 1, 1, 1): image_discriminator("image", size, 3, width, 0.0)(images, silent, ""),
        (2, 6, 3, 1, 1): video_discriminator("video", size, 3, width, 0.0, categories=5)(clips, silent, ""),
        (2, 1, 6, 4, 4): video_discriminator("patch", size, 3, width, 0.0)(clips, silent, ""),
    }
    for shape, logits in shapes.items():
        assert logits.shape == shape
    assert FrameGenerator(7, size, 3, width)(torch.randn(2, 7)).shape == (2, 3, size, size)


@pytest.mark.parametrize("images", ["patch", "image"])
@pytest.mark.parametrize("clips", ["video", "patch"])
def test_every_pair_of_discriminators_plays(images: str, clips: str) -> None:
    game = build(options(image_discriminator=images, video_discriminator=clips))
    terms = terms_of(game)
    for player in game.players:
        grads = torch.autograd.grad(torch.stack(list(terms[player.name].values())).sum(), player.parameters)
        assert all(g.isfinite().all() and g.abs().max() > 0 for g in grads)


@pytest.mark.parametrize("name", ["image_batch", "video_batch"])
def test_batch_normalisation_needs_two_rows(name: str) -> None:
    with pytest.raises(RequestError, match=f"backbone.{name}=1: expected integer, at least 2"):
        checked(MoCoGANOptions, name, "1", where=f"backbone.{name}")
    assert checked(MoCoGANOptions, name, "2", where=f"backbone.{name}") == 2


def test_the_defaults_are_those_of_the_paper_under_study() -> None:
    assert dataclasses.asdict(MoCoGANOptions()) == {
        "width": 1.0,
        "content": 50,
        "categories": 0,
        "motion": 16,
        "labels": False,
        "infogan": False,
        "instance_noise": 0.0,
        "stride": 1,
        "image_batch": 32,
        "video_batch": 32,
        "learning_rate": 2e-4,
        "weight_decay": 1e-5,
        "image_discriminator": "patch",
        "video_discriminator": "video",
    }
    with torch.device("meta"):
        game = MoCoGAN().build(FULL, MoCoGANOptions(), Cell(MoCoGAN().latent(FULL, MoCoGANOptions())))
    assert [(p.name, p.batch, p.feed, p.turns) for p in game.players] == [
        ("image_discriminator", 32, Feed(1), 1),
        ("video_discriminator", 32, Feed(16, stride=1), 1),
        ("generator", 32, None, 1),
    ]
    for player in game.players:
        optimiser = player.optimiser(player.parameters)
        assert type(optimiser) is torch.optim.Adam
        (group,) = optimiser.param_groups
        built = {name: group[name] for name in ("lr", "betas", "eps", "weight_decay", "amsgrad")}
        assert built == {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 1e-5, "amsgrad": False}
        assert {player.schedule(i) for i in (0, 50_000, 200_000)} == {1.0}


@pytest.mark.parametrize(
    ("clip", "chosen", "words"),
    [
        (Clip(16, 48, 3), {}, "16, 32, 64 ... pixels, not 48"),
        (Clip(16, 8, 3), {}, "not 8"),
        (Clip(15, 64, 3), {}, "shortens the clip by 3 frames: at 64 pixels it needs at least 16 frames, not 15"),
        (Clip(12, 64, 3), {"video_discriminator": "patch"}, "each of the 4 layers of its video discriminator shortens the clip by 3"),
        (Clip(16, 128, 3), {}, "at 128 pixels it needs at least 19 frames, not 16"),
        (FULL, {"labels": True}, "labels=true needs a category code: set categories to 101"),
        (FULL, {"infogan": True}, "infogan=true needs a category code: set categories to 101"),
        (FULL, {"labels": True, "categories": 6}, "each of the 101 classes of this track, not 6"),
        (FULL, {"categories": 6, "video_discriminator": "patch"}, "set video_discriminator=video or categories=0"),
    ],
)  # fmt: skip
def test_refusals_say_why(clip: Clip, chosen: dict[str, Any], words: str) -> None:
    assert words in (MoCoGAN().refuses(clip, MoCoGANOptions(**chosen)) or "")


@pytest.mark.parametrize(
    ("clip", "chosen"),
    [
        (FULL, {}),
        (FULL, {"categories": 6, "infogan": True}),
        (FULL, {"categories": 101, "labels": True}),
        (FULL, {"categories": 150, "labels": True, "infogan": True, "instance_noise": 0.1, "stride": 2}),
        (Clip(13, 64, 3), {"video_discriminator": "patch"}),
        (Clip(10, 16, 3), {}),
        (Clip(19, 128, 3), {}),
    ],
)
def test_what_fits_is_accepted(clip: Clip, chosen: dict[str, Any]) -> None:
    assert MoCoGAN().refuses(clip, MoCoGANOptions(**chosen)) is None


def test_parameter_counts_of_the_networks() -> None:
    expected = {
        3_298_176: lambda: FrameGenerator(66, 64, 3, 1.0),
        11_056_896: lambda: video_discriminator("video", 64, 3, 1.0, 0.0),
        11_253_504: lambda: video_discriminator("video", 64, 3, 1.0, 0.0, 6),
        14_366_464: lambda: video_discriminator("video", 64, 3, 1.0, 0.0, 101),
        2_650_880: lambda: video_discriminator("patch", 64, 3, 1.0, 0.0),
        663_296: lambda: image_discriminator("patch", 64, 3, 1.0, 0.0),
        2_765_568: lambda: image_discriminator("image", 64, 3, 1.0, 0.0),
    }
    for number, network in expected.items():
        assert count(on_meta(network)) == number


@pytest.mark.parametrize(
    ("chosen", "generator", "images", "clips"),
    [
        ({}, 3_299_808, 663_296, 11_056_896),
        ({"categories": 6, "motion": 10}, 3_298_836, 663_296, 11_253_504),
    ],
    ids=["paper under study", "original"],
)
def test_parameter_counts_of_the_game(chosen: dict[str, Any], generator: int, images: int, clips: int) -> None:
    o = MoCoGANOptions(**chosen)
    with torch.device("meta"):
        game = MoCoGAN().build(FULL, o, Cell(MoCoGAN().latent(FULL, o)))
    assert {name: count(part) for name, part in game.parts.items()} == {
        "generator": generator,
        "image_discriminator": images,
        "video_discriminator": clips,
    }
