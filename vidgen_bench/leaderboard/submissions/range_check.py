"""Checks that no score of a shipped metric is below the least value that the metric can have."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.records.record import Record

DISTRIBUTION = "vidgen-bench"

LEAST = {"is": 1.0, "fid": 0.0, "fvd": 0.0}
"""The least value of a metric, by its name; estimates such as KID and FID∞ can be negative."""

ROUNDING = 1e-6
"""How far below it a value may be."""


def faults_of_ranges(record: Record) -> Iterator[str]:
    """Yield the scores and anchors of a record that no samples can have."""
    ours = {p.name for p in record.plugins if (p.kind, p.distribution) == ("metric", DISTRIBUTION)}
    for place, scores in (("scores", record.scores), *((f"anchors.{n}", found) for n, found in record.anchors.items())):
        for name in LEAST.keys() & ours & scores.keys():
            if (value := min(scores[name].values)) < LEAST[name] - ROUNDING:
                yield f"{place}.{name}: {value:g} is below {LEAST[name]:g}, the least value that {record.metrics[name].title} has"
