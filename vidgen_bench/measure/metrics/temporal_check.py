"""The temporal check: scores of the same clips without their motion, to see whether a metric responds to motion at all.

A metric whose score does not change when frames are shuffled, or when one frame is repeated, judges images and not videos.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vidgen_bench.api import Curve, FeatureSet, Metric, Need, Reference, View, hookimpl
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance
from vidgen_bench.measure.metrics.inception_score import InceptionScore

_SEEN = {"shuffled": "with the frames in another order", "frozen": "with one frame repeated"}


@dataclass(frozen=True)
class TemporalCheck:
    """The declaration of a metric that applies another metric, ``base``, to a view of the clips."""

    base: Metric
    view: View
    api: str = "1.0"
    better: Literal["higher", "lower", "neither"] = "neither"

    @property
    def name(self) -> str:
        """``fid-frozen``."""
        return f"{self.base.name}-{self.view}"

    @property
    def title(self) -> str:
        """``FID frozen``."""
        return f"{self.base.title} {self.view}"

    @property
    def summary(self) -> str:
        """What the metric computes, and how to read it."""
        return f"{self.base.title} of the same clips {_SEEN[self.view]}; if near {self.base.title}, {self.base.title} ignores motion."

    @property
    def reference(self) -> str:
        """The paper of the base metric."""
        return self.base.reference

    @property
    def options(self) -> type:
        """The options of the base metric."""
        return self.base.options

    @property
    def layer(self) -> str:
        """The layer of the base metric."""
        return self.base.layer

    @property
    def needs(self) -> frozenset[Need]:
        """The statistics that the base metric needs."""
        return self.base.needs

    def caveat(self, samples: int, features: int) -> str:
        """Return the caveat of the base metric."""
        return self.base.caveat(samples, features)

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float | Curve]:
        """Return the scorer of the base metric; the harness passes it the features of the changed clips."""
        return self.base.scorer(reference, options)


@hookimpl
def vidgen_metrics() -> list[TemporalCheck]:
    """Return the Inception Score and FID of shuffled and of frozen clips."""
    views: tuple[View, ...] = ("shuffled", "frozen")
    return [TemporalCheck(base, view) for base in (InceptionScore(), FrechetDistance()) for view in views]
