"""TGANv2's game: a non-saturating loss over all resolutions and a zero-centred gradient penalty on real clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from vidgen_backbones.tganv2 import sizes
from vidgen_backbones.tganv2.discriminator import Discriminator
from vidgen_backbones.tganv2.generator import Generator
from vidgen_backbones.tganv2.recipe import RECIPES, Recipe
from vidgen_backbones.tganv2.subsampling import real_pyramid
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.tganv2 import TGANv2Options
    from vidgen_bench.noise import Noise


def build(clip: Clip, options: TGANv2Options, temporal: nn.Module | None) -> Game:
    """Return the game of TGANv2 around this temporal generator."""
    if temporal is None:
        raise PluginError("tganv2 needs a temporal generator; none was given")
    recipe = RECIPES[options.recipe]
    doubled = sizes.doublings(clip.size, sizes.first_side(clip.size, options.base))
    if doubled is None:
        raise PluginError(f"tganv2 cannot double a map to {clip.size} pixels; call refuses() before build()")
    stages = sizes.stages(doubled, options.levels, options.width)
    widths = sizes.discriminator_widths(options.width)
    parts: dict[str, nn.Module] = {
        "generator": Generator(temporal, stages, clip.channels, recipe.subsampling),
        "discriminator": Discriminator(options.levels, clip.channels, widths, recipe.last_relu),
    }
    own = [child for child in parts["generator"].children() if child is not temporal]
    for network in (*own, parts["discriminator"]):  # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(network, torch.channels_last)
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    return Game(parts, _players(parts, clip, options, recipe), partial(_sample, parts))


def _players(parts: Mapping[str, nn.Module], clip: Clip, options: TGANv2Options, recipe: Recipe) -> tuple[Player, ...]:
    losses = Losses(parts, clip.grid, options.levels, recipe.subsampling, options.penalty)
    adam = partial(torch.optim.Adam, lr=options.learning_rate, betas=(0.0, 0.9), eps=recipe.epsilon)
    batch = recipe.batch if options.batch == "recipe" else options.batch
    schedule = partial(falling, options.decay_iterations)
    feed = Feed(frames=clip.frames, augment=recipe.augment)
    generator = tuple(parts["generator"].parameters())
    discriminator = tuple(parts["discriminator"].parameters())
    if recipe.simultaneous:
        # Adam updates each parameter independently, so one optimiser equals two with the same settings
        both = (*discriminator, *generator)
        return (Player("both", both, batch, losses.simultaneous, adam, feed, schedule=schedule),)
    return (
        Player("discriminator", discriminator, batch, losses.discriminator, adam, feed, schedule=schedule),
        Player("generator", generator, batch, losses.generator, adam, schedule=schedule),
    )


def falling(iterations: int, iteration: int) -> float:
    """Return the learning-rate factor 1 - iteration / iterations, 0 afterwards."""
    return max(0.0, 1.0 - iteration / iterations)


@dataclass(frozen=True)
class Losses:
    """The losses of both sides, as means over the scores s of all rows at all levels.

    D: mean softplus(-s(x)) + mean softplus(s(G(z))) + penalty R;  G: mean softplus(-s(G(z))).

    Reference: Saito et al. 2020; Goodfellow et al. 2014, section 3 (non-saturating form).
    """

    parts: Mapping[str, nn.Module]
    times: Times
    levels: int
    factor: int
    penalty: float

    def discriminator(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return the discriminator's terms; the fakes come from a generator in training mode, without gradient."""
        with torch.no_grad():
            fakes = self._fakes(noise)
        return self._discriminator_terms(batch, fakes, noise)

    def generator(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return the generator's term, with a new z."""
        return {"fake": F.softplus(-self.parts["discriminator"](self._fakes(noise))).mean()}

    def simultaneous(self, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return both sides' terms on the same fakes, each without a gradient for the other side's parameters."""
        fakes = self._fakes(noise)
        critic = self.parts["discriminator"]
        held = {name: p.detach() for name, p in critic.named_parameters()}
        scores = torch.func.functional_call(critic, held, (fakes,))
        return {
            **self._discriminator_terms(batch, [f.detach() for f in fakes], noise),
            "generator": F.softplus(-scores).mean(),
        }

    def _discriminator_terms(self, batch: Batch | None, fakes: Sequence[Tensor], noise: Noise) -> dict[str, Tensor]:
        assert batch is not None
        critic = self.parts["discriminator"]
        real = [x.detach().requires_grad_() for x in real_pyramid(batch.clips, self.levels, self.factor, noise)]
        scores = critic(real)
        return {
            "real": F.softplus(-scores).mean(),
            "fake": F.softplus(critic(fakes)).mean(),
            "penalty": self.penalty * squared_gradient(scores, real).mean(),
        }

    def _fakes(self, noise: Noise) -> list[Tensor]:
        generator = self.parts["generator"]
        assert isinstance(generator, Generator)
        return generator.pyramid(_latent(noise), self.times, noise)


def squared_gradient(scores: Tensor, pyramid: Sequence[Tensor]) -> Tensor:
    """Return the squared norm of the gradient of the summed scores at each clip, R_i = sum_l |d sum(s) / d x_il|^2.

    The published programs use 0.5 times the sum over a batch of 32, which is 16 times the mean over its rows.

    Args:
        scores: [levels N], of a discriminator that treats rows independently.
        pyramid: x_l, [N, C, T_l, H_l, W_l], the scores' inputs.
    Returns:
        [N], differentiable.
    Reference: Mescheder, Geiger, Nowozin, "Which Training Methods for GANs do actually Converge?" (2018): R1 without gamma / 2.
    """
    gradients = torch.autograd.grad(scores.sum(), list(pyramid), create_graph=True)
    return torch.stack([g.square().flatten(1).sum(dim=1) for g in gradients]).sum(dim=0)


def _latent(noise: Noise) -> Tensor:
    """Return z ~ U(-1, 1)^256."""
    return 2.0 * noise.uniform("z", sizes.LATENT) - 1.0


def _sample(parts: Mapping[str, nn.Module], noise: Noise, times: Times) -> Tensor:
    """Return clips [N, C, T, H, W] in (-1, 1), every frame at the full size."""
    return parts["generator"](_latent(noise), times, noise)
