"""moflowgan: counts, what each loss moves, the frames that images are, spectral normalisation, sizes, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized
from vidgen_backbones.moflowgan import MoFlowGAN, MoFlowGANOptions
from vidgen_backbones.moflowgan.game import GENERATOR, IMAGE, VIDEO
from vidgen_backbones.moflowgan.generator import Generator

from tests.kit.pairs import real
from tests.kit.small_mocogan import Cell
from vidgen_bench.api import Clip, Feed, Game, LatentSpec
from vidgen_bench.errors import PluginError
from vidgen_bench.latent import count
from vidgen_bench.noise import Noise, key_of, sampling_noise, training_noise

SMALL, CHOSEN = MoFlowGAN().small


def options(**chosen: Any) -> MoFlowGANOptions:
    return MoFlowGANOptions(**{**CHOSEN, **chosen})


def built(clip: Clip = SMALL, **chosen: Any) -> Game:
    o = options(**chosen)
    assert MoFlowGAN().refuses(clip, o) is None
    torch.manual_seed(0)
    return MoFlowGAN().build(clip, o, Cell(MoFlowGAN().latent(clip, o)))


def moved(game: Game) -> Game:
    """The game with a flow head that does not start at zero, as after a step."""
    nn.init.normal_(cast(Any, game.parts[GENERATOR]).flow.layers[2].weight, std=0.5)
    return game


def turn_noise(rows: int = 4) -> Noise:
    return training_noise(torch.tensor(key_of(1, "test")), rows)


def terms_of(game: Game, name: str) -> dict[str, Tensor]:
    (player,) = (p for p in game.players if p.name == name)
    return dict(player.loss(real(SMALL, SMALL.frames, player.batch) if player.feed else None, turn_noise()))


def generator_of(game: Game) -> Generator:
    return cast(Generator, game.parts[GENERATOR])


# --------------------------------------------------------------------------------------------------------------- counts
def convolution(before: int, after: int, kernel: int) -> int:
    return (before * kernel + 1) * after


def skip(before: int, after: int) -> int:
    return convolution(before, after, 1) if before != after else 0


def of_frames(code: int, widths: list[int]) -> int:
    """Linear layer to 4 x 4; blocks of two conditional norms (2 matrices each), 3 x 3, 3 x 3, 1 x 1; norm, 3 x 3."""
    blocks = sum(
        2 * code * (a + b) + convolution(b, a, 9) + convolution(a, a, 9) + skip(b, a) for b, a in pairwise(widths)
    )
    return (code + 1) * 16 * widths[0] + blocks + 2 * widths[-1] + convolution(widths[-1], 3, 9)


def of_discriminator(widths: list[int], kernel: int) -> int:
    blocks = sum(convolution(b, a, kernel) + convolution(a, a, kernel) + skip(b, a) for b, a in pairwise([3, *widths]))
    return blocks + widths[-1] + 1


@pytest.mark.parametrize(
    ("size", "width", "frames", "flow", "image", "video"),
    [
        (64, 1.0, [512, 256, 128, 64, 32], 64, [64, 128, 256, 512], [64, 128, 256]),
        (128, 1.0, [512, 512, 256, 128, 64, 32], 128, [64, 128, 256, 512, 512], [64, 128, 256, 512]),
        (64, 0.125, [64, 32, 16, 8, 4], 8, [8, 16, 32, 64], [8, 16, 32]),
    ],
)
def test_counts(size: int, width: float, frames: list[int], flow: int, image: list[int], video: list[int]) -> None:
    with torch.device("meta"):
        game = MoFlowGAN().build(Clip(16, size, 101), MoFlowGANOptions(width=width), nn.Linear(1, 1))
    generator = generator_of(game)
    assert count(generator.frame) == of_frames(50 + 16, frames)
    assert count(generator.flow) == convolution(2 * flow, flow, 9) + convolution(flow, 2, 9)
    assert count(game.parts[IMAGE]) == of_discriminator(image, 9)
    assert count(game.parts[VIDEO]) == of_discriminator(video, 27)


# ------------------------------------------------------------------------------------------------------------ gradients
def pushed(game: Game, term: Tensor) -> set[str]:
    """Return which networks a term has a gradient for that is not zero."""
    networks = {f"{GENERATOR}.{name}": part for name, part in game.parts[GENERATOR].named_children()}
    found = set()
    for name, network in {**networks, IMAGE: game.parts[IMAGE], VIDEO: game.parts[VIDEO]}.items():
        grads = torch.autograd.grad(term, list(network.parameters()), retain_graph=True, allow_unused=True)
        if any(g is not None and g.any() for g in grads):
            found.add(name)
    return found


def test_what_each_term_moves() -> None:
    game = moved(built())
    for name in (IMAGE, VIDEO):
        score = cast(Any, game.parts[name]).score
        for bias, term in ((-2.0, "real"), (2.0, "fake")):  # where the hinge is not shut
            nn.init.constant_(score.bias, bias)
            assert pushed(game, terms_of(game, name)[term]) == {name}
    terms = terms_of(game, GENERATOR)
    renderer = {f"{GENERATOR}.temporal", f"{GENERATOR}.frame"}
    # autograd alone would move the discriminators here; a player trains its own parameters only
    assert pushed(game, terms["video"]) == renderer | {VIDEO}
    assert pushed(game, terms["image"]) == renderer | {IMAGE}
    assert pushed(game, terms["flow"]) == renderer | {f"{GENERATOR}.flow"}
    assert pushed(game, terms["smoothness"]) == renderer | {f"{GENERATOR}.flow"}


def test_weights_are_factors_of_the_flow_terms() -> None:
    once, twice = (
        terms_of(moved(built(flow_weight=f, smoothness_weight=s)), GENERATOR) for f, s in ((1, 0.1), (2, 0.3))
    )
    torch.testing.assert_close(twice["flow"], 2 * once["flow"])
    torch.testing.assert_close(twice["smoothness"], 3 * once["smoothness"])
    torch.testing.assert_close(twice["video"], once["video"])


def test_players() -> None:
    game = built(learning_rate=1e-3, discriminator_learning_rate=2e-3)
    assert [(p.name, p.batch, p.turns, p.feed) for p in game.players] == [
        (IMAGE, 4, 1, Feed(8)), (VIDEO, 4, 1, Feed(8)), (GENERATOR, 4, 1, None),
    ]  # fmt: skip
    groups = [player.optimiser(player.parameters).param_groups[0] for player in game.players]
    assert [(g["lr"], g["betas"]) for g in groups] == [(rate, (0.0, 0.9)) for rate in (2e-3, 2e-3, 1e-3)]


# ---------------------------------------------------------------------------------------------------- frames and clips
def seen_by(game: Game, name: str) -> list[Tensor]:
    seen: list[Tensor] = []
    game.parts[name].register_forward_pre_hook(lambda module, args: seen.append(args[0].detach()))
    return seen


def test_images_are_different_frames_of_every_clip() -> None:
    """Of real clips, of the generator's own turn, and where only the drawn frames are rendered."""
    game = built()
    for part in game.parts.values():
        part.eval()  # otherwise the normalisation of a few frames differs from that of the whole clips
    images, clips = seen_by(game, IMAGE), seen_by(game, VIDEO)
    for name in (IMAGE, GENERATOR, VIDEO):
        terms_of(game, name)
    (of_discriminator, of_generator), (whole, with_real) = images, clips
    assert of_discriminator.shape == (2 * 8, 3, 16, 16)
    generated = whole.transpose(1, 2)
    torch.testing.assert_close(generated, with_real[4:].transpose(1, 2))
    for frames, source in (
        (of_discriminator[:8], real(SMALL, 8, 4).clips.transpose(1, 2)),
        (of_discriminator[8:], generated),
        (of_generator, generated),
    ):
        near = (frames.unflatten(0, (4, 2))[:, :, None] - source[:, None]).abs().amax(dim=(3, 4, 5)) < 1e-5
        assert torch.equal(near.sum(2), torch.ones(4, 2, dtype=torch.int64))
        assert near.sum(1).max() == 1


