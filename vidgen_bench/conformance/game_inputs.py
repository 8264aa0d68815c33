"""The inputs of a game in a check: real clips, the noise of turns and samples, and initial latents."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidgen_bench.api import Batch, Clip, LatentSpec, Player
from vidgen_bench.noise import Noise, key_of, sampling_noise, training_noise

PURPOSE = "conformance"


def clips_for(player: Player, clip: Clip) -> Batch | None:
    """Return clips for the player's feed, uniform in [-1, 1), with classes; None for a player without a feed."""
    if player.feed is None:
        return None
    generator = torch.Generator().manual_seed(player.feed.frames)
    shape = (player.batch, clip.channels, player.feed.frames, clip.size, clip.size)
    return Batch(2.0 * torch.rand(shape, generator=generator) - 1.0, torch.arange(player.batch) % clip.classes)


def turn_noise(player: Player, key: int = 0) -> Noise:
    """Return the noise of one of the player's turns."""
    return training_noise(torch.tensor(key_of(key, PURPOSE, player.name)), player.batch)


def row_noise(rows: Sequence[int]) -> Noise:
    """Return the noise of the samples with these indices."""
    return sampling_noise(0, PURPOSE, torch.tensor(rows))


def initial_latent(latent: LatentSpec, noise: Noise) -> Tensor:
    """Return z_0 [N, source]: the noise entries from the prior, the condition uniform in (-1, 1)."""
    drawn = (
        noise.normal("z", latent.source) if latent.prior == "normal" else 2.0 * noise.uniform("z", latent.source) - 1.0
    )
    condition = 2.0 * noise.uniform("condition", latent.source) - 1.0
    return torch.cat([drawn[:, : latent.noise], condition[:, latent.noise :]], dim=1)
