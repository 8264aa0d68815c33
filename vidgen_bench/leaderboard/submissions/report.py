"""The report of a verification, as text for a terminal or as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidgen_bench.escaping import markdown, markdown_code
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.submissions.findings import Finding
from vidgen_bench.leaderboard.submissions.verify import Submissions

MOST = 200
"""Findings in a report; the rest is counted."""


def render_text(found: Submissions, findings: Sequence[Finding]) -> str:
    """Return one paragraph per finding, faults first, and a summary."""
    lines = [f"{'WRONG' if f.kind == 'fault' else 'LOOK AT'}  {f.path}: {f.reason}" for f in _shown(findings)]
    return "\n".join([*lines, *_left_out(findings), summary(found, findings)]) + "\n"


def render_report(found: Submissions, findings: Sequence[Finding], new: Sequence[str] | None = None) -> str:
    """Return the report as Markdown.

    Args:
        found: the accepted records.
        findings: everything to report.
        new: the paths of new records, whose tables are shown; None for all tables.
    """
    parts = [f"## Submitted results\n\n{markdown(summary(found, findings))}\n"]
    for kind, title in (("fault", "Wrong"), ("look", "For a person to look at")):
        if lines := [f"- {markdown_code(f.path)}: {markdown(f.reason)}" for f in _shown(findings) if f.kind == kind]:
            parts.append("\n".join([f"### {title}\n", *lines, ""]))
    parts += [f"{line}\n" for line in _left_out(findings)]
    if tables := _tables(found, new):
        parts.append(render_markdown(tables))
    return "\n".join(parts)


def summary(found: Submissions, findings: Sequence[Finding]) -> str:
    """Return one sentence with the numbers of records, faults and questions."""
    faults = sum(f.kind == "fault" for f in findings)
    return (
        f"{_count(len(found.records), 'record')} accepted, {len(found.withdrawn)} withdrawn; "
        f"{_count(faults, 'fault')}, {_count(len(findings) - faults, 'value')} to look at."
    )


def _tables(found: Submissions, new: Sequence[str] | None) -> list[Ranking]:
    """Return the tables that have one of the new records, with all of their rows and anchors."""
    wanted = None if new is None else {Path(path) for path in new}
    return [
        ranking
        for ranking in rankings(found.entries(), errata=found.errata, withdrawn=found.withdrawn, extra=False)
        if wanted is None or any(e.path in wanted for row in ranking.rows for e in row.row.entries)
    ]


def _shown(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: (f.kind != "fault", f.path))[:MOST]


def _left_out(findings: Sequence[Finding]) -> list[str]:
    return [f"... and {len(findings) - MOST:,} more."] if len(findings) > MOST else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
