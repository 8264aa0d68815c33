"""The temporal check: the usual scores of the same clips without their motion. Does the score see it at all?

A score that stays as it was with the frames in another order, or with one frame repeated, judges pictures and not videos.
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
    """The declaration of another metric's score of the clips as ``view`` shows them."""

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
        """What it is of, and what it is read beside."""
        return (
            f"{self.base.title} of the same clips {_SEEN[self.view]}; near {self.base.title} itself: blind to motion."
        )

    @property
    def reference(self) -> str:
        """The paper of the metric itself."""
        return self.base.reference

    @property
    def options(self) -> type:
        """Those of the metric itself."""
        return self.base.options

    @property
    def layer(self) -> str:
        """That of the metric itself."""
        return self.base.layer

    @property
    def needs(self) -> frozenset[Need]:
        """As the metric itself."""
        return self.base.needs

    def caveat(self, samples: int, features: int) -> str:
        """Return that of the metric itself."""
        return self.base.caveat(samples, features)

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float | Curve]:
        """Return that of the metric itself; the harness shows it other frames."""
        return self.base.scorer(reference, options)


@hookimpl
def vidgen_metrics() -> list[TemporalCheck]:
    """Return the two main scores without order, and without motion."""
    views: tuple[View, ...] = ("shuffled", "frozen")
    return [TemporalCheck(base, view) for base in (InceptionScore(), FrechetDistance()) for view in views]
