"""A metric with its default options, and what it is tried on: features of a layer drawn at random, or pixels of moving clips."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vidgen_bench.api import Curve, FeatureSet, Metric, Moments, Reference
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.subject import Declared

ROUNDING = 1e-9
"""The largest difference, relative or absolute, between two computations of one score."""

WIDTH = 6
"""Features per clip in a layer of an instrument."""

_SAMPLES, _REAL = (48, 8), (64, 12)
"""Numbers of generated and of real clips: with a layer's features, and with pixels, which take longer."""

FRAMES, SIZE = 16, 64


@dataclass(frozen=True)
class MetricSubject:
    """A metric and its default options."""

    declared: Declared
    options: Any

    @property
    def metric(self) -> Metric:
        """The declaration."""
        declaration: Metric = self.declared.plugin.declaration
        return declaration

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.declared.name

    @property
    def packages(self) -> set[str]:
        """The top-level packages of the plugin's code."""
        return self.declared.packages

    @property
    def reads_pixels(self) -> bool:
        """Whether it computes its features from pixels."""
        return reads_pixels(self.declared)

    @property
    def samples(self) -> int:
        """Number of generated clips in a batch."""
        return _SAMPLES[self.reads_pixels]

    def features_of(self, clips: Tensor) -> Tensor:
        """Return the features [N, D] that a metric of pixels computes.

        Raises:
            Nonconformance: they are not float64 [N, D].
        """
        found = self.metric.features(clips, self.options)
        kind = f"{found.dtype} {list(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        demand(
            isinstance(found, Tensor) and found.dtype == torch.float64 and found.ndim == 2 and len(found) == len(clips),
            f"expected features() to return float64 [{len(clips)}, D] for {len(clips)} clips: it returns {kind}",
        )
        return found

    def drawn(self, seed: int, rows: int) -> Tensor:
        """Return the features [rows, D], float64, of clips that depend on the seed."""
        if self.reads_pixels:
            return self.features_of(moving_clips(seed, rows))
        x = torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return (2.0 * x).softmax(dim=1) if self.metric.layer == "prob" else (x + 0.1 * (seed % 7) + 0.5).relu()

    @cached_property
    def batch(self) -> Tensor:
        """The features of one batch of generated clips; checks pass copies of it on."""
        return self.drawn(1, self.samples)

    @cached_property
    def _real(self) -> Tensor:
        return self.drawn(100, _REAL[self.reads_pixels])

    def reference(self) -> Reference:
        """Return the statistics of real clips that the metric needs, and nothing else; new ones at each call."""
        x, needs = self._real.clone(), self.metric.needs
        moments = Moments(len(x), x.mean(dim=0), torch.cov(x.T).reshape(x.shape[1], x.shape[1]))
        return Reference(moments if "moments" in needs else None, FeatureSet(x) if "features" in needs else None)

    def scores(self, *batches: Tensor) -> list[dict[str, float]]:
        """Return the scores of batches by one scorer, each as all its numbers by name; the score itself is ""."""
        score = self.metric.scorer(self.reference(), self.options)
        return [numbers(score(FeatureSet(batch.clone()))) for batch in batches]


def reads_pixels(declared: Declared) -> bool:
    """Return whether a declaration is one of a metric that computes its features from pixels."""
    return declared.plugin.kind == "metric" and "clips" in declared.plugin.declaration.needs


def metric_subjects(declared: Declared) -> list[MetricSubject]:
    """Return the metric with its default options, unless these are not valid."""
    try:
        return [MetricSubject(declared, declared.plugin.declaration.options())]
    except (Exception, SystemExit):  # the check `declaration` reports it
        return []


def numbers(score: float | Curve) -> dict[str, float]:
    """Return all numbers of a score by name; the score itself is "".

    Raises:
        Nonconformance: it is neither a number nor a curve.
    """
    if isinstance(score, Curve):
        return {"": float(score.value), **{name: float(value) for name, value in score.at.items()}}
    try:
        return {"": float(score)}
    except (TypeError, ValueError):
        raise Nonconformance(f"expected a score to be a number or a Curve: it is {type(score).__name__}") from None


def close(a: dict[str, float], b: dict[str, float]) -> bool:
    """Return whether two scores are equal up to rounding."""
    return a.keys() == b.keys() and all(math.isclose(a[k], b[k], rel_tol=ROUNDING, abs_tol=ROUNDING) for k in a)


def moving_clips(seed: int, rows: int) -> Tensor:
    """Return clips [rows, 3, T, H, W] in [-1, 1] of smooth textures, each sliding at a speed of its own: pixels that have motion."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(rows, 3, 12, 12, generator=generator) * 2.0 - 1.0
    pictures = functional.interpolate(coarse, size=(2 * SIZE, 2 * SIZE), mode="bilinear", align_corners=True)
    steps = torch.randint(-3, 4, (rows, 2), generator=generator).tolist()
    frames = [
        torch.stack([picture.roll((t * down, t * right), (1, 2)) for t in range(FRAMES)], dim=1)
        for picture, (down, right) in zip(pictures, steps, strict=True)
    ]
    return torch.stack(frames)[..., :SIZE, :SIZE].contiguous()
