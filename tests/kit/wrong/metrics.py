"""Metrics that break the contract on purpose, one rule each, and two that keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_bench import hookimpl
from vidgen_bench.api import FeatureSet, Need, NoOptions, Reference, View
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor

Rule = Callable[["Tensor", Reference], Any]


@dataclass(frozen=True)
class Layered:
    """A metric of a layer that does what its rule does."""

    name: str
    rule: Rule
    needs: frozenset[Need] = frozenset()
    title: str = "layered"
    summary: str = "Breaks a rule, or keeps them all."
    api: str = "1.0"
    reference: str = "none"
    options: type = NoOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], Any]:
        return lambda samples: self.rule(samples.features, reference)


@dataclass(frozen=True)
class OfPixels:
    """A metric of pixels whose features are those of its rule, and whose score is their mean."""

    name: str
    of: Callable[[Tensor], Any]
    needs: frozenset[Need] = frozenset({"clips"})
    title: str = "of pixels"
    summary: str = "Breaks a rule, or keeps them all."
    api: str = "1.3"
    reference: str = "none"
    options: type = NoOptions
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"

    def features(self, clips: Tensor, options: Any) -> Any:
        return self.of(clips)

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float]:
        return lambda samples: spread(samples.features, reference)


def spread(x: Tensor, _: Reference) -> float:
    if len(x) < 2:
        raise RequestError("A spread needs at least 2 samples.")
    return float(x.std(dim=0).mean())


def crashes_on_one(x: Tensor, _: Reference) -> float:
    if len(x) == 1:
        raise ZeroDivisionError
    return float(x.mean())


def remembers() -> Rule:
    seen: list[float] = []

    def rule(x: Tensor, _: Reference) -> float:
        seen.append(0.001)
        return float(x.mean()) + sum(seen)

    return rule


def spoils_the_reference(x: Tensor, reference: Reference) -> float:
    assert reference.clips is not None
    return float((reference.clips.features.mul_(2.0).mean() - x.mean()).abs())


class Needy(Layered):
    """It refuses a reference without clips, as its needs say."""

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], Any]:
        if reference.clips is None:
            raise RequestError("the reference has none")
        return super().scorer(reference, options)


def flicker(clips: Tensor) -> Tensor:
    """Return the mean change of each channel between neighbouring frames, [N, 3], float64."""
    return clips.double().diff(dim=2).abs().mean(dim=(2, 3, 4))


def brightens(clips: Tensor) -> Tensor:
    return flicker(clips.add_(0.1))


def counted() -> Callable[[Tensor], Tensor]:
    calls: list[int] = []

    def features(clips: Tensor) -> Tensor:
        calls.append(1)
        return flicker(clips) + len(calls)

    return features


METRICS = (
    Layered("spread", spread),
    Layered("constant", lambda x, _: 1.0),
    Layered("worded", lambda x, _: "good"),
    Layered("endless", lambda x, _: float("inf")),
    Layered("sorts-in-place", lambda x, _: float(x.sub_(1.0).sum())),
    Needy("spoils-reference", spoils_the_reference, frozenset({"features"})),
    Layered("first-row", lambda x, _: float(x[0].sum())),
    Layered("remembers", remembers()),
    Layered("hides-nan", lambda x, _: float(x.nan_to_num(0.0, 0.0, 0.0).mean())),
    Layered("crashes-on-one", crashes_on_one),
    Layered("asks-and-ignores", lambda x, _: float(x.mean()), frozenset({"features"})),
    OfPixels("flicker", flicker),
    OfPixels("single-precision", lambda clips: flicker(clips).float()),
    OfPixels("flat", lambda clips: flicker(clips).flatten()),
    OfPixels("brightens", brightens),
    OfPixels("blank", lambda clips: 0.0 * flicker(clips)),
    OfPixels("centred", lambda clips: flicker(clips) - flicker(clips).mean(dim=0)),
    OfPixels("counted", counted()),
    OfPixels("unbounded", lambda clips: flicker(clips).sub(10.0).log()),
    OfPixels("launders", lambda clips: flicker(clips.nan_to_num(0.0, 0.0, 0.0))),
)


@hookimpl
def vidgen_metrics() -> Sequence[Any]:
    return METRICS