def test_samples_compute_no_flow_and_differ_by_motion_in_time() -> None:
    game = built()
    generator = generator_of(game).eval()
    generator.flow.register_forward_hook(lambda *args: pytest.fail("a sample computed flow"))
    with torch.no_grad():
        noise = sampling_noise(0, "test", torch.arange(2))
        clips = game.sample(noise, SMALL.grid)
        for parameter in cast(Cell, generator.temporal).cell.parameters():
            parameter.zero_()
        cast(Cell, generator.temporal).cell.bias_ih[16:32] = 50.0  # the update gate stays shut: h_t = h_0
        still = game.sample(noise, SMALL.grid)
    assert clips.shape == (2, 3, 8, 16, 16)
    assert clips.abs().max() < 1
    assert (clips[:, :, 1:] - clips[:, :, :-1]).abs().amax() > 1e-3
    torch.testing.assert_close(still, still[:, :, :1].expand_as(still), atol=2e-5, rtol=0)
    assert (still[0] - still[1]).abs().max() > 1e-3


def test_spectral_normalisation_is_where_the_option_says() -> None:
    for chosen, of_frame in (("both", True), ("discriminators", False)):
        game = built(spectral=chosen)
        generator = generator_of(game)
        networks = {generator.frame: of_frame, generator.flow: False, generator.temporal: False}
        for network, expected in {**networks, game.parts[IMAGE]: True, game.parts[VIDEO]: True}.items():
            layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d | nn.Conv3d)]
            assert {is_parametrized(layer) for layer in layers} <= {expected}
    weights = [
        layer.weight.detach().flatten(1) for layer in game.parts[VIDEO].modules() if isinstance(layer, nn.Conv3d)
    ]
    for weight in weights:
        assert torch.linalg.matrix_norm(weight, 2) == pytest.approx(1.0, abs=1e-4)  # orthogonal at the start


