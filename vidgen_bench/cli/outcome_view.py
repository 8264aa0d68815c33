"""The summary of a finished run: scores between their anchors, and the paths of its files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.render.fooled import fooled
from vidgen_bench.records.anchors import ANCHORS, REAL
from vidgen_bench.records.caveats import ONE_SEED
from vidgen_bench.records.entries import Score
from vidgen_bench.records.record import Record

if TYPE_CHECKING:
    from vidgen_bench.experiments.run.execute import Outcome

_BETTER = {"higher": "higher is better", "lower": "lower is better", "neither": "neither is better"}


def print_outcome(console: Console, outcome: Outcome, *, alone: bool = False) -> None:
    """Print the scores and files of one finished run; of one that is ``alone``, also what a single seed supports."""
    record = outcome.record
    if outcome.already:
        console.print(f"{record.spec}, seed {record.seed}, on {record.track.name} is already done.", highlight=False)
    if record.status == "finished":
        print_scores(console, record)
        if not record.track.ranked:
            console.print(f"{record.track.name}: these scores rank nothing.", style="dim", highlight=False)
        if alone:
            console.print(ONE_SEED, style="dim", highlight=False)
    folder = outcome.folder
    console.print(f"record   {folder.record_path}", highlight=False)
    for name in ("samples.gif", "samples.png"):
        if (folder.path / name).exists():
            console.print(f"samples  {folder.path / name}  (generated left, real right)", highlight=False)


def print_scores(console: Console, record: Record) -> None:
    """Print a record's scores between their anchors, a second table with the extra metrics, and the ids of the protocols."""
    console.print(_main(record))
    if any(m.extra for m in record.metrics.values()):
        console.print(_extra(record))
        for line in _remarks(record):
            console.print(line, highlight=False, style="dim")
    for line in fooled(record.anchors, record.metrics):
        console.print(line, highlight=False, style="dim")
    for protocol in dict.fromkeys(m.protocol for m in record.metrics.values() if not m.extra):
        console.print(f"protocol {protocol}", highlight=False, soft_wrap=True)


def _titles(record: Record) -> tuple[str, str]:
    """Return the title of the main table, and of the row of the run or clips."""
    spec, track = record.spec, record.track.name
    kinds = {"class-conditional": record.model.conditional, "reconstruction": record.model.reconstruction}
    track += "".join(f", {kind}" for kind, holds in kinds.items() if holds)
    if record.external is not None:
        return f"{spec}, {record.external.used} clips, on {track}", f"{spec} (external)"
    iteration = record.best.iteration if record.best else "-"
    return f"{spec}, seed {record.seed}, on {track}", f"{spec} at iteration {iteration}"


def _main(record: Record) -> Table:
    """Return the table of the main metrics: one row for the run or clips, and one per anchor."""
    title, subject = _titles(record)
    table = Table(title=title, title_justify="left", pad_edge=False)
    table.add_column("")
    metrics = {name: m for name, m in record.metrics.items() if not m.extra}
    for metric in metrics.values():
        caveat = f"\n{metric.caveat}" if metric.caveat else ""
        table.add_column(f"{metric.title} ({_BETTER[metric.better]}){caveat}", justify="right")
    rows = {ANCHORS[REAL].label: record.anchors.get(REAL, {}), subject: record.scores}
    floors = {name: scores for name, scores in record.anchors.items() if name != REAL}
    rows |= {ANCHORS[name].label if name in ANCHORS else name: scores for name, scores in floors.items()}
    for label, scores in rows.items():
        style = "bold" if scores is record.scores else "dim"
        table.add_row(label, *(number(scores.get(name)) for name in metrics), style=style)
    return table


def _extra(record: Record) -> Table:
    """Return the table of the extra metrics: one row per metric, with columns for the anchors and the record."""
    table = Table(pad_edge=False)
    floors = [name for name in record.anchors if name != REAL]
    for heading in ("extra metrics", REAL, "these", *floors):
        table.add_column(heading, justify="left" if heading == "extra metrics" else "right")
    for name, metric in record.metrics.items():
        if metric.extra:
            direction = {"neither": "", "higher": " ↑", "lower": " ↓"}[metric.better]
            shown = [number(record.anchors.get(REAL, {}).get(name)), number(record.scores.get(name))]
            shown += [number(record.anchors[floor].get(name)) for floor in floors]
            table.add_row(f"{metric.title}{direction}", *shown)
    return table


def _remarks(record: Record) -> list[str]:
    """Return one line per remark: metrics without a score, caveats, and the points of extrapolated scores."""
    lines = [f"{m.title}: {m.refused}" for m in record.metrics.values() if m.refused]
    for caveat in dict.fromkeys(m.caveat for m in record.metrics.values() if m.extra and m.caveat):
        titles = [m.title for m in record.metrics.values() if m.extra and m.caveat == caveat]
        lines.append(f"{caveat}: {', '.join(titles)}")
    for name, score in record.scores.items():
        points = [f"{x} {math.fsum(values) / len(values):.4g}" for x, values in score.at.items()]
        if points:
            lines.append(f"{record.metrics[name].title} is extrapolated from {', '.join(points)}")
    return lines


def number(score: Score | None) -> str:
    """Return a score as ``7.64 ± 0.02``, or a dash without one."""
    if score is None:
        return "-"
    spread = score.std if len(score.values) > 1 else 0.0
    places = numbers.fitting(2 if abs(score.mean) >= 1 else 3, score.mean, spread)
    mean = f"{score.mean:z.{places}f}"
    return f"{mean} ± {spread:.{places}f}" if len(score.values) > 1 else mean
