"""The cost of a row as tables show it: parameters, iterations, device-hours and seeds; a dash for unknown values."""

from __future__ import annotations

from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.rows import Row


def temporal_parameters(row: Row) -> str:
    """Return the parameter count of G_t."""
    return numbers.count(row.records[0].parameters.temporal)


def generator_parameters(row: Row) -> str:
    """Return the parameter count of the whole generator."""
    return numbers.count(row.records[0].parameters.parts.get("generator"))


def iterations(row: Row) -> str:
    """Return the training iterations of the runs."""
    return numbers.DASH if row.external else numbers.span([r.spent.iterations for r in row.records])


def device_hours(row: Row) -> str:
    """Return the mean device-hours of the runs."""
    return numbers.DASH if row.external else numbers.hours([r.measured.device_hours for r in row.records])


def seeds(row: Row) -> str:
    """Return the seeds of the runs."""
    return numbers.DASH if row.external else numbers.seeds(row.seeds)
