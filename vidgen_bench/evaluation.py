"""Samples -> features -> scores, in one pass: every metric reads the same outputs of the instrument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Metric, Moments, Times
from vidgen_bench.errors import PluginError
from vidgen_bench.metrics.moments import MomentAccumulator
from vidgen_bench.noise import sampling_noise

CHUNK = 32
"""Samples rendered and measured at once; a sample does not depend on it but for rounding, so it is fixed."""


@dataclass(frozen=True)
class Meter:
    """An instrument on its device, and the metrics that read it."""

    instrument: nn.Module
    metrics: tuple[Metric, ...]
    device: torch.device

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that some metric reads."""
        return tuple(dict.fromkeys(m.layer for m in self.metrics))

    @torch.no_grad()
    def outputs(self, clips: Tensor) -> dict[str, np.ndarray]:
        """Return {layer: [n, D]} of the clips [n, 3, T, H, W] in [-1, 1]."""
        out = self.instrument(clips.to(self.device))
        return {layer: out[layer].float().cpu().numpy() for layer in self.layers}

    def features(self, batches: Iterable[Tensor]) -> dict[str, np.ndarray]:
        """Return {layer: [n, D]} of all the clips of the batches."""
        parts = [self.outputs(clips) for clips in batches]
        return {layer: np.concatenate([p[layer] for p in parts]) for layer in self.layers}

    def moments(self, batches: Iterable[Tensor]) -> dict[str, Moments]:
        """Return the moments of every layer that a metric compares with real clips, streamed in float64."""
        needed = tuple(dict.fromkeys(m.layer for m in self.metrics if m.needs_reference))
        sums = {layer: MomentAccumulator() for layer in needed}
        for clips in batches if needed else ():
            out = self.outputs(clips)
            for layer, accumulator in sums.items():
                accumulator.add(out[layer])
        return {layer: accumulator.result() for layer, accumulator in sums.items()}


class Scorer:
    """Turns features into one number a metric; what depends on the reference alone is computed once."""

    def __init__(self, metrics: tuple[Metric, ...], reference: Mapping[str, Moments]) -> None:
        self._scorers = {m.name: (m.layer, m.scorer(reference.get(m.layer))) for m in metrics}

    def __call__(self, features: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Return {metric: score} of features {layer: [n, D]}."""
        return {name: float(score(features[layer])) for name, (layer, score) in self._scorers.items()}


@torch.no_grad()
def samples(
    game: Game, seed: int, purpose: str, indices: range, times: Times, device: torch.device
) -> Iterator[Tensor]:
    """Yield the samples with these indices, [<= 32, 3, T, H, W] in [-1, 1], rendered in eval mode.

    Raises:
        PluginError: the game returned another shape, or pixels outside [-1, 1].
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
