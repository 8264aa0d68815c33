"""The metric by which a record is ranked."""

from __future__ import annotations

from vidgen_bench.records.record import Record


def selected(record: Record) -> str | None:
    """Return the metric to rank by: the track's, else the first metric of the record that is not extra, else None."""
    metric = record.track.evaluation.get("select")
    if not isinstance(metric, str) or metric in record.metrics:
        return metric if isinstance(metric, str) else None
    return next((name for name, entry in record.metrics.items() if not entry.extra), None)
