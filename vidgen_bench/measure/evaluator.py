"""Scores clips under a protocol: its instrument on a device, its reference statistics, its metrics, and the ids of its scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import Curve
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.feature_extractor import FeatureExtractor, Features
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.statistics import counted, reference_statistics
from vidgen_bench.measure.resolved_protocol import ChosenMetric, ResolvedProtocol
from vidgen_bench.measure.scorer import Scorer, Value
from vidgen_bench.records.caveats import FEW_REAL_VIDEOS
from vidgen_bench.records.entries import MetricEntry, Score
from vidgen_bench.system.observer import Observer

Draw = Callable[[range], Iterator[Tensor]]
"""Yields the clips with these indices in parts [n, 3, T, H, W], in [-1, 1]."""

Refused = dict[str, str]
"""{metric: reason} of the extra metrics left out."""


class Evaluator:
    """Scores batches of clips under one protocol."""

    def __init__(
        self,
        resolved: ResolvedProtocol,
        real: RealClips,
        device: torch.device,
        cache: Path,
        observer: Observer,
        changes: tuple[str, ...] = (),
    ) -> None:
        """Build the instrument, and compute the reference statistics or read them from the cache.

        Args:
            changes: changes already made to the clips, such as resizing; they are part of the id.
        """
        self.resolved, self.real = resolved, real
        self.extractor = FeatureExtractor(resolved, real.clip, device)
        self._scorer = Scorer(resolved.metrics, reference_statistics(self.extractor, real, cache, observer))
        self._changes = changes

    def stamp(
        self, *, samples: int | None = None, changes: tuple[str, ...] | None = None, chosen: ChosenMetric | None = None
    ) -> Stamp:
        """Return the stamp of the protocol's own metrics, or of a ``chosen`` one: everything that their scores depend on.

        Args:
            samples: clips per batch; the protocol's number unless given.
            changes: changes to the clips; those of this evaluator unless given.
        """
        changes = self._changes if changes is None else changes
        stamp = self.resolved.stamp(self.real.contents_hash(self.resolved), changes, chosen)
        if samples is None:
            return stamp
        return stamp.model_copy(update={"protocol": {**stamp.protocol, "samples": samples}})

    def stamps(self, *, changes: tuple[str, ...] | None = None) -> dict[str, Stamp]:
        """Return {id: stamp} of all metrics, the stamp of the protocol's own metrics first."""
        every = [self.stamp(changes=changes), *(self.stamp(changes=changes, chosen=c) for c in self.resolved.metrics)]
        return {stamp.id: stamp for stamp in every}

    def score(
        self, batches: Iterable[Tensor], wanted: Sequence[ChosenMetric] | None = None, refused: Refused | None = None
    ) -> dict[str, Value]:
        """Return {metric: score} for one batch of samples, given in parts [n, 3, T, H, W], in [-1, 1].

        An extra metric that refuses the samples (for example, too few), or whose score is not finite, is left out.

        Args:
            wanted: the metrics to compute; all unless given.
            refused: receives the extra metrics left out.
        Raises:
            RequestError: a metric that the track watches refuses the samples.
        """
        chosen = self.resolved.metrics if wanted is None else wanted
        return self._scores(self.extractor.features(batches, chosen), chosen, {} if refused is None else refused)

    def score_equal(self, clip: Tensor) -> dict[str, Value]:
        """Return {metric: score} for a batch of equal clips, of which only one, [1, 3, T, H, W], is measured.

        The metrics get its features once per sample of the batch. Views are left out: the score is for clips without motion.
        """
        chosen, samples = self.resolved.plain, self.resolved.protocol.samples
        features = {key: row.expand(samples, -1) for key, row in self.extractor.features(iter((clip,)), chosen).items()}
        return self._scores(features, chosen, {})

    def _scores(self, features: Features, chosen: Sequence[ChosenMetric], reasons: Refused) -> dict[str, Value]:
        values = {}
        for one, score in self._scorer(features, chosen):
            try:
                value = score()
            except RequestError as error:
                if not one.extra:
                    raise
                reasons[one.plugin.name] = str(error)
                continue
            if one.extra and not math.isfinite(number(value)):
                reasons[one.plugin.name] = "not finite"
            else:
                values[one.plugin.name] = value
        return values

    def batches(
        self,
        draw: Draw,
        count: int,
        what: str,
        observer: Observer,
        *,
        views: bool = True,
        refused: Refused | None = None,
    ) -> list[dict[str, Value]]:
        """Return the scores of each batch: clips 0 .. n - 1, n .. 2 n - 1 and so on.

        Args:
            draw: yields the clips with given indices, in parts.
            count: number of batches.
            what: name of the clips, for progress reports.
            views: whether the first batch is also scored shuffled and frozen, for the metrics with these views.
            refused: receives the extra metrics left out.
        """
        each, scores = self.resolved.protocol.samples, []
        for b in range(count):
            name = what if count == 1 else f"{what}, batch {b + 1} of {count}"
            clips = counted(draw(range(b * each, (b + 1) * each)), name, each, observer)
            wanted = self.resolved.metrics if views and b == 0 else self.resolved.plain
            scores.append(self.score(clips, wanted, refused))
        return scores

    def entries(self, refused: Mapping[str, str] | None = None) -> dict[str, MetricEntry]:
        """Return the record entry of each metric, with its id; ``refused`` maps a metric without score to the reason."""
        reasons = refused or {}
        samples = self.resolved.protocol.samples
        return {
            c.plugin.name: MetricEntry(
                title=c.metric.title,
                better=c.metric.better,
                protocol=self.stamp(chosen=c).id,
                extra=c.extra,
                caveat=c.metric.caveat(samples, self.extractor.widths[c.layer]) or self._few(c),
                refused=reasons.get(c.plugin.name, ""),
            )
            for c in self.resolved.metrics
        }

    def _few(self, chosen: ChosenMetric) -> str:
        """Return the caveat of a metric that compares single real clips, if several of them come from one video; else ""."""
        few = len(self.real.store.train) < self.resolved.protocol.samples
        return FEW_REAL_VIDEOS if few and "features" in chosen.metric.needs else ""


def scores_of(batches: Sequence[dict[str, Value]]) -> dict[str, Score]:
    """Return {metric: score} over several batches; the score of a curve keeps its points."""
    table = {}
    for metric in dict.fromkeys(name for batch in batches for name in batch):
        values = [b[metric] for b in batches if metric in b]
        curves = [v.at for v in values if isinstance(v, Curve)]
        points = {x: tuple(c[x] for c in curves) for x in (curves[0] if curves else ())}
        table[metric] = Score.of([number(v) for v in values], points)
    return table


def number(value: Value) -> float:
    """Return the value as a number; for a curve, the score derived from it."""
    return value.value if isinstance(value, Curve) else value
