"""Draws samples from a game."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from vidgen_bench.api import Game, Times
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import sampling_noise
from vidgen_bench.system.batch_size import CHUNK


@torch.no_grad()
def samples(
    game: Game, seed: int, purpose: str, indices: range, times: Times, device: torch.device
) -> Iterator[Tensor]:
    """Yield the samples with these indices, [<= 32, 3, T, H, W] in [-1, 1], rendered in eval mode.

    Raises:
        PluginError: the game returned a wrong shape, or pixels outside [-1, 1].
    """
    for part in game.parts.values():
        part.eval()
    for start in range(indices.start, indices.stop, CHUNK):
        rows = torch.arange(start, min(start + CHUNK, indices.stop), dtype=torch.int64, device=device)
        clips = game.sample(sampling_noise(seed, purpose, rows), times)
        if clips.ndim != 5 or clips.shape[:3] != (len(rows), 3, len(times)):
            raise PluginError(
                f"game.sample returned {tuple(clips.shape)}; expected [{len(rows)}, 3, {len(times)}, H, W]"
            )
        if not bool((clips.abs() <= 1.0 + 1e-5).all()) and bool(clips.isfinite().all()):
            raise PluginError(f"game.sample returned pixels up to {float(clips.abs().max()):.3g}; expected [-1, 1]")
        yield clips
