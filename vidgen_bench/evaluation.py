"""Clips -> features -> scores, in one pass and on one device: every metric reads the same outputs of the instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from vidgen_bench.api import Clip, Curve, FeatureSet, Game, Reference, Times, View
from vidgen_bench.batch_size import CHUNK, in_parts, rows_at_once
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.measure import Chosen, Measure
from vidgen_bench.noise import sampling_noise
from vidgen_bench.precision import instrument_context, strictly
from vidgen_bench.views import viewed

Features = dict[tuple[View, str], Tensor]
"""float32 [n, D] by view and layer, on the device."""

Value = float | Curve


class Meter:
    """The instrument of a measure, on its device."""

    def __init__(self, measure: Measure, clip: Clip, device: torch.device) -> None:
        self.measure, self.device = measure, device
        self.network = measure.instrument.build(measure.protocol.preprocessing).eval().to(device)
        shape = (clip.channels, clip.frames, clip.size, clip.size)
        layers = {c.metric.layer for c in measure.metrics}
        self.rows = 1
        """Clips measured at once."""
        one = self.outputs(torch.zeros(1, *shape, device=device), layers)
        self.widths = {layer: out.shape[1] for layer, out in one.items()}
        """Features of each layer."""
        with strictly(measure.protocol.precision):
            self.rows = rows_at_once(lambda n: self._forward(torch.zeros(n, *shape, device=device), layers), device)

    def outputs(self, clips: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return float32 {layer: [n, D]} of clips [n, 3, T, H, W] in [-1, 1], on the device."""
        with strictly(self.measure.protocol.precision):
            made, self.rows = in_parts(lambda part: self._forward(part, layers), clips.to(self.device), self.rows)
        return made

    @torch.no_grad()
    def _forward(self, clips: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        with instrument_context(self.measure.protocol.precision, self.device):
            out = self.network(clips)
        return {layer: out[layer].float() for layer in layers}

    def features(self, batches: Iterable[Tensor], wanted: Sequence[Chosen]) -> Features:
        """Return the features that the wanted metrics read of all the clips of the batches, in order."""
        needed: dict[View, set[str]] = {}
        for chosen in wanted:
            needed.setdefault(chosen.metric.view, set()).add(chosen.metric.layer)
        parts: dict[tuple[View, str], list[Tensor]] = {(v, name): [] for v, names in needed.items() for name in names}
        first = 0
        with strictly(self.measure.protocol.precision):  # the clips of a generator are made in here too
            for clips in _regrouped(batches, self.rows):
                here = clips.to(self.device)
                for view, layers in needed.items():
                    for layer, out in self.outputs(viewed(here, view, first), layers).items():
                        parts[view, layer].append(out)
                first += len(here)
        return {key: torch.cat(values) for key, values in parts.items()}


class Scorer:
    """Turns features into one value a metric; what depends on the reference alone is computed once."""

    def __init__(self, metrics: Sequence[Chosen], reference: Mapping[str, Reference]) -> None:
        """Make ready what each metric makes of its layer's reference.

        Raises:
            RequestError: a metric that is not extra refuses the reference; one that is refuses every batch instead.
        """
        self._scorers = {c.found.name: _scorer(c, reference.get(c.metric.layer, Reference())) for c in metrics}

    def __call__(self, features: Features, wanted: Sequence[Chosen]) -> Iterator[tuple[Chosen, Callable[[], Value]]]:
        """Yield each wanted metric with what computes its score of one batch's features."""
        sets = {key: FeatureSet(values.double()) for key, values in features.items()}
        for chosen in wanted:
            score, of = self._scorers[chosen.found.name], sets[chosen.metric.view, chosen.metric.layer]
            yield chosen, partial(_value, score, of)


def _scorer(chosen: Chosen, reference: Reference) -> Callable[[FeatureSet], Value]:
    try:
        return chosen.metric.scorer(reference, chosen.options)
    except RequestError as error:
        if not chosen.extra:
            raise
        reason = str(error)

    def refuse(of: FeatureSet) -> Value:
        raise RequestError(reason)

    return refuse


def _value(score: Callable[[FeatureSet], Value], of: FeatureSet) -> Value:
    value = score(of)
    return value if isinstance(value, Curve) else float(value)


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


def _regrouped(batches: Iterable[Tensor], rows: int) -> Iterator[Tensor]:
    """Join small batches, in order, into such of at least ``rows`` clips; the last may have fewer."""
    held: list[Tensor] = []
    for clips in batches:
        held.append(clips)
        if sum(map(len, held)) >= rows:
            yield torch.cat(held) if len(held) > 1 else clips
            held = []
    if held:
        yield torch.cat(held)
