"""VGAN's game: both networks play at once, on the same generated clips."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import log_softmax
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from vidgen_backbones.vgan.discriminator import Discriminator
from vidgen_backbones.vgan.generator import LATENT, Generator
from vidgen_bench.api import Batch, Clip, Feed, Game, Player, Times
from vidgen_bench.errors import PluginError

if TYPE_CHECKING:
    from vidgen_backbones.vgan import VGANOptions
    from vidgen_bench.noise import Noise

REAL, FAKE = 0, 1
"""The discriminator's two classes."""


def build(clip: Clip, options: VGANOptions, temporal: nn.Module | None) -> Game:
    """Return the game of VGAN, one player that owns both networks.

    One Adam over both is the original's two: it works entry by entry, and their settings are equal. The original's
    learning rate falls after 1000 epochs only, which its runs of 100 never reach, and so it is constant here.
    """
    if temporal is not None:
        raise PluginError("vgan has no latent path through time and takes no temporal generator; one was given")
    parts: dict[str, nn.Module] = {
        "generator": Generator(clip.frames, clip.size, clip.channels, options.width),
        "discriminator": Discriminator(clip.frames, clip.size, clip.channels, options.width),
    }
    for part in parts.values():
        initialise(part)
    both = Player(
        name="both",
        parameters=tuple(p for part in parts.values() for p in part.parameters()),
        batch=options.batch,
        loss=partial(_loss, parts, options.mask_penalty),
        optimiser=partial(torch.optim.Adam, lr=options.learning_rate, betas=(0.5, 0.999)),
        feed=Feed(frames=clip.frames),
    )
    return Game(parts, (both,), partial(_sample, parts))


@torch.no_grad()
def initialise(part: nn.Module) -> None:
    """Draw the weights of convolutions from N(0, 0.01^2) and the scales of BN from N(1, 0.02^2); biases and shifts are 0.

    Reference: Vondrick, Pirsiavash, Torralba 2016, the authors' code.
    """
    for layer in part.modules():
        if isinstance(layer, _ConvNd):
            nn.init.normal_(layer.weight, 0.0, 0.01)
        elif isinstance(layer, _BatchNorm):
            nn.init.normal_(layer.weight, 1.0, 0.02)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _loss(parts: Mapping[str, nn.Module], penalty: float, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
    """The softmax cross-entropies of the discriminator and of the generator on the same fakes, and the mask's L1 penalty.

    -log p(real | x) - log p(fake | G(z)) moves D alone, -log p(real | G(z)) + penalty mean(m(z)) moves G alone; D's two
    terms are added, not averaged. As in the original both gradients are taken with what D makes of the fakes before its
    step. There the generator's gradient then goes back through D's weights of after the step, a mixture of two
    networks; here it goes through the weights that made the activations, and is a gradient.
    """
    assert batch is not None
    critic = parts["discriminator"]
    real = critic(batch.clips)
    fakes, masks = parts["generator"](noise.normal("z", LATENT))
    return {
        "real": _cross_entropy(real, REAL),
        "fake": _cross_entropy(critic(fakes.detach()), FAKE),
        "generator": _cross_entropy(_judged(critic, fakes), REAL),
        "mask": penalty * masks.mean(),
    }


def _cross_entropy(logits: Tensor, label: int) -> Tensor:
    return -log_softmax(logits, dim=1)[:, label].mean()


def _judged(critic: nn.Module, fakes: Tensor) -> Tensor:
    """Return the critic's logits of the fakes, with a gradient for them and none for the critic.

    The buffers are copies: these fakes have entered the running statistics once already.
    """
    fixed = {name: p.detach() for name, p in critic.named_parameters()}
    copies = {name: b.clone() for name, b in critic.named_buffers()}
    return functional_call(critic, {**fixed, **copies}, (fakes,))


def _sample(parts: Mapping[str, nn.Module], noise: Noise, times: Times) -> Tensor:
    """Return clips [N, C, T, H, W] in (-1, 1) from z ~ N(0, I_100); the times asked for are always the training grid."""
    clips, _ = parts["generator"](noise.normal("z", LATENT))
    return clips
