"""Metrics that are fooled: those by which grey or noise, which show nothing, are better than held-out real clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from vidgen_bench.leaderboard.render.numbers import amount
from vidgen_bench.records.anchors import REAL


class _Mean(Protocol):
    @property
    def mean(self) -> float: ...


class _Metric(Protocol):
    @property
    def title(self) -> str: ...

    @property
    def better(self) -> str: ...


def fooled(anchors: Mapping[str, Mapping[str, _Mean]], metrics: Mapping[str, _Metric]) -> Iterator[str]:
    """Yield a sentence for each metric by which an anchor that shows nothing is better than real clips.

    Args:
        anchors: the scores by anchor and metric.
        metrics: the metrics that are shown.
    """
    for name, metric in metrics.items():
        real = anchors.get(REAL, {}).get(name)
        for floor, scores in anchors.items():
            if real is None or floor == REAL or name not in scores:
                continue
            gain = scores[name].mean - real.mean
            if gain > 0 if metric.better == "higher" else gain < 0 and metric.better == "lower":
                yield (
                    f"Caution: by {metric.title}, plain {floor} ({amount(scores[name].mean, 2)}) is better than held-out real clips "
                    f"({amount(real.mean, 2)}): outlying clips, or too few of them, fool it here, so a good value proves nothing."
                )
