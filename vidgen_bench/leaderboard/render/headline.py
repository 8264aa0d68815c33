"""The headline of a table: who is ahead, by how much, whether the seeds separate it, what it costs, and where another metric disagrees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from vidgen_bench.leaderboard.ranking import Ranked, Ranking, backbone_of, family_of, sign_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.notes import RANKS_NOTHING
from vidgen_bench.leaderboard.render.null_lines import null_lines
from vidgen_bench.leaderboard.render.verdicts_text import alone_lines, contradictions
from vidgen_bench.leaderboard.standings import Standing
from vidgen_bench.leaderboard.statistics.verdicts import SEPARATED, Pair

_NAMED = 3
"""The most rows that a sentence names."""

_CHEAPER = 0.9
"""From this ratio of costs down, one row is called cheaper than another."""

_OPPOSED = 1
"""The most contradictions between metrics that it quotes, if they do not concern the row that is ahead; the notes have more."""

Pairs = Mapping[tuple[int, int], Pair]


def headline(ranking: Ranking) -> list[str]:
    """Return the verdict on a table in a few sentences; every claim in it is one of the table's verdicts."""
    if not ranking.ranked:
        return [RANKS_NOTHING]
    standing = ranking.standings.get(ranking.select)
    if standing is None:
        return [f"Nothing is ranked: no direction of {ranking.select} is the better one."]
    if not standing.ranks:
        return [f"Nothing is ranked: no row has a score for each of the seeds {numbers.seeds(ranking.seeds)}."]
    found, disagree = list[str](), False
    pairs = {(p.first, p.second): p for p in standing.pairs}
    for members in _families(ranking, standing):
        found += _ahead(ranking, members, pairs)
        elsewhere = list(_elsewhere(ranking, members[0]))
        disagree = disagree or bool(elsewhere)
        found += [*elsewhere, *null_lines(ranking, members, pairs)]
    return [*found, *alone_lines(ranking), *islice(contradictions(ranking), 0 if disagree else _OPPOSED)]


def _families(ranking: Ranking, standing: Standing) -> list[list[int]]:
    """Return the positions of the rows that are tested against each other, of each family with at least two."""
    tested = sorted({position for p in standing.pairs for position in (p.first, p.second)})
    found: dict[str, list[int]] = {}
    for position in tested:
        found.setdefault(family_of(ranking.rows[position], ranking.family), []).append(position)
    return list(found.values())


def _ahead(ranking: Ranking, members: Sequence[int], pairs: Pairs) -> Iterator[str]:
    """Yield who is ahead, by how much, and which of the rows that are not separated from it is the cheapest."""
    first, *others = members
    close = [j for j in others if pairs[first, j].verdict not in SEPARATED]
    nearest = (close or others)[0]
    lead, following = ranking.rows[first].label, ranking.rows[nearest].label
    title, gap = ranking.metrics[ranking.select].title, _gap(ranking, pairs[first, nearest])
    inside = f" with the backbone {backbone_of(ranking.rows[first].row)}" if ranking.family == "backbone" else ""
    rows = "row" if _all_tested(ranking, members) else "tested row"
    if not close:
        whom = f"every other {rows}{inside}: than {following}, the next one," if len(others) > 1 else following
        yield f"By {title}, {lead} is better than {whom} by {gap}."
        return
    whom = _named(
        [ranking.rows[j].label for j in close], f"any other {rows}" if len(close) == len(others) else "", inside
    )
    which = (
        ""
        if whom == following
        else f" from {following}, the {'next one' if nearest == others[0] else 'best of these'},"
    )
    equal = ranking.rows[first].estimates[ranking.select].mean == ranking.rows[others[0]].estimates[ranking.select].mean
    best = "is listed first" if equal else f"has the {'better' if len(others) == 1 else 'best'} mean"
    yield f"By {title}, {lead} {best}, but the seeds do not separate it from {whom}: the difference{which} is {gap}."
    yield from _cheapest([ranking.rows[i] for i in (first, *close)])


def _all_tested(ranking: Ranking, members: Sequence[int]) -> bool:
    """Return whether the family has no row that is listed without a test: incomplete, external, diverged."""
    family = family_of(ranking.rows[members[0]], ranking.family)
    return len(members) == sum(family_of(row, ranking.family) == family for row in ranking.rows)


def _named(labels: Sequence[str], all_of_them: str, inside: str) -> str:
    if len(labels) == 1:
        return labels[0]
    if all_of_them:
        return f"{all_of_them}{inside}"
    if len(labels) > _NAMED:
        return f"{len(labels)} other rows{inside}"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"


def _gap(ranking: Ranking, pair: Pair) -> str:
    """Return ``0.14 IS (95 % interval -0.31 to 0.59)``: how much better the first row of a pair is."""
    column, places = ranking.metrics[ranking.select], numbers.decimals_of(ranking)[ranking.select]
    sign = sign_of(column)
    if pair.test is None:
        means = [ranking.rows[i].estimates[ranking.select].mean for i in (pair.first, pair.second)]
        return f"{numbers.amount(sign * (means[0] - means[1]), places)} {column.title} ({pair.verdict}: there is no spread between seeds)"
    d, half = sign * pair.test.difference, pair.test.half_width
    interval = f"95 % interval {numbers.amount(d - half, places)} to {numbers.amount(d + half, places)}"
    return f"{numbers.amount(d, places)} {column.title} ({interval}{_corrected(pair)})"


def _corrected(pair: Pair) -> str:
    """Return p after the correction, which may be large although the interval, of this pair alone, leaves 0 out."""
    count = len(pair.family)
    if count < 2 or pair.corrected_p is None:
        return ""
    return f"; p = {pair.corrected_p:.2g} after correction for {count:,} pairs"


def _cheapest(rows: Sequence[Ranked]) -> Iterator[str]:
    """Yield which of rows that are not separated costs least; device-hours of different hardware do not compare."""
    if len({(r.measured.hardware, r.environment.world) for row in rows for r in row.row.records}) > 1:
        return
    costs = [_device_hours(row) for row in rows]
    least, most = (pick(range(len(rows)), key=costs.__getitem__) for pick in (min, max))
    own, lowest, highest = (numbers.hours([costs[i]]) for i in (0, least, most))
    if costs[least] < _CHEAPER * costs[0]:
        yield f"The cheapest of these is {rows[least].label}: {lowest} device-hours per run, against {own} for {rows[0].label}."
    elif least == 0 and costs[0] < _CHEAPER * costs[most]:
        yield f"{rows[0].label} is also the cheapest of these: {own} device-hours per run, the others up to {highest}."


def _device_hours(row: Ranked) -> float:
    hours = [r.measured.device_hours for r in row.row.records]
    return math.fsum(hours) / len(hours)


def _elsewhere(ranking: Ranking, position: int) -> Iterator[str]:
    """Yield the other metrics by which the row that is ahead is clearly not the best."""
    row = ranking.rows[position]
    for (
        metric,
        entry,
    ) in ranking.metrics.items():  # the ranks are those of all metrics, also of those that are not shown
        best, _ = row.ranks.get(metric, (1, 1))
        if metric != ranking.select and best > 1 and not entry.extra:
            yield f"{entry.title} disagrees: by it, {row.label} has rank {row.place(metric)}."
