"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.experiments.runs.facts import RunFacts
from vidgen_bench.records.entries import Score

PARTS = ("run", "track", "options", "plugins", "environment", "code")
"""The parts that are compared, as :class:`~vidgen_bench.experiments.runs.facts.RunFacts` names them."""

_OFTEN_MISSING = ("environment", "code", "track")
"""Parts of which a run without a record, or one of an earlier version, tells less: what one side lacks is no difference there."""


@dataclass(frozen=True)
class Change:
    """A fact with its value in both runs; None for one that a run does not have."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True)
class PartDifference:
    """One part of the facts: what differs, and how much is equal or known of one run alone."""

    part: str
    changes: tuple[Change, ...]
    equal: int
    unknown: tuple[str, ...] = ()
    """Facts that only one of the two runs tells."""


@dataclass(frozen=True)
class ScoreDifference:
    """One score in both runs."""

    name: str
    title: str
    first: Score | None
    second: Score | None
    comparable: bool
    """Whether both were measured under the same protocol."""

    @property
    def change(self) -> float | None:
        """The second mean less the first; None unless both are there and comparable."""
        if self.first is None or self.second is None or not self.comparable:
            return None
        return self.second.mean - self.first.mean


@dataclass(frozen=True)
class RunDifference:
    """What differs between two runs."""

    parts: tuple[PartDifference, ...]
    scores: tuple[ScoreDifference, ...]

    def values(self) -> dict[str, Any]:
        """Return the difference for JSON."""
        return {
            **{
                part.part: {
                    "different": {change.name: [change.first, change.second] for change in part.changes},
                    "equal": part.equal,
                    "unknown": list(part.unknown),
                }
                for part in self.parts
            },
            "scores": {
                score.name: {
                    "first": score.first and score.first.model_dump(mode="json"),
                    "second": score.second and score.second.model_dump(mode="json"),
                    "comparable": score.comparable,
                    "change": score.change,
                }
                for score in self.scores
            },
        }


def difference_of(first: RunFacts, second: RunFacts) -> RunDifference:
    """Return what differs between the facts of two runs."""
    titles = {**second.titles, **first.titles}
    return RunDifference(
        tuple(_part(name, getattr(first, name), getattr(second, name)) for name in PARTS),
        tuple(
            ScoreDifference(
                name,
                titles.get(name, name.upper()),
                first.scores.get(name),
                second.scores.get(name),
                first.protocols.get(name) == second.protocols.get(name)
                and first.run.get("data") == second.run.get("data"),
            )
            for name in dict.fromkeys((*first.scores, *second.scores))
        ),
    )


def _part(name: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> PartDifference:
    names = list(dict.fromkeys((*first, *second)))
    unknown = [key for key in names if name in _OFTEN_MISSING and (key in first) != (key in second)]
    changes = [
        Change(key, first.get(key), second.get(key))
        for key in names
        if key not in unknown and (key in first, first.get(key)) != (key in second, second.get(key))
    ]
    return PartDifference(name, tuple(changes), len(names) - len(changes) - len(unknown), tuple(unknown))
