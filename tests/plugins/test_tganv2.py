"""TGANv2: what its recipes set, its pyramid, its losses and penalty, simultaneous play, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from vidgen_backbones.tganv2 import TGANv2, TGANv2Options, sizes
from vidgen_backbones.tganv2.game import squared_gradient
from vidgen_backbones.tganv2.generator import Generator
from vidgen_backbones.tganv2.subsampling import kept, real_pyramid

from vidgen_bench.api import Batch, Clip, Feed, Game, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count
from vidgen_bench.noise import GivenNoise, Noise, key_of, sampling_noise, training_noise
from vidgen_bench.training.step import gradients

BACKBONE = TGANv2()
FULL = Clip(frames=16, size=192, classes=101, spare=64)
SMALL, NARROW = replace(BACKBONE.small[0], spare=10), BACKBONE.small[1]


def play(name: str, clip: Clip = SMALL, **chosen: Any) -> Game:
    """Build the game with a temporal generator of this name; small, with columns to spare, unless set otherwise."""
    options, clip = BACKBONE.options(**chosen), replace(clip, spare=8)
    assert BACKBONE.refuses(clip, options) is None
    temporal: Temporal = Host.of_environment().find("temporal", name).declaration
    spec = BACKBONE.latent(clip, options)
    torch.manual_seed(0)
    return BACKBONE.build(clip, options, temporal.build(spec, temporal.options(**temporal.sets)))


def real(rows: int, clip: Clip = SMALL) -> Batch:
    generator = torch.Generator().manual_seed(1)
    clips = torch.rand(rows, clip.channels, clip.frames, clip.size, clip.size, generator=generator) * 2 - 1
    return Batch(clips, torch.zeros(rows, dtype=torch.int64))


def noise_of(rows: int, *key: int | str) -> Noise:
    return training_noise(torch.tensor(key_of(*key)), rows)


def training(game: Game) -> Game:
    for part in game.parts.values():
        part.train()
    return game


# ----------------------------------------------------------------------------------------------------- sizes and counts
@pytest.mark.parametrize(("name", "generator"), [("convlstm", 88_032_460), ("ode1", 21_969_100)])
def test_parameters(name: str, generator: int) -> None:
    with torch.device("meta"):
        game = play(name, FULL)
    assert count(game.parts["generator"]) == generator
    assert count(game.parts["generator"].get_submodule("stages")) + count(
        game.parts["generator"].get_submodule("heads")
    ) == (10_162_380)
    assert count(game.parts["generator"].get_submodule("temporal")) == generator - 10_162_380
    assert count(game.parts["discriminator"].get_submodule("levels.0")) == 29_019_265
    assert count(game.parts["discriminator"]) == 116_077_060


@pytest.mark.parametrize(
    ("frames", "size", "chosen"),
    [(2, 4, {"levels": 1}), (4, 16, {"levels": 3}), (4, 24, {}), (4, 20, {"levels": 2}), (2, 32, {"base": 2})],
)
def test_other_sizes(frames: int, size: int, chosen: dict[str, Any]) -> None:
    clip = Clip(frames, size, 3)
    game = training(play("convlstm", clip, width=1 / 128, batch=2, **chosen))
    noise = sampling_noise(0, "test", torch.arange(2))
    assert game.draw(noise, clip.grid).shape == (2, 3, frames, size, size)
    for player in game.players:
        terms, grads = gradients(player, real(2, clip), noise_of(2, player.name))
        assert all(t.isfinite() for t in terms.values())
        assert all(g.isfinite().all() for g in grads)


def test_the_first_map_has_the_odd_part_of_the_side() -> None:
    assert [sizes.first_side(s, "auto") for s in (192, 96, 112, 64, 32, 4)] == [3, 3, 7, 4, 4, 4]
    assert sizes.first_side(192, 6) == 6
    assert BACKBONE.latent(FULL, TGANv2Options()).shape == (1024, 3, 3)
    assert BACKBONE.latent(SMALL, TGANv2Options(width=1 / 32)).shape == (32, 4, 4)


def test_it_says_why_it_refuses() -> None:
    for clip, chosen, words in (
        (Clip(12, 192, 3), {}, "powers of two), not 12"),
        (Clip(1, 192, 3), {}, "powers of two), not 1"),
        (Clip(16, 50, 3), {"base": 4}, "a map of 4 x 4 doubled repeatedly: 8, 16, 32, 64 ... pixels, not 50"),
        (Clip(16, 2, 3), {}, "4 x 4 doubled"),
        (Clip(16, 64, 3), {"base": 3}, "3 x 3 doubled repeatedly: 6, 12, 24, 48 ... pixels, not 64"),
        (Clip(16, 16, 3), {}, "4 resolutions, each twice the previous one, need 3 doublings"),
        (Clip(16, 16, 3), {}, "from 4 to 16 pixels there are 2: set levels to 3 or fewer"),
        (Clip(16, 27, 3), {}, "there are 0: set levels to 1 or fewer"),
    ):
        assert words in (BACKBONE.refuses(clip, TGANv2Options(**chosen)) or "")
    sideways = TGANv2Options(recipe="official")
    assert "takes every column: set recipe=paper" in (BACKBONE.refuses(replace(FULL, spare=0), sideways) or "")
    assert BACKBONE.refuses(FULL, sideways) is None
    for clip in (FULL, SMALL, Clip(2, 64, 3), Clip(32, 96, 3)):
        assert BACKBONE.refuses(clip, TGANv2Options()) is None
    assert BACKBONE.refuses(Clip(16, 16, 3), TGANv2Options(base=2)) is None


# --------------------------------------------------------------------------------------------------------------- recipes
def test_the_recipes_set_what_the_programs_set() -> None:
    paper, official = play("convlstm", width=1 / 32), play("convlstm", width=1 / 32, recipe="official")
    assert [p.name for p in paper.players] == ["discriminator", "generator"]
    assert [p.name for p in official.players] == ["both"]
    assert [p.feed for p in paper.players] == [Feed(8), None]
    assert official.players[0].feed == Feed(8, augment=("flip", "shift-x"))
    for game, batch, epsilon in ((paper, 32, 1e-8), (official, 128, 8e-8)):
        for player in game.players:
            (group,) = player.optimiser(player.parameters).param_groups
            assert (group["lr"], group["betas"], group["eps"]) == (1e-4, (0.0, 0.9), epsilon)
            assert isinstance(player.optimiser(player.parameters), torch.optim.Adam)
            assert (player.batch, player.turns) == (batch, 1)
    assert play("convlstm", recipe="official", width=1 / 32, batch=6).players[0].batch == 6


def test_the_learning_rate_falls_to_zero() -> None:
    for player in play("convlstm", **NARROW).players:
        at = [player.schedule(i) for i in (0, 1, 25_000, 82_000, 100_000, 130_000)]
        assert at == pytest.approx([1.0, 0.99999, 0.75, 0.18, 0.0, 0.0], abs=1e-15)
        assert at[-2:] == [0.0, 0.0]
    assert play("convlstm", **NARROW, decay_iterations=10).players[0].schedule(5) == 0.5


@pytest.mark.parametrize(("recipe", "frames"), [("paper", [16, 4, 1, 1]), ("official", [16, 8, 4, 2])])
def test_frames_of_the_levels(recipe: str, frames: list[int]) -> None:
    clip = Clip(16, 32, 3, spare=10)
    game = play("convlstm", clip, recipe=recipe, width=1 / 128, batch=2)
    noise = noise_of(2, "frames")
    generator = cast(Generator, game.parts["generator"])
    fakes = generator.pyramid(torch.zeros(2, 256), clip.grid, noise)
    reals = real_pyramid(real(2, clip).clips, 4, generator.factor, noise)
    sides = [4, 8, 16, 32]
    for pyramid in (fakes, reals):
        assert [tuple(x.shape) for x in pyramid] == [(2, 3, t, s, s) for t, s in zip(frames, sides, strict=True)]


# -------------------------------------------------------------------------------------------------------------- sampling
def test_kept_frames_begin_at_every_offset_equally_often() -> None:
    seen = [kept(noise_of(3, k), "x", 16, 4) for k in range(800)]
    assert all(torch.equal(s.diff(), torch.full((3,), 4)) for s in seen)
    first = torch.stack([s[0] for s in seen]).bincount(minlength=4)
    assert len(first) == 4
    assert (first - 200).abs().max() < 5 * math.sqrt(800 * 3 / 16)
    assert {kept(noise_of(3, k), "x", 2, 4).tolist()[0] for k in range(40)} == {0, 1}
    assert {len(kept(noise_of(3, k), "x", 2, 4)) for k in range(40)} == {1}
    assert kept(noise_of(3, 0), "x", 1, 4).tolist() == [0]


def test_the_real_pyramid_leaves_out_frames_and_halves_again_and_again() -> None:
    clips = torch.rand(2, 3, 16, 32, 32, dtype=torch.float64)
    noise = cast(Noise, GivenNoise({f"real-frames-{k}": torch.tensor(r) for k, r in ((1, 1), (2, 3), (3, 0))}))
    pyramid = real_pyramid(clips, 4, 2, GivenNoise({f"real-frames-{k}": torch.tensor(1) for k in (1, 2, 3)}))  # type: ignore[arg-type]
    frames = [list(range(16)), [1, 3, 5, 7, 9, 11, 13, 15], [3, 7, 11, 15], [7, 15]]
    for level, at in enumerate(frames):
        expected = clips[:, :, at]
        for _ in range(3 - level):
            expected = (
                expected[..., ::2, ::2]
                + expected[..., 1::2, ::2]
                + expected[..., ::2, 1::2]
                + expected[..., 1::2, 1::2]
            ) / 4
        torch.testing.assert_close(pyramid[level], expected, atol=1e-14, rtol=0)
    paper = real_pyramid(clips, 4, 4, noise)
    assert torch.equal(paper[3], clips[:, :, [13]])


@dataclass(frozen=True)
class Listening:
    """Noise that records the names of its draws."""

    noise: Noise
    drawn: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        def ask(what: str, *rest: Any) -> Any:
            self.drawn.append(what)
            return getattr(self.noise, name)(what, *rest)

        return ask


def test_real_and_fake_frames_are_drawn_apart() -> None:
    game = training(play("convlstm", **NARROW))
    listening = Listening(noise_of(4, "apart"))
    game.players[0].loss(real(4), cast(Noise, listening))
    assert len(set(listening.drawn)) == len(listening.drawn) == 7  # z, three for fakes, three for real clips
    assert {n.rpartition("-")[0] for n in listening.drawn} == {"", "fake-frames", "real-frames"}


def test_a_sample_depends_on_its_own_row_only() -> None:
    game = play("convlstm", **NARROW)
    for part in game.parts.values():
        part.eval()
    with torch.no_grad():
        batch = game.draw(sampling_noise(0, "test", torch.tensor([4, 5, 6])), SMALL.grid)
        alone = game.draw(sampling_noise(0, "test", torch.tensor([5])), SMALL.grid)
    assert batch.abs().max() < 1
    assert not torch.allclose(batch[0], batch[1])
    torch.testing.assert_close(alone[0], batch[1], atol=2e-6, rtol=0)


# ------------------------------------------------------------------------------------------------------ loss and penalty
def test_the_penalty_is_half_the_sum_over_a_batch_of_32() -> None:
    game = training(play("convlstm", **{**NARROW, "batch": 32}))
    noise, batch = noise_of(32, "penalty"), real(32)
    ours = game.players[0].loss(batch, noise)["penalty"]
    inputs = [x.requires_grad_() for x in real_pyramid(batch.clips, 4, 4, noise)]
    total = game.parts["discriminator"](inputs).sum()
    published = 0.5 * sum(g.square().sum() for g in torch.autograd.grad(total, inputs))
    assert ours.item() == pytest.approx(cast(Tensor, published).item(), rel=1e-5)
    assert ours.item() > 0


def test_the_penalty_does_not_depend_on_the_batch() -> None:
    game = training(play("convlstm", **NARROW))
    once = real(3)
    twice = Batch(torch.cat([once.clips, once.clips]), torch.cat([once.labels, once.labels]))
    loss = game.players[0].loss
    assert loss(once, noise_of(3, "b"))["penalty"].item() == pytest.approx(
        loss(twice, noise_of(6, "b"))["penalty"].item(), rel=1e-5
    )
    inputs = [x.requires_grad_() for x in real_pyramid(once.clips, 4, 4, noise_of(3, "b"))]
    rows = squared_gradient(game.parts["discriminator"](inputs), inputs)
    (first,) = squared_gradient(game.parts["discriminator"]([x[:1] for x in inputs]), inputs)[:1]
    assert rows.shape == (3,)
    assert rows[0].item() == pytest.approx(first.item(), rel=1e-5)
    half = training(play("convlstm", **NARROW, penalty=8.0)).players[0].loss(once, noise_of(3, "b"))["penalty"]
    assert half.item() == pytest.approx(8 * rows.mean().item(), rel=1e-5)


def test_the_terms_are_means_over_all_levels() -> None:
    game = training(play("convlstm", **NARROW))
    noise, batch = noise_of(4, "terms"), real(4)
    critic, generator = game.parts["discriminator"], cast(Generator, game.parts["generator"])
    with torch.no_grad():
        at_real = critic(real_pyramid(batch.clips, 4, 4, noise))
        at_fake = critic(generator.pyramid(2 * noise.uniform("z", 256) - 1, SMALL.grid, noise))
    assert len(at_real) == 16
    terms = game.players[0].loss(batch, noise)
    assert terms["real"].item() == pytest.approx((1 + (-at_real).exp()).log().mean().item(), rel=1e-5)
    assert terms["fake"].item() == pytest.approx((1 + at_fake.exp()).log().mean().item(), rel=1e-5)
    weights = tuple(generator.parameters())
    assert torch.autograd.grad(terms["fake"], weights, allow_unused=True) == (None,) * len(weights)
    assert game.players[1].loss(None, noise)["fake"].item() == pytest.approx(
        (1 + (-at_fake).exp()).log().mean().item(), rel=1e-5
    )


def test_simultaneous_play_has_the_gradients_of_both_sides() -> None:
    """One player of both sides against the two losses of the other recipe, on the same noise and the same weights."""
    chosen = {**NARROW, "recipe": "official"}
    together, apart = training(play("convlstm", **chosen)), training(play("convlstm", **chosen))
    noise, batch = noise_of(4, "together"), real(4)
    terms, grads = gradients(together.players[0], batch, noise)
    losses = apart.players[0].loss.__self__  # type: ignore[attr-defined]
    sides = [tuple(apart.parts[name].parameters()) for name in ("discriminator", "generator")]
    players = [
        replace(apart.players[0], name=name, parameters=own, loss=loss)
        for name, own, loss in zip("DG", sides, (losses.discriminator, losses.generator), strict=True)
    ]
    (judged, of_critic), (fooled, of_generator) = (gradients(p, batch, noise) for p in players)
    assert {k: v.item() for k, v in terms.items()} == pytest.approx(
        {**{k: v.item() for k, v in judged.items()}, "generator": fooled["fake"].item()}, rel=1e-6
    )
    expected = (*of_critic, *of_generator)
    assert len(grads) == len(expected)
    assert sum(g.norm().item() > 0 for g in expected) == len(expected)
    for ours, theirs in zip(grads, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6 * max(1.0, theirs.abs().max().item()), rtol=1e-5)


def test_one_step_of_either_recipe_moves_the_statistics_of_the_generator() -> None:
    for recipe, passes in (("paper", 2), ("official", 1)):
        game = training(play("convlstm", **NARROW, recipe=recipe))
        for player in game.players:
            gradients(player, real(4), noise_of(4, player.name))
        tracked = [b for n, b in game.parts["generator"].named_buffers() if n.endswith("num_batches_tracked")]
        assert {int(b) for b in tracked} == {passes}
