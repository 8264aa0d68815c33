"""How a run ends at the terminal: scores between their anchors, and where things are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from vidgen_bench.records import Record, Score

if TYPE_CHECKING:
    from vidgen_bench.run import Outcome

_ANCHORS = {"real": "held-out real clips (ceiling)", "grey": "plain grey (floor)", "noise": "plain noise (floor)"}


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print one finished run."""
    record = outcome.record
    if outcome.already:
        console.print(f"{record.spec}, seed {record.seed}, on {record.track.name} is done already.", highlight=False)
    if record.status == "finished":
        console.print(_scores(record))
        if not record.track.ranked:
            console.print(f"[dim]{record.track.name}: these scores rank nothing.[/dim]", highlight=False)
    folder = outcome.folder
    console.print(f"record   {folder.record_path}", highlight=False)
    for name in ("samples.gif", "samples.png"):
        if (folder.path / name).exists():
            console.print(f"samples  {folder.path / name}  (generated left, real right)", highlight=False)


def _scores(record: Record) -> Table:
    table = Table(
        title=f"{record.spec}, seed {record.seed}, on {record.track.name}", title_justify="left", pad_edge=False
    )
    table.add_column("")
    for metric in record.metrics.values():
        table.add_column(f"{metric.title} ({metric.better} is better)", justify="right")
    rows = {
        _ANCHORS["real"]: record.anchors.get("real", {}),
        f"{record.spec} at iteration {record.best.iteration if record.best else '-'}": record.scores,
    }
    rows |= {_ANCHORS.get(name, name): scores for name, scores in record.anchors.items() if name != "real"}
    for label, scores in rows.items():
        style = "bold" if scores is record.scores else "dim"
        table.add_row(label, *(number(scores.get(name)) for name in record.metrics), style=style)
    return table


def number(score: Score | None) -> str:
    """Return ``7.64 ± 0.02``; a dash for no score."""
    if score is None:
        return "-"
    return f"{score.mean:.2f} ± {score.std:.2f}" if len(score.values) > 1 else f"{score.mean:.2f}"
