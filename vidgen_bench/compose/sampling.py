"""Draws samples from a game."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from vidgen_bench.api import Game, Times
from vidgen_bench.compose.pixel_range import PixelRange
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import sampling_noise
from vidgen_bench.system.batch_size import CHUNK, rows_at_once


@torch.no_grad()
def samples(
    game: Game,
    seed: int,
    purpose: str,
    indices: range,
    times: Times,
    device: torch.device,
    label: int | None = None,
) -> Iterator[Tensor]:
    """Yield the samples with these indices in parts [n, 3, T, H, W] in [-1, 1], rendered in eval mode.

    A part has 32 samples on a CPU; on a GPU it has as many as fit in its memory, and only the first and the last part wait for it.
    Each has the class ``label``, or the class that the game draws for it.

    Raises:
        PluginError: the game returned a wrong shape, or pixels outside [-1, 1].
    """
    for part in game.parts.values():
        part.eval()

    def rendered(start: int, stop: int) -> Tensor:
        rows = torch.arange(start, stop, dtype=torch.int64, device=device)
        labels = None if label is None else torch.full_like(rows, label)
        return game.draw(sampling_noise(seed, purpose, rows), times, labels)

    each = CHUNK if len(indices) <= CHUNK else rows_at_once(lambda rows: rendered(0, rows), device)
    pixels = PixelRange()
    for start in range(indices.start, indices.stop, each):
        stop = min(start + each, indices.stop)
        clips = rendered(start, stop)
        if clips.ndim != 5 or clips.shape[:3] != (stop - start, 3, len(times)):
            raise PluginError(
                f"game.sample returned {tuple(clips.shape)}; expected [{stop - start}, 3, {len(times)}, H, W]"
            )
        pixels.add(clips)
        if start == indices.start or stop == indices.stop:  # a wrong range shows at once, and nothing is passed over
            pixels.check()
        yield clips
