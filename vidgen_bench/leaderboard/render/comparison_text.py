"""A comparison of two rows as text and as JSON values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.comparison import Comparison, better
from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.ranking import Ranked
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.json_text import estimate_values, pair_values
from vidgen_bench.leaderboard.render.notes import heading
from vidgen_bench.leaderboard.standings import LAST
from vidgen_bench.leaderboard.statistics.power import POWER
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL, Pair

_LABEL = 16

_DECIMALS = 15
"""The most decimals of a comparison."""


def render_comparisons(found: Sequence[Comparison]) -> str:
    """Return one block of lines per table and metric, effects before p-values."""
    blocks = []
    for comparison in found:
        head = one_line(f"{comparison.ranking.title} · {heading(comparison.ranking, comparison.metric)}")
        facts = [(one_line(label), one_line(text)) for label, text in _lines(comparison)]
        width = max(_LABEL, *(len(one_line(row.label)) + 2 for row in comparison.rows))
        blocks.append("\n".join([head, *(f"  {label.ljust(width)}{text}" for label, text in facts)]))
    return "\n\n".join(blocks) + "\n"


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as values for JSON, in full precision."""
    first, second = comparison.rows
    return {
        "track": comparison.ranking.names[0],
        "conditional": comparison.ranking.conditional,
        "metric": comparison.metric,
        "first": _row_values(first, comparison.estimates[0], comparison.metric),
        "second": _row_values(second, comparison.estimates[1], comparison.metric),
        "alone": _verdict_values(comparison.pair),
        "in_table": _verdict_values(comparison.in_table) if comparison.in_table else None,
        "pairs_in_table": comparison.family,
        "permutation_p": comparison.permutation_p,
        "smallest_permutation_p": comparison.smallest_p,
        "seeds_needed": asdict(comparison.needed) if comparison.needed else None,
    }


def _row_values(row: Ranked, estimate: Estimate, metric: str) -> dict[str, Any]:
    named = {"spec": row.spec, "options": row.options, "reconstruction": row.row.reconstruction}
    named["known_error"] = row.errata.get(metric)
    return named | estimate_values(estimate)


def _verdict_values(pair: Pair) -> dict[str, Any]:
    return {key: value for key, value in pair_values(pair).items() if key not in ("first", "second")}


def _lines(comparison: Comparison) -> Iterator[tuple[str, str]]:
    title, test = comparison.ranking.metrics[comparison.metric].title, comparison.pair.test
    places = numbers.decimals_of(comparison.ranking)[comparison.metric]
    if test:  # two rows may be far closer to each other than the rows of the table
        places = max(places, numbers.decimals([test.half_width], _DECIMALS))
    for row, estimate in zip(comparison.rows, comparison.estimates, strict=True):
        sd = "" if estimate.sd is None else f", standard deviation {numbers.amount(estimate.sd, places)}"
        which = f"seed{'s' if len(estimate.seeds) > 1 else ''} {numbers.seeds(list(estimate.seeds))}"
        seeds = "external" if row.row.external else which
        fell = f", {len(estimate.floored)} diverged and counted as the worse floor" if estimate.floored else ""
        yield row.label, f"{numbers.mean_and_interval(estimate, places)} ({seeds}{sd}{fell})"
    for row in comparison.rows:
        if reason := row.errata.get(comparison.metric):
            yield "known error", f"the {title} of {row.label} is known to be wrong: {reason}"
    if test is None:
        difference = comparison.estimates[0].mean - comparison.estimates[1].mean
        yield "difference", f"{numbers.signed(difference, places)} {title}"
        yield "verdict", f"{comparison.pair.verdict}: {_why(comparison)}"
        return
    low, high = test.difference - test.half_width, test.difference + test.half_width
    interval = f"{numbers.signed(low, places)} to {numbers.signed(high, places)}"
    yield "difference", f"{numbers.signed(test.difference, places)} {title}, 95 % interval {interval}"
    yield "verdict", _verdict(comparison)
    yield "p", f"{test.p:.2g} for these two rows alone{_corrected(comparison)}"
    exact = "too many seeds to enumerate" if comparison.permutation_p is None else f"{comparison.permutation_p:.2g}"
    counts = " and ".join(str(len(e.seeds)) for e in comparison.estimates)
    yield "permutation p", f"{exact}; the smallest possible with {counts} seeds is {comparison.smallest_p:.2g}"
    yield from _needed(comparison, places)


def _why(comparison: Comparison) -> str:
    for row, estimate in zip(comparison.rows, comparison.estimates, strict=True):
        if row.row.external:
            return f"{row.label} has no seeds, because its clips are external"
        if len(estimate.seeds) < 2:
            return f"{row.label} has one seed"
    return "there is no spread between the seeds"


def _verdict(comparison: Comparison) -> str:
    table = comparison.in_table
    ahead = better(comparison, table or comparison.pair)
    words = f"{ahead.label} is better" if ahead else str((table or comparison.pair).verdict)
    if table is None:
        return f"{words}, for these two rows alone. The table does not test them: {_outside(comparison)}"
    declared = comparison.ranking.seeds
    further = any(set(e.seeds) != set(declared) for e in comparison.estimates)
    return f"{words}, by the declared seeds {numbers.seeds(declared)} alone" if further else words


def _outside(comparison: Comparison) -> str:
    """Return why the table does not compare the two rows."""
    for row in comparison.rows:
        if comparison.metric in row.errata:
            return f"the score of {row.label} is known to be wrong"
        if comparison.metric not in row.ranks:
            return f"{row.label} has no rank in this table"
        if len(row.diverged) >= LAST:
            return f"{row.label} is last without a test, because {len(row.diverged)} of its seeds diverged"
    return "with --within backbone, the table compares only rows of one backbone"


def _corrected(comparison: Comparison) -> str:
    table, alone = comparison.in_table, comparison.pair.test
    if table is None or table.corrected_p is None or table.test is None:
        return ""
    size = f"{comparison.family} pair{'s' if comparison.family > 1 else ''}"
    family = "this table" if comparison.ranking.family == "table" else "this backbone"
    declared = "" if alone and math.isclose(table.test.p, alone.p, rel_tol=1e-9) else ", over the declared seeds"
    return f"; {table.corrected_p:.2g} corrected for the {size} of {family}{declared}"


def _needed(comparison: Comparison, places: int) -> Iterator[tuple[str, str]]:
    if (needed := comparison.needed) is None:
        return
    interval = " to ".join(numbers.amount(sd, places) for sd in needed.sd_interval)
    yield (
        "seeds needed",
        f"{_count(needed.seeds)} per row to find this difference with probability {POWER} at level {LEVEL}",
    )
    yield (
        "which rests on",
        f"standard deviation {numbers.amount(needed.sd, places)}; its approximate 95 % interval {interval} gives "
        f"{_span(needed.fewest, needed.most)} seeds",
    )


def _span(fewest: int | None, most: int | None) -> str:
    return _count(fewest) if fewest == most else f"{_count(fewest)} to {_count(most)}"


def _count(seeds: int | None) -> str:
    return "more than 100,000" if seeds is None else f"{seeds:,}"
