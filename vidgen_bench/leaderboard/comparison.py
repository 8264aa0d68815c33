"""Comparison: everything that the seeds of two rows say about their difference in one metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.leaderboard.estimates import Estimate, estimate, floor_of
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, sign_of
from vidgen_bench.leaderboard.statistics import chi_square, permutation, spread
from vidgen_bench.leaderboard.statistics.power import seeds_needed
from vidgen_bench.leaderboard.statistics.verdicts import Pair, Verdict, compare


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds per row that find a difference as large as the observed one with probability 0.8 at the level 0.05."""

    seeds: int | None
    """None beyond 100,000."""
    sd: float
    """The standard deviation between seeds that this rests on: the root of the mean of both rows' variances."""
    sd_interval: tuple[float, float]
    """Its 95 % interval, approximate if the rows differ in spread or in their number of seeds."""
    fewest: int | None
    """The seeds needed at the lower end of the interval."""
    most: int | None
    """The seeds needed at the upper end; None beyond 100,000."""


@dataclass(frozen=True)
class Comparison:
    """Two rows in one metric, over all seeds that they have."""

    ranking: Ranking
    metric: str
    rows: tuple[Ranked, Ranked]
    estimates: tuple[Estimate, Estimate]
    pair: Pair
    """The test of these two rows alone: without correction."""
    in_table: Pair | None
    """The verdict of the table, over the declared seeds and corrected for all its pairs; None if a row is not ranked."""
    family: int
    """The number of pairs that the correction covers."""
    permutation_p: float | None
    """The exact permutation p; None with too many seeds to enumerate."""
    smallest_p: float
    """The smallest p that the permutation test can give with these numbers of seeds."""
    needed: SeedsNeeded | None
    """None if a row has only one seed or a diverged seed, or if there is no spread."""


def comparisons(rankings: Sequence[Ranking], first: str, second: str, metric: str | None) -> list[Comparison]:
    """Return the comparisons of two specs, one per table that has both and per metric with a better direction.

    Args:
        first: the label of a row: its spec, followed by its options where several rows have this spec.
        metric: the only metric to compare; all unless given.
    Raises:
        RequestError: no table has both rows, a label is ambiguous, or no table with both has the metric.
    """
    if not rankings:
        raise RequestError(
            f"--compare {first} {second}: there are no records. Create one with: vidgen-bench run {first}"
        )
    known = {label for ranking in rankings for row in ranking.rows for label in (row.spec, row.label)}
    for name in (first, second):
        if name not in known:
            raise RequestError(f"--compare: there is no row {name!r}.{did_you_mean(name, known)}")
    tables = [r for r in rankings if _has(r, first) and _has(r, second)]
    if not tables:
        one, other = ({r.conditional for r in rankings if _has(r, name)} for name in (first, second))
        why = "" if one & other else " A class-conditional model and an unconditional one never share a table."
        raise RequestError(
            f"--compare {first} {second}: no table has both rows; only rows of one table can be compared.{why}"
        )
    found = [c for r in tables for c in _in_table(r, *_two(r, first, second), metric)]
    if not found:
        metrics = sorted({m for r in tables for m, c in r.metrics.items() if c.better != "neither"})
        wanted = f"--metric {metric}" if metric else f"--compare {first} {second}"
        raise RequestError(f"{wanted}: expected a metric in which both rows have a score: {', '.join(metrics)}.")
    return found


def _has(ranking: Ranking, name: str) -> bool:
    return any(name in (row.spec, row.label) for row in ranking.rows)


def _two(ranking: Ranking, first: str, second: str) -> tuple[int, int]:
    i, j = _find(ranking, first), _find(ranking, second)
    if i == j:
        raise RequestError(
            f"--compare {first} {second}: expected two different rows; both are {ranking.rows[i].label}."
        )
    return i, j


def _find(ranking: Ranking, name: str) -> int:
    exact = [i for i, row in enumerate(ranking.rows) if row.label == name]
    found = exact or [i for i, row in enumerate(ranking.rows) if row.spec == name]
    if len(found) > 1:
        labels = "; ".join(repr(ranking.rows[i].label) for i in found)
        raise RequestError(f"--compare {name}: several rows of {ranking.name} have this name. Give one of {labels}.")
    return found[0]


def _in_table(ranking: Ranking, i: int, j: int, wanted: str | None) -> Iterator[Comparison]:
    for metric, column in ranking.metrics.items():
        if column.better == "neither" or wanted not in (None, metric):
            continue
        rows, sign = (ranking.rows[i], ranking.rows[j]), sign_of(column)
        floor = floor_of(ranking.anchors, metric, sign)
        first, second = (estimate(row.row, metric, sign, floor, row.row.seeds) for row in rows)
        if first is None or second is None:
            continue
        standing = ranking.standings.get(metric)
        pairs = {frozenset((p.first, p.second)): p for p in standing.pairs} if standing else {}
        in_table = pairs.get(frozenset((i, j)))
        if in_table and in_table.first == j:
            in_table = in_table.reversed()
        pair = compare([first.scores, second.scores], sign)[0]
        yield Comparison(
            ranking,
            metric,
            rows,
            (first, second),
            pair,
            in_table,
            len(in_table.family) if in_table else 0,
            permutation.permutation_p(first.scores, second.scores) if _several(first, second) else None,
            permutation.smallest_p(len(first.seeds), len(second.seeds)),
            _needed(first, second) if pair.test else None,
        )


def _several(first: Estimate, second: Estimate) -> bool:
    return min(len(first.seeds), len(second.seeds)) > 1


def _needed(first: Estimate, second: Estimate) -> SeedsNeeded | None:
    if first.floored or second.floored:  # the distance to the floor is not a spread between seeds
        return None
    sd, df = spread.root_mean_variance(first.scores, second.scores)
    low, high = (factor * sd for factor in chi_square.sd_factors(df))
    difference = abs(first.mean - second.mean)
    fewest, seeds, most = (seeds_needed(difference / spread) for spread in (low, sd, high))
    return SeedsNeeded(seeds, sd, (low, high), fewest, most)


def better(comparison: Comparison, pair: Pair) -> Ranked | None:
    """Return the row that a verdict calls better, or None."""
    if pair.verdict is Verdict.BETTER:
        return comparison.rows[0]
    return comparison.rows[1] if pair.verdict is Verdict.WORSE else None
