"""Features become scores: one value per metric and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from vidgen_bench.api import Curve, FeatureSet, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.feature_extractor import Features
from vidgen_bench.measure.resolved_protocol import ChosenMetric

Value = float | Curve


class Scorer:
    """Turns features into one value a metric; what depends on the reference alone is computed once."""

    def __init__(self, metrics: Sequence[ChosenMetric], reference: Mapping[str, Reference]) -> None:
        """Make ready what each metric makes of its layer's reference.

        Raises:
            RequestError: a metric that is not extra refuses the reference; one that is refuses every batch instead.
        """
        self._scorers = {c.plugin.name: _scorer(c, reference.get(c.metric.layer, Reference())) for c in metrics}

    def __call__(
        self, features: Features, wanted: Sequence[ChosenMetric]
    ) -> Iterator[tuple[ChosenMetric, Callable[[], Value]]]:
        """Yield each wanted metric with what computes its score of one batch's features."""
        sets = {key: FeatureSet(values.double()) for key, values in features.items()}
        for chosen in wanted:
            score, of = self._scorers[chosen.plugin.name], sets[chosen.metric.view, chosen.metric.layer]
            yield chosen, partial(_value, score, of)


def _scorer(chosen: ChosenMetric, reference: Reference) -> Callable[[FeatureSet], Value]:
    try:
        return chosen.metric.scorer(reference, chosen.options)
    except RequestError as error:
        if not chosen.extra:
            raise
        reason = str(error)

    def refuse(of: FeatureSet) -> Value:
        raise RequestError(reason)

    return refuse


def _value(score: Callable[[FeatureSet], Value], of: FeatureSet) -> Value:
    value = score(of)
    return value if isinstance(value, Curve) else float(value)
