"""The laws of metrics: every one of this environment keeps them all, and wrong ones break the law that they were made to break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from torch import Tensor

from tests.kit import metric_laws
from vidgen_bench.api import FeatureSet, Metric, Need, NoOptions, Reference, View
from vidgen_bench.errors import RequestError
from vidgen_bench.host.declarations import fault
from vidgen_bench.host.host import Host

EVERY = {found.name: found.declaration for found in Host.of_environment().of("metric")}


def test_the_metrics_of_the_shipped_protocols_are_here() -> None:
    assert set(EVERY) >= {
        "is", "fid", "fvd", "kid", "precision", "recall", "density", "coverage", "nearest", "fid-infinity",
        "is-shuffled", "is-frozen", "fid-shuffled", "fid-frozen",
    }  # fmt: skip


@pytest.mark.parametrize("law", metric_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", EVERY)
def test_every_metric_keeps(name: str, law: Callable[[Metric], None]) -> None:
    law(EVERY[name])


def test_metrics_that_share_a_batch_do_not_disturb_one_another() -> None:
    """One feature set and one reference for all of a layer: as the harness scores, and as each scores alone."""
    batch, together = metric_laws.drawn(1, metric_laws.SAMPLES, "fc7"), [m for m in EVERY.values() if m.layer == "fc7"]
    real = metric_laws.drawn(100, metric_laws.REAL, "fc7")
    for _ in range(2):
        samples, reference = FeatureSet(batch), Reference(metric_laws.moments_of(real), FeatureSet(real))
        for metric in together:
            shared = metric_laws.values(metric.scorer(reference, metric.options())(samples))
            assert shared == metric_laws.scored(metric, batch)[0]
        together.reverse()


def test_one_batch_beside_two_references_is_not_confused() -> None:
    samples = FeatureSet(metric_laws.drawn(1, metric_laws.SAMPLES, "fc7"))
    for metric in (m for m in EVERY.values() if m.needs):
        one, other = (
            metric_laws.values(metric.scorer(metric_laws.real(metric, seed), metric.options())(samples))
            for seed in (100, 101)
        )
        assert one != other


# ------------------------------------------------------------------------------------------------------- wrong metrics
@dataclass(frozen=True)
class Wrong:
    """A metric that does what its rule does."""

    rule: Callable[[Tensor, Reference], float]
    needs: frozenset[Need] = frozenset()
    name: str = "wrong"
    title: str = "wrong"
    summary: str = "Breaks a law."
    api: str = "1.0"
    reference: str = "none"
    options: type = NoOptions
    layer: str = "fc7"
    better: Literal["higher", "lower", "neither"] = "lower"
    view: View = "as-is"

    def caveat(self, samples: int, features: int) -> str:
        return ""

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float]:
        return lambda samples: self.rule(samples.features, reference)


def crashes_on_one(x: Tensor, reference: Reference) -> float:
    if len(x) == 1:
        raise ZeroDivisionError
    return float(x.mean())


def counter() -> Callable[[Tensor, Reference], float]:
    seen: list[Tensor] = []

    def rule(x: Tensor, reference: Reference) -> float:
        seen.append(x)
        return float(x.mean()) + len(seen)

    return rule


BROKEN: dict[str, tuple[Callable[[Metric], None], Metric]] = {
    "always the same": (metric_laws.gives_finite_numbers, Wrong(lambda x, _: 1.0)),
    "first row only": (metric_laws.is_a_function_of_the_set, Wrong(lambda x, _: float(x[0].sum()))),
    "counts its calls": (metric_laws.keeps_nothing_of_a_batch, Wrong(counter())),
    "sorts in place": (metric_laws.leaves_its_input_alone, Wrong(lambda x, _: float(x.sub_(1.0).sum()))),
    "hides nan": (metric_laws.passes_nan_on, Wrong(lambda x, _: float(x.nan_to_num(0.0, 0.0, 0.0).mean()))),
    "asks and does not look": (
        metric_laws.refuses_in_words,
        Wrong(lambda x, _: float(x.mean()), frozenset({"features"})),
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_wrong_metric_breaks_its_law(case: str) -> None:
    law, metric = BROKEN[case]
    assert fault("metric", metric) is None
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law(metric)


def test_a_metric_that_crashes_is_not_taken_for_one_that_refuses() -> None:
    with pytest.raises(ZeroDivisionError):
        metric_laws.refuses_in_words(Wrong(crashes_on_one))


def test_an_honest_stranger_keeps_every_law() -> None:
    def spread(x: Tensor, _: Reference) -> float:
        if len(x) < 2:
            raise RequestError("A spread needs at least 2 samples.")
        return float(x.std(dim=0).mean())

    for law in metric_laws.LAWS:
        law(Wrong(spread))
