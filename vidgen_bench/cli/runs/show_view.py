"""The output of ``vidgen-bench runs show``."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from vidgen_bench.cli.console import listing
from vidgen_bench.cli.runs.list_view import age, shown
from vidgen_bench.cli.state_styles import STYLES
from vidgen_bench.config.spec import spelt
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.estimate.amounts import duration, size
from vidgen_bench.experiments.run.attempts import Attempt, read_attempts
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.standing import SILENT_AFTER
from vidgen_bench.experiments.runs.facts import RunFacts, facts_of
from vidgen_bench.experiments.runs.summary import RunSummary, summary_of
from vidgen_bench.leaderboard.render.grid import simple_table
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.record import Record

if TYPE_CHECKING:
    from rich.console import Console

_LATEST = 10
"""The most evaluations and attempts that are shown."""


@dataclass(frozen=True)
class RunDetails:
    """All that is shown of one run."""

    summary: RunSummary
    facts: RunFacts | None
    """None if the folder is damaged, or the run has not begun."""
    record: Record | None
    trace: Sequence[TracePoint]
    attempts: Sequence[Attempt]
    files: Mapping[str, int]
    """Bytes of each file in the folder."""

    def values(self) -> dict[str, Any]:
        """Return the details for JSON."""
        facts = self.facts
        parts = ("run", "track", "options", "plugins", "environment", "code")
        return {
            **self.summary.values(),
            **({part: dict(getattr(facts, part)) for part in parts} if facts else {}),
            "trace": [point.model_dump(mode="json") for point in self.trace],
            "results": {name: s.model_dump(mode="json") for name, s in facts.scores.items()} if facts else {},
            "attempts": [attempt.model_dump(mode="json", by_alias=True) for attempt in self.attempts],
            "contents": dict(self.files),
        }


def details(folder: Path, runs: Path, now: datetime.datetime) -> RunDetails:
    """Return the details of a run folder; of a damaged one, those that can be read."""
    summary, within = summary_of(folder, runs, now), RunFolder(folder)
    facts = record = None
    trace: Sequence[TracePoint] = ()
    try:
        facts, record = facts_of(folder), within.record()
        trace = record.trace if record else within.trace()
    except VidgenBenchError:  # the summary says why, if it is not that nothing has begun
        pass
    return RunDetails(summary, facts, record, trace, read_attempts(folder), _files(folder))


def _files(folder: Path) -> dict[str, int]:
    """Return the names in a folder, with the bytes of files; a link counts as itself."""
    try:
        with os.scandir(folder) as inside:
            found = sorted(((e.name, e.stat(follow_symlinks=False).st_size) for e in inside), key=lambda file: file[0])
    except OSError:
        return {}
    return {name: count for name, count in found if name != ".lock"}


def print_details(console: Console, found: RunDetails) -> None:
    """Print the details of a run."""
    summary, standing = found.summary, found.summary.standing
    state = Text(standing.state, STYLES.get(standing.state, ""))
    console.print(Text.assemble((printable(summary.name), "bold"), "  ", state), soft_wrap=True)
    if standing.message:
        console.print(Text(printable(standing.message, 1000)))
    console.print(listing((word, Text(printable(text, 600))) for word, text in _facts(found).items() if text))
    if found.trace:
        console.print()
        _print_trace(console, found)
    if len(found.attempts) > 1 or any(attempt.exit_code for attempt in found.attempts):
        console.print()
        _print_attempts(console, found.attempts)
    if found.record is not None and found.record.scores:
        from vidgen_bench.cli.outcome_view import print_scores

        console.print()
        print_scores(console, found.record)


def _facts(found: RunDetails) -> dict[str, str]:
    """Return the lines above the tables."""
    summary, standing, facts = found.summary, found.summary.standing, found.facts
    old = "" if summary.age is None else f", {age(summary.age)} old"
    lines = {
        "folder": f"{summary.folder}",
        "files": f"{size(summary.bytes)} in {summary.files} files{old}: {', '.join(found.files)}",
        "process": _process(found),
    }
    if facts is None:
        return lines
    budget = facts.track.get("budget.iterations")
    of = f" of {budget}" if budget else ""
    best = f"; best at {summary.best_iteration}" if summary.best_iteration is not None else ""
    environment = facts.environment
    lines |= {
        "model": f"{facts.run.get('spec')}, seed {facts.run.get('seed')}",
        "options": _options(found),
        "training": f"iteration {standing.iteration}{of}, {standing.share:.0%} of the budget{best}",
        "protocol": str(facts.run.get("protocol") or ""),
        "software": ", ".join(
            f"{name} {environment[name]}" for name in ("vidgen-bench", "torch", "python") if name in environment
        ),
        "machine": str(
            environment.get("hardware") or f"{environment.get('device')}, threads: {environment.get('threads')}"
        ),
        "plugins": ", ".join(sorted(set(map(str, facts.plugins.values())))),
        "code": f"hashes of {len(facts.code)} packages, which --json lists" if facts.code else "",
    }
    if found.record is not None:
        measured = found.record.measured
        lines["time"] = (
            f"{duration(measured.train_seconds)} of training, {duration(measured.evaluate_seconds)} of scoring, resumed "
            f"{measured.resumed} times, ended {measured.finished}"
        )
    return lines


def _options(found: RunDetails) -> str:
    """Return the options that are not defaults; those of a run without a record have no origin, and all are shown."""
    if found.record is None:
        options = found.facts.options if found.facts else {}
        return ", ".join(f"{name}={spelt(value)}" for name, value in options.items())
    settings = found.record.options.items()
    chosen = [f"{name}={spelt(s.value)} ({s.origin})" for name, s in settings if s.origin not in ("default", "name")]
    return ", ".join(chosen) or "all at their defaults"


def _process(found: RunDetails) -> str:
    """Return where the run is or was at work."""
    standing = found.summary.standing
    place = " ".join(word for word in (standing.host, standing.device, standing.job) if word)
    heard = "" if standing.age is None else f", last sign of life {duration(standing.age)} ago"
    gone = " (its process is dead, or its machine hangs)" if standing.age and standing.age > SILENT_AFTER else ""
    return f"attempt {standing.attempt} on {place}{heard}{gone}" if standing.attempt else ""


def _print_trace(console: Console, found: RunDetails) -> None:
    """Print the latest evaluations."""
    trace = list(found.trace[-_LATEST:])
    if len(found.trace) > _LATEST:
        console.print(f"the last {_LATEST} of {len(found.trace)} evaluations", style="dim")
    grid = simple_table()
    grid.add_column("iteration", justify="right", no_wrap=True)
    names = list(dict.fromkeys(name for point in trace for name in point.scores))
    terms = list(dict.fromkeys(name for point in trace for name in point.losses))
    for name in (
        *(printable(name.upper(), 20) for name in names),
        *(printable(term, 30).replace(".", ".\n", 1) for term in terms),
    ):
        grid.add_column(name, justify="right")
    for point in trace:
        star = " *" if point.iteration == found.summary.best_iteration else "  "
        grid.add_row(
            f"{point.iteration}{star}",
            *(shown(point.scores.get(name)) for name in names),
            *(shown(point.losses.get(term)) for term in terms),
        )
    console.print(grid)


def _print_attempts(console: Console, attempts: Sequence[Attempt]) -> None:
    """Print how the latest attempts ended."""
    grid = simple_table()
    for heading in ("attempt", "from", "minutes", "code"):
        grid.add_column(heading, justify="left" if heading == "from" else "right", no_wrap=True)
    grid.add_column("where and why", overflow="fold")
    for one in attempts[-_LATEST:]:
        try:
            minutes = f"{(one.ended - one.begun).total_seconds() / 60:.1f}"
        except TypeError:  # one of the two times has no time zone
            minutes = ""
        code = "killed" if one.exit_code is None else str(one.exit_code)
        why = f": {one.message}" if one.message else ""
        grid.add_row(
            str(one.attempt), f"{one.begun:%Y-%m-%d %H:%M}", minutes, code, Text(printable(f"{one.host}{why}"))
        )
    console.print(grid)
