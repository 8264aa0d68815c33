"""The output of ``vidgen-bench runs diff``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from vidgen_bench.config.spec import spelt
from vidgen_bench.escaping import json_text, printable
from vidgen_bench.leaderboard.render.grid import simple_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from vidgen_bench.experiments.runs.difference import PartDifference, RunDifference, ScoreDifference
    from vidgen_bench.records.entries import Score

_NONE = "–"
_LONGEST = 200


def print_difference(console: Console, names: Sequence[str], difference: RunDifference) -> None:
    """Print what differs between the runs A and B."""
    for letter, name in zip("AB", names, strict=True):
        console.print(Text.assemble((letter, "bold"), f"  {printable(name)}"), soft_wrap=True)
    for part in difference.parts:
        if not (part.changes or part.equal or part.unknown):
            continue
        console.print(Text.assemble((part.part, "bold cyan"), f": {_counted(part)}"))
        if part.changes:
            console.print(Padding(_changes(part), (0, 0, 0, 2), expand=False))
    _print_scores(console, difference.scores)


def _print_scores(console: Console, scores: Sequence[ScoreDifference]) -> None:
    """Print the scores side by side, or which run has none."""
    without = [
        letter
        for letter, its in (("A", [one.first for one in scores]), ("B", [one.second for one in scores]))
        if not any(its)
    ]
    if without:
        console.print(
            Text.assemble(
                ("scores", "bold cyan"), f": {' and '.join(without)} {'has' if len(without) == 1 else 'have'} none"
            )
        )
        return
    console.print(Text("scores", "bold cyan"))
    console.print(Padding(_scores(scores), (0, 0, 0, 2), expand=False))
    if any(not one.comparable for one in scores):
        console.print(
            "No difference is shown for scores that were measured under different protocols or on other clips."
        )


def _counted(part: PartDifference) -> str:
    texts = [f"{len(part.changes)} different" if part.changes else "", f"{part.equal} equal" if part.equal else ""]
    if part.unknown:
        shown = ", ".join(printable(name, 40) for name in part.unknown[:4])
        more = ", ..." if len(part.unknown) > 4 else ""
        texts.append(f"{len(part.unknown)} known of one run alone ({shown}{more})")
    return ", ".join(text for text in texts if text)


def _changes(part: PartDifference) -> Table:
    grid = simple_table()
    for heading in ("", "A", "B"):
        grid.add_column(heading, overflow="fold")
    for change in part.changes:
        grid.add_row(Text(printable(change.name, _LONGEST)), _value(change.first), _value(change.second))
    return grid


def _value(value: Any) -> Text:
    if value is None:
        return Text(_NONE)
    text = spelt(value) if isinstance(value, str | bool | int | float) else json_text(value, indent=None)
    return Text(printable(text, _LONGEST))


def _scores(scores: Sequence[ScoreDifference]) -> Table:
    grid = simple_table()
    grid.add_column("", overflow="fold")
    for heading in ("A", "B", "B - A"):
        grid.add_column(heading, justify="right")
    for score in scores:
        change = _NONE if score.change is None else f"{score.change:+.4g}"
        grid.add_row(Text(printable(score.title, 40)), _score(score.first), _score(score.second), change)
    return grid


def _score(score: Score | None) -> str:
    from vidgen_bench.cli.outcome_view import number

    return _NONE if score is None else number(score)