# ------------------------------------------------------------------------------------------------------------- what fits
@pytest.mark.parametrize(
    ("clip", "chosen"),
    [
        (replace(SMALL, size=64, frames=16), {"width": 1 / 64}),
        (replace(SMALL, size=128, frames=2), {"width": 1 / 64, "pool": 4}),
        (replace(SMALL, frames=5), {"flow_side": 16, "pool": 1, "images": 5}),
    ],
)
def test_sizes(clip: Clip, chosen: dict[str, Any]) -> None:
    game = built(clip, **chosen)
    noise = training_noise(torch.tensor(3), 2)
    for player in game.players:
        terms = player.loss(real(clip, clip.frames, 2) if player.feed else None, noise)
        assert all(bool(term.isfinite()) for term in terms.values())


def test_refusals() -> None:
    for clip, chosen, words in (
        (replace(SMALL, size=48), {}, "16, 32, 64 ... pixels, not 48"),
        (replace(SMALL, size=8), {}, "at least 16 pixels"),
        (replace(SMALL, frames=1), {}, "adjacent frames"),
        (SMALL, {"images": 9}, "set images to 8 or fewer"),
        (SMALL, {"flow_side": 12}, "have the sides 4, 8, 16"),
        (SMALL, {"flow_side": 32}, "have the sides 4, 8, 16"),
    ):
        assert words in (MoFlowGAN().refuses(clip, options(**chosen)) or "")
    assert MoFlowGAN().refuses(replace(SMALL, size=8), options(pool=1)) is None
    with pytest.raises(PluginError, match="moflowgan needs a temporal generator"):
        MoFlowGAN().build(SMALL, options(), None)


def test_it_requests_vectors_as_wide_as_mocogans() -> None:
    assert MoFlowGAN().latent(SMALL, options()) == LatentSpec((16,), 8, 16, 16, "normal")
