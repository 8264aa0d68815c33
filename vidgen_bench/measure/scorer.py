"""Computes scores from features: one value per metric and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from vidgen_bench.api import Curve, FeatureSet, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.feature_extractor import Features
from vidgen_bench.measure.resolved_protocol import ChosenMetric

Value = float | Curve


class Scorer:
    """Computes one value per metric from features; whatever depends on the reference alone is computed once."""

    def __init__(self, metrics: Sequence[ChosenMetric], reference: Mapping[str, Reference]) -> None:
        """Prepare each metric with the reference of its layer.

        Raises:
            RequestError: a metric refuses the reference; an extra metric refuses every batch instead.
        """
        self._scorers = {c.plugin.name: _scorer(c, reference.get(c.layer, Reference())) for c in metrics}

    def __call__(
        self, features: Features, wanted: Sequence[ChosenMetric]
    ) -> Iterator[tuple[ChosenMetric, Callable[[], Value]]]:
        """Yield each wanted metric with a function that computes its score of one batch."""
        sets = {key: FeatureSet(values.double()) for key, values in features.items()}
        for chosen in wanted:
            score, generated = self._scorers[chosen.plugin.name], sets[chosen.metric.view, chosen.layer]
            yield chosen, partial(_value, score, generated)


def _scorer(chosen: ChosenMetric, reference: Reference) -> Callable[[FeatureSet], Value]:
    try:
        return chosen.metric.scorer(reference, chosen.options)
    except RequestError as error:
        if not chosen.extra:
            raise
        reason = str(error)

    def refuse(generated: FeatureSet) -> Value:
        raise RequestError(reason)

    return refuse


def _value(score: Callable[[FeatureSet], Value], generated: FeatureSet) -> Value:
    value = score(generated)
    return value if isinstance(value, Curve) else float(value)
