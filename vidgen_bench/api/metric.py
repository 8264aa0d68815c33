"""The declaration of a metric, and the features and statistics of clips that it gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from vidgen_bench.api.declaration import Named

if TYPE_CHECKING:
    from torch import Tensor

View = Literal["as-is", "shuffled", "frozen"]
"""Generated clips as they are, with the frames of each clip in another order, or with one frame of each clip repeated."""

RANK_DEFICIENT = "rank-deficient"
"""The caveat of a distance between Gaussians estimated from fewer samples than features."""

Need = Literal["moments", "features", "clips"]
"""What a metric can request: statistics of the real training clips (see :class:`Reference`), and ``clips``, to read pixels instead of
a layer of the instrument (see :meth:`Metric.features`)."""


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of n feature vectors."""

    count: int
    """Number of feature vectors, n."""
    mean: Tensor
    """[D], float64."""
    covariance: Tensor
    """[D, D], divisor n - 1, float64."""


@dataclass(frozen=True)
class FeatureSet:
    """The features of n clips: their outputs in one layer of an instrument, or those that a metric computes from pixels."""

    features: Tensor
    """[n, D], float64; the rows are in no particular order."""
    made: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The results of :meth:`once`."""

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return ``make()``, computed once per set and name, and shared by all metrics."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


@dataclass(frozen=True)
class Reference:
    """The statistics of the real training clips in a metric's layer; those that it does not need are None."""

    moments: Moments | None = None
    """Moments of every training video at several offsets; the protocol sets how many."""
    clips: FeatureSet | None = None
    """Features of one clip per training video, in random order; of several, if there are fewer videos than samples in a batch."""


@dataclass(frozen=True)
class Curve:
    """A score derived from several others."""

    value: float
    """The score itself."""
    at: Mapping[str, float]
    """The other scores, by the quantity varied: ``{"n=512": 310.2}``."""


class Metric(Named, Protocol):
    """A score computed from the features of clips; hook ``vidgen_metrics``. Tracks and protocols list it by name: ``is``, ``fid``."""

    @property
    def title(self) -> str:
        """Its name in tables."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`. A protocol may set these options."""

    @property
    def layer(self) -> str:
        """The layer of the instrument that it reads, unless the protocol names another. Default: "", for a metric that reads pixels."""

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction; ``neither`` for a number that is informative but neither good nor bad."""

    @property
    def view(self) -> View:
        """How generated clips are prepared; real clips are never changed."""

    @property
    def needs(self) -> frozenset[Need]:
        """The statistics of the real training clips it needs; with ``clips``, of the features that it computes from pixels itself."""

    def caveat(self, samples: int, features: int) -> str:
        """Return a warning about scores at these sample sizes, in a word or two ("rank-deficient"), or "". Default: ""."""
        return ""

    def features(self, clips: Tensor, options: Any) -> Tensor:
        """Return the features [N, D], float64, of clips [N, 3, T, H, W] in [-1, 1]; called only if ``needs`` has ``clips``.

        Row i depends on clip i alone, since clips arrive in parts of any size. Clips that are not finite have features that are not
        finite. Default: None.
        """

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float | Curve]:
        """Return ``generated features -> score`` in float64; whatever depends on the reference alone is computed once, here."""
