"""Standings: what the seeds of a table's rows say about their order in one metric."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.statistics import power
from vidgen_bench.leaderboard.statistics.ranks import rank_intervals
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL, SEPARATED, Pair, compare

LAST = 2
"""From this number of diverged declared seeds on, a row is last and is not tested."""


@dataclass(frozen=True)
class Resolution:
    """The difference that a table can find."""

    seeds: int
    sd: float
    """The median standard deviation between the seeds of a row."""
    pairs: int
    difference: float
    """Found with probability 0.8 at the level 0.05 / pairs."""


@dataclass(frozen=True)
class Contender:
    """A ranked row in one metric."""

    position: int
    """The row's position in the table."""
    estimate: Estimate
    diverged: int
    family: str


@dataclass(frozen=True)
class Standing:
    """The verdicts and ranks of a table in one metric."""

    pairs: tuple[Pair, ...]
    """Every tested pair, by the rows' positions in the table."""
    ranks: dict[int, tuple[int, int]]
    """Best and worst rank of each ranked row, by position."""
    resolution: Resolution | None
    alone: frozenset[int] = frozenset()
    """The positions of rows whose family has no other ranked row: their rank compares them with nothing."""

    @cached_property
    def separated(self) -> tuple[Pair, ...]:
        """The pairs of which one row is better."""
        return tuple(p for p in self.pairs if p.verdict in SEPARATED)


def standing(contenders: Sequence[Contender], sign: int, seeds: int) -> Standing:
    """Return the standing of ranked rows; rows are compared and ranked inside their family.

    Args:
        sign: 1 if higher is better, -1 if lower is better.
        seeds: the number of seeds of each row.
    """
    pairs: list[Pair] = []
    ranks: dict[int, tuple[int, int]] = {}
    tested: list[Contender] = []
    alone: set[int] = set()
    largest = 0
    for family in dict.fromkeys(c.family for c in contenders):
        members = [c for c in contenders if c.family == family]
        inside = [c for c in members if c.diverged < LAST]
        last = [c for c in members if c.diverged >= LAST]
        found = compare([c.estimate.scores for c in inside], sign)
        for contender, rank in zip(inside, rank_intervals(len(inside), found, len(last)), strict=True):
            ranks[contender.position] = rank
        if inside:  # rows that diverged are last behind others, or have no rank
            ranks |= {c.position: (len(inside) + 1, len(members)) for c in last}
        if len(members) == 1:
            alone |= {c.position for c in inside}
        places = [c.position for c in inside]
        same = places == list(range(len(places)))  # as in a table without families, where every row is compared
        pairs += found if same else [p.between(places[p.first], places[p.second]) for p in found]
        tested += inside
        largest = max(largest, len(found))
    return Standing(tuple(pairs), ranks, _resolution(tested, seeds, largest), frozenset(alone))


def _resolution(tested: Sequence[Contender], seeds: int, pairs: int) -> Resolution | None:
    """Return the resolution of the largest family; None if fewer than two rows were compared or no row has any spread.

    Rows with a diverged seed are left out: the distance to the floor is not a spread between seeds.
    """
    sds = [sd for c in tested if not c.estimate.floored and (sd := c.estimate.sd) is not None]
    sd = statistics.median(sds) if sds else 0.0
    if pairs == 0 or sd == 0.0:
        return None
    return Resolution(seeds, sd, pairs, sd * power.detectable(seeds, LEVEL / pairs))
