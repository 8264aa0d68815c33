"""The line above a table: what is held fixed for all of its rows, and how many runs they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vidgen_bench.leaderboard.comparable import protocol_of
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers

_REVISIONS = 3
"""The most revisions that the line names."""

_SHORT = 10
"""Characters of a fingerprint or revision."""


def held_fixed(ranking: Ranking) -> list[tuple[str, str]]:
    """Return what all rows share, as pairs of a word and its value."""
    record = ranking.record
    data = f"{record.data.name}, {record.data.train_videos:,} training videos, {_digits(record.data.fingerprint)}"
    found = [("data", data), ("budget", _budget(record.track.declared.get("budget")))]
    found += [("track", _digits(record.track.fingerprint)), ("protocol", protocol_of(record))]
    if ranking.device_model:
        found.append(("hardware", ranking.device_model))
    return [(word, value) for word, value in found if value]


def fingerprints(ranking: Ranking) -> str:
    """Return the whole fingerprints that all rows share, of which the line above the table has the first digits."""
    record = ranking.record
    return f"data {record.data.fingerprint}, track {record.track.fingerprint}, protocol {protocol_of(record)}"


def _digits(fingerprint: str) -> str:
    return fingerprint.rpartition(":")[2][:_SHORT]


def _budget(declared: Any) -> str:
    """Return a declared budget as ``400 iterations``; a record may declare anything."""
    if not isinstance(declared, dict):
        return ""
    parts = [
        f"{value:,} {name.replace('_', '-')}"
        for name, value in declared.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return ", ".join(parts)


def counted(ranking: Ranking) -> list[str]:
    """Return how many runs the table has, of which seeds, when and by which code they ran, and what went wrong."""
    records = [r for row in ranking.rows for r in row.row.records if r.external is None]
    diverged = sum(r.status == "diverged" for r in records)
    found = [
        f"{_number(len(records), 'run')} of {_number(sum(not r.row.external for r in ranking.rows), 'row')}",
        f"a rank uses seeds {numbers.seeds(ranking.seeds)}" if ranking.ranked else "",
        f"{diverged} diverged" if diverged else "",
        _days([r.measured.finished[:_SHORT] for r in records]),
        ", ".join(_revisions(ranking)),
    ]
    return [text for text in found if text]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def reading(ranking: Ranking) -> str:
    """Return how to read the rows of a table, in one sentence that names only what the table has."""
    shown = [e for row in ranking.rows for m, e in row.estimates.items() if m in ranking.metrics]
    parts = ["a dot is one seed (grey: it diverged)" if any(e.floored for e in shown) else "a dot is one seed"]
    if any(e.interval for e in shown):
        lent = (
            " (dashed: from the other rows' spread)" if any(e.interval and e.interval.borrowed for e in shown) else ""
        )
        parts.append(f"the lines are their mean and its 95 % interval{lent}")
    parts.append("right is better")
    if any(row.ranks for row in ranking.rows):
        parts.append("a rank of 2-4 means that the seeds leave the places 2 to 4 open")
    return f"How to read it: {', '.join(parts[:-1])}, and {parts[-1]}."


def _days(days: list[str]) -> str:
    known = sorted(day for day in days if day)
    if not known:
        return ""
    return f"runs of {known[0]}" if known[0] == known[-1] else f"runs of {known[0]} to {known[-1]}"


def _revisions(ranking: Ranking) -> Iterator[str]:
    seen = dict.fromkeys(
        f"{r.version} ({r.measured.revision[:_SHORT]})" for row in ranking.rows for r in row.row.records
    )
    named = list(seen)[:_REVISIONS]
    more = len(seen) - len(named)
    if named:
        yield f"vidgen-bench {' and '.join(named)}{f' and {more} more revisions' if more else ''}"
