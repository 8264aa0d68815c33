"""Measures scoring under one protocol: its instrument on a few clips, its metrics on as many features as a run has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from vidgen_bench.api import Clip, FeatureSet, Moments, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.estimate.costs import ScoringCosts
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.measure.feature_extractor import FeatureExtractor, Features
from vidgen_bench.measure.reference.clips import clips_behind
from vidgen_bench.measure.reference.manifest import Kind
from vidgen_bench.measure.resolved_protocol import ChosenMetric, ResolvedProtocol
from vidgen_bench.measure.scorer import Scorer, Value

_LEAST, _MOST, _ENOUGH = 2, 10, 1.0


class ScoringProbe:
    """Scoring under one protocol, for this many training videos; no statistics of real clips are read or made."""

    def __init__(self, resolved: ResolvedProtocol, clip: Clip, videos: int, watch: Stopwatch) -> None:
        self._resolved, self._videos, self._watch = resolved, videos, watch
        self._extractor = FeatureExtractor(resolved, clip, watch.device)
        self._layers = sorted({c.layer for c in resolved.metrics})

    def measure(self, clips: Tensor, watched: int) -> ScoringCosts:
        """Return the costs.

        Args:
            clips: generated clips [n, 3, T, H, W].
            watched: samples per evaluation during training; 0 if this protocol only scores the final samples.
        """
        parts = clips.to(self._watch.device)[: self._extractor.rows]
        found = self._extractor.outputs(parts, self._layers)  # warms up
        seconds = self._watch.typical(
            lambda: self._extractor.outputs(parts, self._layers), least=_LEAST, most=_MOST, enough=_ENOUGH
        )
        samples, metrics, reference = self._resolved.protocol.samples, self._resolved.metrics, self._reference(found)
        made: list[Scorer] = []
        build = self._watch.seconds(lambda: made.append(Scorer(metrics, reference)))
        scorer = made[0]
        features = self._features(found, samples, metrics)
        cold = self._scored(scorer, features, metrics)
        first = self._scored(scorer, features, metrics)
        return ScoringCosts(
            clip=seconds / len(parts),
            watched=self._watched(scorer, found, watched),
            first=sum(first.values()),
            plain=sum(first[c.plugin.name] for c in self._resolved.plain),
            once=build + max(0.0, sum(cold.values()) - sum(first.values())),
            statistics_bytes=self._statistics_bytes(),
        )

    def _watched(self, scorer: Scorer, found: Mapping[str, Tensor], samples: int) -> float:
        if not samples:
            return 0.0
        chosen = self._resolved.watched
        return sum(self._scored(scorer, self._features(found, samples, chosen), chosen).values())

    def _scored(self, scorer: Scorer, features: Features, wanted: Sequence[ChosenMetric]) -> dict[str, float]:
        """Return the seconds of each metric; one that refuses the features takes as long as its refusal."""
        seconds = {}
        for chosen, score in scorer(features, wanted):
            seconds[chosen.plugin.name] = self._watch.seconds(partial(_tried, score, chosen.extra))
        return seconds

    def _features(self, found: Mapping[str, Tensor], rows: int, wanted: Sequence[ChosenMetric]) -> Features:
        return {(c.metric.view, c.layer): _spread(found[c.layer], rows, 1) for c in wanted}

    def _reference(self, found: Mapping[str, Tensor]) -> dict[str, Reference]:
        """Return statistics of the sizes that the protocol's have."""
        made = {}
        for layer in self._resolved.layers:
            singles = _spread(found[layer], self._needed("features", layer), 2).double()
            count = self._needed("moments", layer)
            rows = _spread(found[layer], min(count, 2 * found[layer].shape[1] + 2), 3).double()
            made[layer] = Reference(
                Moments(count, rows.mean(dim=0), torch.cov(rows.T)) if count else None,
                FeatureSet(singles) if len(singles) else None,
            )
        return made

    def _needed(self, kind: Kind, layer: str) -> int:
        """Return the clips behind a layer's statistics of one kind, 0 if no metric needs them."""
        needed = any(c.layer == layer and kind in c.metric.needs for c in self._resolved.metrics)
        return clips_behind(self._resolved, kind, self._videos) if needed else 0

    def _statistics_bytes(self) -> int:
        total = 0
        for layer in self._resolved.layers:
            width = self._extractor.widths[layer]
            total += 8 * (width**2 + width) if self._needed("moments", layer) else 0
            each = 8 if layer in self._resolved.pixel_layers else 4
            total += each * width * self._needed("features", layer)
        return total


def _tried(score: Callable[[], Value], extra: bool) -> None:
    try:
        score()
    except RequestError:
        if not extra:
            raise


def _spread(features: Tensor, rows: int, seed: int) -> Tensor:
    """Return this many rows like the given ones, each multiplied by random factors near 1, so that the rows span the whole space."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    factors = torch.randn(rows, features.shape[1], generator=generator).mul_(0.2).exp_().to(features.device)
    return features[torch.arange(rows, device=features.device) % len(features)] * factors
