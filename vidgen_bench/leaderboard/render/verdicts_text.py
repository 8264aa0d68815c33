"""The verdicts of a table in words: pairs, resolution, contradictions between metrics, and what incomplete rows lack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from vidgen_bench.leaderboard.ranking import Ranked, Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.standings import LAST
from vidgen_bench.leaderboard.statistics.power import POWER
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL, Pair, Verdict
from vidgen_bench.leaderboard.submissions.commands import completing_command

ALL_PAIRS = 6
"""The most pairs that are all listed; of more, only neighbours in the order of the table are, or the first contradictions."""

NEIGHBOURS = 10
"""The most neighbours that are listed per family: of a long table, those at its top."""


def verdict_lines(ranking: Ranking) -> Iterator[str]:
    """Yield one sentence per listed pair in the metric of the order: difference, interval, p, verdict."""
    if (standing := ranking.standings.get(ranking.select)) is None:
        return
    pairs = standing.pairs
    if len(pairs) > ALL_PAIRS:
        pairs, every = _neighbours(standing.pairs)
        title = ranking.metrics[ranking.select].title
        which = "neighbours" if every else "the first neighbours"
        yield (
            f"{len(standing.separated)} of {len(standing.pairs)} pairs are separated by {title}; {which} are listed, and "
            "`vidgen-bench leaderboard --compare A B` shows any pair."
        )
    places = numbers.decimals_of(ranking)[ranking.select]
    for pair in pairs:
        yield pair_sentence(ranking, pair, ranking.select, places)


def _neighbours(pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], bool]:
    """Return the first pairs of neighbours of each family, in the order of the table, and whether these are all neighbours."""
    tested = sorted({position for p in pairs for position in (p.first, p.second)})
    adjoining = set(pairwise(tested))
    found: dict[int, list[Pair]] = {}
    for pair in pairs:
        if (pair.first, pair.second) in adjoining:
            found.setdefault(id(pair.family), []).append(pair)
    listed = tuple(pair for of in found.values() for pair in of[:NEIGHBOURS])
    return listed, len(listed) == sum(map(len, found.values()))


def pair_sentence(ranking: Ranking, pair: Pair, metric: str, places: int) -> str:
    """Return ``tgan+ode1 - tgan: +0.14 IS (95 % interval -0.31 to +0.59), p = 0.49, corrected 1: not separated.``"""
    first, second = ranking.rows[pair.first], ranking.rows[pair.second]
    names = f"{first.label} - {second.label}"
    title = ranking.metrics[metric].title
    if pair.test is None:
        difference = first.estimates[metric].mean - second.estimates[metric].mean
        found = f"{numbers.signed(difference, places)} {title}"
        return f"{names}: {found}: {pair.verdict}, because there is no spread between the seeds."
    d, half = pair.test.difference, pair.test.half_width
    corrected = f"corrected {pair.corrected_p:.2g}" if pair.corrected_p is not None else "not corrected"
    interval = f"{numbers.signed(d - half, places)} to {numbers.signed(d + half, places)}"
    found = f"{numbers.signed(d, places)} {title} (95 % interval {interval})"
    return f"{names}: {found}, p = {pair.test.p:.2g}, {corrected}: {verdict(ranking, pair)}."


def verdict(ranking: Ranking, pair: Pair) -> str:
    """Return ``tgan is better``, ``not separated`` or ``not testable``."""
    if pair.verdict is Verdict.BETTER:
        return f"{ranking.rows[pair.first].label} is better"
    if pair.verdict is Verdict.WORSE:
        return f"{ranking.rows[pair.second].label} is better"
    return str(pair.verdict)


def resolution_line(ranking: Ranking) -> str:
    """Return which differences the table can find; empty if nothing is compared."""
    standing = ranking.standings.get(ranking.select)
    if standing is None or (found := standing.resolution) is None:
        return ""
    places, title = numbers.decimals_of(ranking)[ranking.select], ranking.metrics[ranking.select].title
    pairs = f"{found.pairs} pair{'s' if found.pairs > 1 else ''}"
    return (
        f"Resolution: {found.seeds} seeds, median standard deviation between seeds {numbers.amount(found.sd, places)}: this table "
        f"separates a true difference of about {numbers.amount(found.difference, places)} {title} with probability {POWER}, and smaller "
        f"ones more rarely (level {LEVEL} over {pairs})."
    )


def contradictions(ranking: Ranking) -> Iterator[str]:
    """Yield a sentence per pair of rows that two metrics separate in opposite directions: the first ones, and how many more there are."""
    clear = {
        metric: {(p.first, p.second): p.verdict for p in standing.separated}
        for metric, standing in ranking.standings.items()
    }
    own = clear.get(ranking.select, {})
    opposed = [
        (pair, metric) for metric, found in clear.items() for pair in own if found.get(pair, own[pair]) is not own[pair]
    ]
    for pair, metric in sorted(opposed, key=lambda found: found[0])[:ALL_PAIRS]:
        names = " and ".join(ranking.rows[i].label for i in pair)
        titles = f"{ranking.metrics[ranking.select].title} and {ranking.metrics[metric].title}"
        yield f"{titles} contradict each other: each separates {names}, in opposite directions."
    if (more := len(opposed) - ALL_PAIRS) > 0:
        yield f"... and {more} more pair{'s' if more > 1 else ''} that two metrics separate in opposite directions."


def unranked_lines(ranking: Ranking) -> Iterator[str]:
    """Yield a sentence per row without all declared seeds, with the command that runs the missing ones."""
    if not ranking.ranked:
        return
    for row in ranking.rows:
        if row.missing and not row.row.external:
            yield from _incomplete(row)
        for seed in (s for s in row.withdrawn if s not in row.missing):
            yield (
                f"{row.label}, seed {seed}: the submitted record was withdrawn: {_ended(row.withdrawn[seed])} "
                "This row has a record of the seed from another place."
            )
        for metric, reason in row.errata.items():
            if metric in ranking.metrics:
                yield f"{row.label}: {ranking.metrics[metric].title} is known to be wrong and not ranked: {_ended(reason)}"
        if len(row.diverged) >= LAST and not row.missing:
            yield _fallen(ranking, row)
        yield from _without_rank(ranking, row)
        yield from _other_seeds(ranking, row)


def alone_lines(ranking: Ranking) -> Iterator[str]:
    """Yield a sentence per row whose rank compares it with no other row, in the metric of the order."""
    standing = ranking.standings.get(ranking.select)
    for position in sorted(standing.alone) if standing else ():
        label = ranking.rows[position].label
        yield f"{label} has rank 1 because no other row of {_family(ranking)} is ranked: nothing was compared."


def _family(ranking: Ranking) -> str:
    return "this table" if ranking.family == "table" else "its backbone"


def _fallen(ranking: Ranking, row: Ranked) -> str:
    """Return why a row with several diverged seeds is last, or has no rank where no other row is before it."""
    diverged = f"{len(row.diverged)} of {len(ranking.seeds)} seeds diverged"
    if row.ranks:
        return f"{row.label} is last without a test: {diverged}."
    return f"{row.label} is not ranked: {diverged}. Such a row is last, but {_family(ranking)} has no row with fewer than {LAST} before it."


def _incomplete(row: Ranked) -> Iterator[str]:
    """Yield which seeds a row lacks: those to run, with the command, and those that were withdrawn, which a run cannot replace."""
    if to_run := [seed for seed in row.missing if seed not in row.withdrawn]:
        which = f"seed{'s' if len(to_run) > 1 else ''} {numbers.seeds(to_run)}"
        yield f"{row.label} is not ranked: {which} missing. Run: {completing_command(row.row.records[0], to_run)}"
    for seed in (s for s in row.missing if s in row.withdrawn):
        yield f"{row.label} is not ranked: seed {seed} was withdrawn: {_ended(row.withdrawn[seed])}"


def _ended(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


def _without_rank(ranking: Ranking, row: Ranked) -> Iterator[str]:
    """Yield a sentence per metric in which a row with all declared seeds has no rank."""
    if row.missing or row.row.external:
        return
    for metric in ranking.standings:
        estimate = row.estimates.get(metric)
        if estimate is None or metric in row.ranks or metric in row.errata:
            continue
        if not (without := [seed for seed in ranking.seeds if seed not in estimate.seeds]):
            continue  # diverged, with no other row in the family
        title, which = ranking.metrics[metric].title, numbers.seeds(without)
        why = ", which diverged, and there is no floor to count for it" if set(without) <= set(row.diverged) else ""
        yield f"{row.label} is not ranked by {title}: it has no score for seed {which}{why}."


def _other_seeds(ranking: Ranking, row: Ranked) -> Iterator[str]:
    """Yield which seeds of a row are not part of its score, and which declared seeds were run several times."""
    further = sorted(set(row.row.seeds) - set(ranking.seeds))
    if further and not row.missing and not row.row.external:
        own, others = numbers.seeds(ranking.seeds), numbers.seeds(further)
        yield f"{row.label}: the score is of seeds {own}; further seeds ({others}) are not part of it."
    repeated = sorted({seed for seed in row.row.seeds if row.row.seeds.count(seed) > 1})
    if repeated and not row.row.external:
        yield f"Caution: {row.label} has several different runs of seed {numbers.seeds(repeated)}; each seed counts once, with their mean."
