"""The report as Markdown: verdict, table, what the seeds separate, what they do not, and how to run it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vidgen_bench.config.track import load_track, shipped_tracks
from vidgen_bench.escaping import markdown, markdown_code, one_line
from vidgen_bench.leaderboard.page.facts import counted, held_fixed
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.closing import closing
from vidgen_bench.leaderboard.render.headline import headline
from vidgen_bench.leaderboard.render.markdown import ranking_cells, table
from vidgen_bench.leaderboard.render.notes import PARAMETERS, notes
from vidgen_bench.leaderboard.render.verdicts_text import pair_sentence, verdict_lines
from vidgen_bench.leaderboard.report.motion import motion
from vidgen_bench.leaderboard.standings import Standing
from vidgen_bench.leaderboard.statistics.verdicts import Verdict
from vidgen_bench.leaderboard.submissions.commands import completing_command

_PLAIN = re.compile(r"[\w+:.,=~/ -]+", re.ASCII)
"""A command that may be a code span: it has no mention, link or quotation mark."""

_LIMITS = (
    "Not separated does not mean equal: more seeds may separate two models. `vidgen-bench leaderboard --compare A B` says how many that "
    "takes. All of this holds for this data, this budget and this instrument; others may order the models differently."
)


def render_report(rankings: Sequence[Ranking]) -> str:
    """Return a page with one part per table; the order of the records does not matter."""
    return "\n".join(line for ranking in rankings for line in _part(ranking)).rstrip() + "\n"


def _part(ranking: Ranking) -> Iterator[str]:
    plain = ranking.plain()
    yield from (f"# Results on {markdown(ranking.title)}", "")
    if about := _summary(ranking):
        yield from (markdown(about), "")
    fixed = [f"{word} {value}" for word, value in held_fixed(ranking)]
    yield from (markdown(f"{'; '.join(counted(ranking))}. The same for all: {'; '.join(fixed)}."), "")
    yield from ("## Verdict", "", *_list(headline(plain)))
    listed = {one_line(line) for line in verdict_lines(plain)}
    below = [note for note in notes(plain) if note not in listed]
    yield from ("## The table", "", *table(ranking_cells(plain)), "", *_list([*below, PARAMETERS, *closing(plain)]))
    if any(standing.pairs for standing in plain.standings.values()):
        yield from ("## What it supports", "", *_separated(plain))
        yield from ("## What it does not support", "", *_others(plain, Verdict.NOT_SEPARATED))
        yield from (*_others(plain, Verdict.NOT_TESTABLE), _LIMITS, "")
    yield from motion(ranking)
    yield from _again(ranking)


def _summary(ranking: Ranking) -> str:
    """Return the summary of a track that comes with vidgen-bench; a record does not hold it."""
    name = next((name for name in ranking.names if name in shipped_tracks()), None)
    track = load_track(name) if name else None
    return track.summary if track and track.fingerprint == ranking.record.track.fingerprint else ""


def _list(sentences: Sequence[str]) -> list[str]:
    return [*(f"- {markdown(sentence)}" for sentence in sentences), ""]


def _standings(ranking: Ranking) -> list[tuple[str, Standing]]:
    """Return the standing in each metric that compares rows, the one that orders them first."""
    found = [(metric, standing) for metric, standing in ranking.standings.items() if standing.pairs]
    return sorted(found, key=lambda item: item[0] != ranking.select)


def _separated(ranking: Ranking) -> Iterator[str]:
    """Yield, for each metric with ranks, every pair that the seeds separate: difference, interval, p."""
    places = numbers.decimals_of(ranking)
    for metric, standing in _standings(ranking):
        found = [pair_sentence(ranking, pair, metric, places[metric]) for pair in standing.separated]
        yield from _heading(ranking, metric, f"the seeds separate {_share(len(found), len(standing.pairs))}")
        yield from _list(found) if found else ()


def _others(ranking: Ranking, verdict: Verdict) -> Iterator[str]:
    """Yield, for each metric with ranks, the rows that have this verdict with each row."""
    for metric, standing in _standings(ranking):
        found: dict[int, list[str]] = {}
        for pair in standing.pairs:
            if pair.verdict is verdict:
                found.setdefault(pair.first, []).append(ranking.rows[pair.second].label)
        if found:
            count = _share(sum(map(len, found.values())), len(standing.pairs))
            does = (
                "the seeds do not separate"
                if verdict is Verdict.NOT_SEPARATED
                else "there is no spread between the seeds of"
            )
            yield from _heading(ranking, metric, f"{does} {count}")
            rows, between = ranking.rows, "from" if verdict is Verdict.NOT_SEPARATED else "against"
            yield from _list([f"{rows[i].label} is {verdict} {between} {_named(found[i])}." for i in sorted(found)])


def _heading(ranking: Ranking, metric: str, text: str) -> tuple[str, str]:
    return markdown(f"By {ranking.metrics[metric].title}, {text}."), ""


def _share(count: int, of: int) -> str:
    return f"{count} of {of} pair{'s' * (of != 1)}"


def _named(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _again(ranking: Ranking) -> Iterator[str]:
    """Yield the command that runs each row again."""
    rows = [row for row in ranking.rows if not row.row.external]
    if not rows:
        return
    seeds = ranking.seeds if ranking.ranked else ()
    yield from ("## Run it again", "")
    for row in rows:
        command = completing_command(row.row.records[0], seeds or row.row.seeds)
        yield f"- {markdown_code(command) if _PLAIN.fullmatch(command) else markdown(command)}"
    yield from (
        "",
        f"Device-hours of one run: {numbers.hours([r.measured.device_hours for row in rows for r in row.row.records])}.",
        "",
    )
