"""The report as Markdown: verdict, table, what the seeds separate, what they do not, and how to run it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vidgen_bench.config.track import load_track, shipped_tracks
from vidgen_bench.escaping import markdown, markdown_code
from vidgen_bench.leaderboard.page.facts import counted, held_fixed
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.headline import headline
from vidgen_bench.leaderboard.render.markdown import ranking_cells, table
from vidgen_bench.leaderboard.render.notes import PARAMETERS, notes
from vidgen_bench.leaderboard.render.verdicts_text import verdict_lines
from vidgen_bench.leaderboard.report.motion import motion
from vidgen_bench.leaderboard.statistics.verdicts import Verdict
from vidgen_bench.leaderboard.submissions.commands import completing_command

_LIMITS = (
    "Not separated does not mean equal: more seeds may separate two models. `vidgen-bench leaderboard --compare A B` says how many that "
    "takes. All of this holds for this data, this budget and this instrument; others may order the models differently."
)


def render_report(rankings: Sequence[Ranking]) -> str:
    """Return a page with one part per table; the text is a function of the records alone."""
    return "\n".join(line for ranking in rankings for line in _part(ranking)).rstrip() + "\n"


def _part(ranking: Ranking) -> Iterator[str]:
    plain = ranking.plain()
    yield from (f"# Results on {markdown(ranking.title)}", "")
    if about := _summary(ranking):
        yield from (markdown(about), "")
    fixed = [f"{word} {value}" for word, value in held_fixed(ranking)]
    yield from (markdown(f"{'; '.join(counted(ranking))}. The same for all: {'; '.join(fixed)}."), "")
    yield from ("## Verdict", "", *_list(headline(plain)))
    below = [note for note in notes(plain) if note not in set(verdict_lines(plain))]
    yield from ("## The table", "", *table(ranking_cells(plain)), "", *_list([*below, PARAMETERS]))
    yield from ("## What it supports", "", *_pairs(plain, separated=True))
    yield from ("## What it does not support", "", *_pairs(plain, separated=False), _LIMITS, "")
    yield from motion(ranking)
    yield from _again(ranking)


def _summary(ranking: Ranking) -> str:
    """Return the summary of a track that comes with vidgen-bench; a record does not hold it."""
    name = next((name for name in ranking.names if name in shipped_tracks()), None)
    track = load_track(name) if name else None
    return track.summary if track and track.fingerprint == ranking.record.track.fingerprint else ""


def _list(sentences: Sequence[str]) -> list[str]:
    return [*(f"- {markdown(sentence)}" for sentence in sentences), ""]


def _pairs(ranking: Ranking, *, separated: bool) -> Iterator[str]:
    """Yield, for each metric with ranks, which rows each row is better than, or is not separated from."""
    order = sorted(ranking.standings.items(), key=lambda item: item[0] != ranking.select)
    for metric, standing in order:
        found: dict[int, list[str]] = {}
        for pair in standing.pairs:
            better, other = (pair.second, pair.first) if pair.verdict is Verdict.WORSE else (pair.first, pair.second)
            if separated is (pair.verdict in (Verdict.BETTER, Verdict.WORSE)):
                found.setdefault(better, []).append(ranking.rows[other].label)
        count = sum(map(len, found.values()))
        if not standing.pairs:
            continue
        does, word = ("separate", "is better than") if separated else ("do not separate", "is not separated from")
        counted_pairs = f"{count} of {len(standing.pairs)} pairs{':' if count else '.'}"
        yield from (markdown(f"By {ranking.metrics[metric].title}, the seeds {does} {counted_pairs}"), "")
        if count:
            yield from _list([f"{ranking.rows[i].label} {word} {_named(found[i])}." for i in sorted(found)])


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
        yield f"- {markdown_code(command)}"
    yield from (
        "",
        f"Device-hours of one run: {numbers.hours([r.measured.device_hours for row in rows for r in row.row.records])}.",
        "",
    )
