"""Checks the scores of shipped metrics: none is below the least value of its metric, and each is read in the metric's direction."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.records.distribution_name import OURS
from vidgen_bench.records.record import Record

LEAST = {"is": 1.0, "fid": 0.0, "fvd": 0.0, "motion": 0.0}
"""The least value of a metric, by its name; estimates such as KID and FID∞ can be negative."""

BETTER = {
    **dict.fromkeys(("is", "precision", "recall", "density", "coverage"), "higher"),
    **dict.fromkeys(("fid", "fvd", "kid", "fid-infinity", "motion"), "lower"),
    **dict.fromkeys(("nearest", "is-shuffled", "fid-shuffled", "is-frozen", "fid-frozen"), "neither"),
}
"""The better direction of every shipped metric; no plugin is imported to ask it."""

ROUNDING = 1e-6
"""How far below it a value may be."""


def faults_of_ranges(record: Record) -> Iterator[str]:
    """Yield the scores and anchors of a record that no samples can have."""
    for place, scores in (("scores", record.scores), *((f"anchors.{n}", found) for n, found in record.anchors.items())):
        for name in LEAST.keys() & _ours(record) & scores.keys():
            if (value := min(scores[name].values)) < LEAST[name] - ROUNDING:
                yield f"{place}.{name}: {value:g} is below {LEAST[name]:g}, the least value that {record.metrics[name].title} has"


def faults_of_directions(record: Record) -> Iterator[str]:
    """Yield the shipped metrics that a record gives another better direction, which would turn the order of its table."""
    for name in sorted(BETTER.keys() & _ours(record) & record.metrics.keys()):
        if (found := record.metrics[name].better) != BETTER[name]:
            yield f"metrics.{name}: better is {found}; for this metric it is {BETTER[name]}. Was the record edited by hand?"


def _ours(record: Record) -> set[str]:
    return {p.name for p in record.plugins if (p.kind, p.normalised_distribution) == ("metric", OURS)}
