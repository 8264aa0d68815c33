"""VGAN's game: both networks step at once, on the same generated clips."""

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
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

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
    """Return the game of VGAN, with one player for both networks.

    One Adam over both networks equals the original's two: it updates each entry independently, and their settings are equal. The
    original's learning rate falls only after 1000 epochs, which its runs of 100 never reach, so it is constant here.
    """
    if temporal is not None:
        raise PluginError("vgan has no latent path through time and takes no temporal generator; one was given")
    parts: dict[str, nn.Module] = {
        "generator": Generator(clip.frames, clip.size, clip.channels, options.width),
        "discriminator": Discriminator(clip.frames, clip.size, clip.channels, options.width),
    }
    for part in parts.values():
        initialise(part)
        # as the maps are; otherwise every step stores the weights so again
        convert_conv2d_weight_memory_format(part, torch.channels_last)
        convert_conv3d_weight_memory_format(part, torch.channels_last_3d)
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
    """Draw convolution weights from N(0, 0.01^2) and BN scales from N(1, 0.02^2); set biases and shifts to 0.

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
    """Return the softmax cross-entropies of both networks on the same fakes, and the L1 penalty of the mask.

    -log p(real | x) - log p(fake | G(z)) trains D alone, -log p(real | G(z)) + penalty mean(m(z)) trains G alone; D's two
    terms are added, not averaged. As in the original, both gradients use D's activations before its step. The original
    then backpropagates the generator's gradient through D's weights after the step, a mixture of two networks; here it
    goes through the weights that produced the activations, so it is the true gradient.
    """
    assert batch is not None
    critic = parts["discriminator"]
    real = critic(batch.clips)
    fakes, masks = parts["generator"](noise.normal("z", LATENT))
    return {
        "real": _cross_entropy(real, REAL),
        "fake": _cross_entropy(critic(fakes.detach()), FAKE),
        "generator": _cross_entropy(_logits_for_generator(critic, fakes), REAL),
        "mask": penalty * masks.mean(),
    }


def _cross_entropy(logits: Tensor, label: int) -> Tensor:
    return -log_softmax(logits, dim=1)[:, label].mean()


def _logits_for_generator(critic: nn.Module, fakes: Tensor) -> Tensor:
    """Return the critic's logits of the fakes, with a gradient for the fakes but not for the critic.

    The buffers are copies, because these fakes have already updated the running statistics.
    """
    fixed = {name: p.detach() for name, p in critic.named_parameters()}
    copies = {name: b.clone() for name, b in critic.named_buffers()}
    return functional_call(critic, {**fixed, **copies}, (fakes,))


def _sample(parts: Mapping[str, nn.Module], noise: Noise, times: Times) -> Tensor:
    """Return clips [N, C, T, H, W] in (-1, 1) from z ~ N(0, I_100); the times are always the training grid."""
    clips, _ = parts["generator"](noise.normal("z", LATENT))
    return clips
