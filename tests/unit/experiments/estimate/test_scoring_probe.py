"""The probe of scoring: the instrument per clip, every metric on as many features as a run has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, toy_protocol
from vidgen_bench.api import FeatureSet, Metric
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.estimate.scoring_probe import ScoringProbe
from vidgen_bench.experiments.estimate.stopwatch import Stopwatch
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol

CLIPS = torch.rand(8, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Slow(ChannelMeans):
    """Takes two seconds by the clock per clip."""

    def __init__(self, now: list[float]) -> None:
        super().__init__()
        self._now = now

    def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        self._now[0] += 2.0 * len(clips)
        return super().forward(clips)


class SlowMetric:
    """A metric whose scorer takes 1 s to make, and whose score takes 10 s, the first 3 s more, as many again per 4 samples."""

    def __init__(self, metric: Metric, now: list[float], refuses: bool = False) -> None:
        self._metric, self._now, self._refuses = metric, now, refuses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._metric, name)

    def scorer(self, reference: object, options: object) -> Callable[[FeatureSet], float]:
        self._now[0] += 1.0
        seen: list[int] = []

        def score(generated: FeatureSet) -> float:
            self._now[0] += 10.0 * len(generated.features) / 4 + (0.0 if seen else 3.0)
            seen.append(1)
            if self._refuses:
                raise RequestError("too few samples")
            return 1.0

        return score


def slowed(resolved: ResolvedProtocol, now: list[float], refusing: str = "") -> ResolvedProtocol:
    plugins = [
        dataclasses.replace(c.plugin, declaration=SlowMetric(c.metric, now, c.plugin.name == refusing))
        for c in resolved.metrics
    ]
    chosen = (dataclasses.replace(c, plugin=p) for c, p in zip(resolved.metrics, plugins, strict=True))
    return dataclasses.replace(resolved, metrics=tuple(chosen))


@pytest.mark.parametrize("refusing", ["", "kid"])
def test_each_kind_of_work_is_measured_apart(refusing: str) -> None:
    now = [0.0]
    resolved = toy_protocol(ToyInstrument(network=lambda: Slow(now)), extra=["kid", "fid-frozen"])
    probe = ScoringProbe(slowed(resolved, now, refusing), CLIP, 4, Stopwatch(CPU, lambda: now[0]))
    costs = probe.measure(CLIPS, 8)
    assert costs.clip == pytest.approx(2.0)
    assert costs.watched == pytest.approx(2 * 20.0)  # is and fid on 8 samples
    assert costs.first == pytest.approx(4 * 10.0)
    assert costs.plain == pytest.approx(3 * 10.0)
    assert costs.once == pytest.approx(4 * (1.0 + 3.0))
    assert costs.statistics_bytes == 8 * (12**2 + 12) + 4 * 12 * 4  # moments for fid, features of four clips for kid


def test_a_watched_metric_that_refuses_the_samples_refuses_the_estimate() -> None:
    now = [0.0]
    probe = ScoringProbe(slowed(toy_protocol(), now, "fid"), CLIP, 4, Stopwatch(CPU, lambda: now[0]))
    with pytest.raises(RequestError, match="too few samples"):
        probe.measure(CLIPS, 4)


def test_a_protocol_that_only_scores_final_samples_watches_nothing() -> None:
    costs = ScoringProbe(toy_protocol(), CLIP, 4, Stopwatch(CPU)).measure(CLIPS, 0)
    assert costs.watched == 0.0
    assert costs.first > 0
