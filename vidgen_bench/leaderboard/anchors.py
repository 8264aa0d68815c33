"""Anchors: scores of held-out real clips (ceiling) and of grey and noise (floor), for comparison with a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.rows import Summary, over_batches
from vidgen_bench.records.anchors import REAL
from vidgen_bench.records.record import Record

_RELATIVE = 1e-3  # processors differ in the last digits of a float32 network; different measurements differ by more


@dataclass(frozen=True)
class Anchors:
    """The first record's scores by anchor and metric, and the anchors on which the records disagree."""

    scores: dict[str, dict[str, Summary]]
    disagree: tuple[str, ...]

    @property
    def above(self) -> list[str]:
        """The anchors above the rows: the ceiling."""
        return [name for name in self.scores if name == REAL]

    @property
    def below(self) -> list[str]:
        """The anchors below the rows: the floors."""
        return [name for name in self.scores if name != REAL]


def describe(name: str) -> str:
    """Return an anchor's name for a table: ``real (ceiling)``."""
    return f"{name} ({'ceiling' if name == REAL else 'floor'})"


def anchors_of(records: Sequence[Record]) -> Anchors:
    """Return the anchors of records with the same track, data and instrument, whose anchors should therefore agree."""
    scores: dict[str, dict[str, Summary]] = {}
    disagree: dict[str, None] = {}
    seen: set[tuple[str, str, tuple[float, ...]]] = set()
    for record in records:
        for name, metrics in record.anchors.items():
            for metric, score in metrics.items():
                if (same := (name, metric, score.values)) in seen:
                    continue
                seen.add(same)
                new = over_batches([score.values])
                known = scores.setdefault(name, {}).setdefault(metric, new)
                if abs(known.mean - new.mean) > 3 * ((known.std or 0) + (new.std or 0)) + _RELATIVE * abs(known.mean):
                    disagree[f"{name} {metric}"] = None
    return Anchors(scores, tuple(disagree))
