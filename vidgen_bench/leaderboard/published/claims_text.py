"""The paper's claims as text, for a terminal or as Markdown, and as JSON values."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from vidgen_bench.leaderboard.published.claims import BetweenRuns, Claims, Support
from vidgen_bench.leaderboard.published.sources import PublishedRow, sources
from vidgen_bench.leaderboard.render.numbers import signed
from vidgen_bench.leaderboard.statistics.power import POWER
from vidgen_bench.leaderboard.statistics.verdicts import LEVEL

_LABEL = 14


def render_text(claims: Claims, found: Sequence[Support], width: int) -> str:
    """Return one paragraph per claim: the claim, its rows, and the verdicts between checkpoints and between methods."""
    source = sources()[claims.source]
    blocks = [_filled("", f"{source.source}: its claims, and what its numbers support.", width)]
    blocks.append(_filled("", f"± in its tables: {source.spread}.", width))
    for number, support in enumerate(found, 1):
        lines = [_filled(f"{number}.", support.claim.claim, width, 3)]
        lines += [_filled(f"   {label}", text, width, _LABEL + 3) for label, text in _facts(claims, support)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def render_markdown(claims: Claims, found: Sequence[Support]) -> str:
    """Return the same as Markdown."""
    source = sources()[claims.source]
    lines = [f"### {source.source}", "", f"± in its tables: {source.spread}."]
    for support in found:
        lines += [
            "",
            f"**{support.claim.claim}**",
            "",
            *(f"- *{label}*: {text}" for label, text in _facts(claims, support)),
        ]
    return "\n".join(lines) + "\n"


def as_values(claims: Claims, found: Sequence[Support]) -> dict[str, Any]:
    """Return the claims as values for JSON, in full precision."""
    return {
        "source": sources()[claims.source].source,
        "claims": [
            {
                "claim": s.claim.claim,
                "metric": s.claim.metric,
                "table": s.claim.table,
                "first": s.first.model_dump(),
                "second": s.second.model_dump(),
                "difference": s.first.mean - s.second.mean,
                "between_checkpoints": s.checkpoints.values() | {"half_width": s.checkpoints.half_width}
                if s.checkpoints
                else None,
                "between_methods": asdict(s.runs) if s.runs else None,
                "remark": s.claim.remark,
            }
            for s in found
        ],
    }


def _facts(claims: Claims, support: Support) -> Iterator[tuple[str, str]]:
    claim = support.claim
    yield (
        "rests on",
        f"{_row(support.first)} and {_row(support.second)} ({claim.metric}, {claim.table}), one seed each.",
    )
    yield "checkpoints", _between_checkpoints(support)
    yield "methods", _between_methods(claims, support)
    for row in (support.first, support.second):
        if row.error:
            yield "known error", f"{row.system}: {row.error}"
    if claim.remark:
        yield "remark", claim.remark


def _row(row: PublishedRow) -> str:
    places = 2 if abs(row.mean) < 1000 else 0
    return f"{row.system} {row.mean:,.{places}f}" + ("" if row.std is None else f" ± {row.std:,.{places}f}")


def _between_checkpoints(support: Support) -> str:
    test, claim = support.checkpoints, support.claim
    if test is None:
        return f"not testable: {claim.not_testable or 'a ± is missing.'}"
    places = 2 if abs(support.first.mean) < 1000 else 0
    low, high = test.difference - test.half_width, test.difference + test.half_width
    ahead = claim.first if (test.difference > 0) == (claim.metric == "IS") else claim.second
    verdict = f"the checkpoint of {ahead} is better" if test.p <= LEVEL else "these two checkpoints are not separated"
    interval = f"95 % interval {signed(low, places)} to {signed(high, places)}"
    return f"{signed(test.difference, places)} {claim.metric} ({interval}), Welch p = {test.p:.2g}: {verdict}."


def _between_methods(claims: Claims, support: Support) -> str:
    runs, difference = support.runs, abs(support.first.mean - support.second.mean)
    if runs is None:
        return (
            "not testable: one seed each, and no repeated runs are published that would show the spread between runs."
        )
    return f"not testable: one seed each. {_spread_of_runs(claims, runs)} {_seeds(runs, difference)}"


def _spread_of_runs(claims: Claims, runs: BetweenRuns) -> str:
    low, high = runs.sd_interval
    return (
        f"The authors' own {runs.runs} runs of {claims.repeats.method} have a standard deviation of {runs.sd:.3f} "
        f"(95 % interval {low:.2f} to {high:.2f}); if that were exactly the spread of both methods, p would be about {runs.p:.2g}; "
        f"with the uncertainty of a standard deviation from {runs.runs} runs, about {runs.p_of_few_runs:.2g}."
    )


def _seeds(runs: BetweenRuns, difference: float) -> str:
    if runs.seeds is None:
        return "No number of seeds would find a difference of zero."
    return (
        f"About {runs.seeds:,} seeds per method would find a difference of {difference:.2f} with probability {POWER}."
    )


def _filled(label: str, text: str, width: int, indent: int = 0) -> str:
    """Return the text wrapped between words, after its label and indented by ``indent`` columns."""
    first = label.ljust(indent)
    return textwrap.fill(
        text, max(width, 40), initial_indent=first, subsequent_indent=" " * indent, break_on_hyphens=False
    )
