"""The table of a suite as CSV: one line per model or published number of a cell, with numbers in full precision."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from vidgen_bench.config.cell import Cell
from vidgen_bench.escaping import csv_cell
from vidgen_bench.experiments.ablate.members import Ablation
from vidgen_bench.experiments.ablate.recorded import Recorded
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.experiments.ablate.values import Value, values

COLUMNS = (
    "row", "column", "kind", "spec", "metric", "mean", "std", "over", "count", "seeds", "state", "reason", "note", "track",
    "track_fingerprint", "record",
)  # fmt: skip
"""``kind`` is run, record or published; ``std`` is over ``count`` seeds or final batches, as ``over`` says."""


def render_csv(ablation: Ablation, results: Sequence[Result]) -> str:
    """Return a header and the lines in the table's order; missing values are empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    found = values(ablation, results)
    cells = {(cell.row, cell.column): cell for cell in ablation.suite.cells}
    for place in ((row, column) for row in ablation.suite.rows for column in ablation.suite.columns):
        shared = {"row": place[0], "column": place[1], "metric": ablation.metric}
        for line in (*map(_ours, found.get(place, [])), *_published(cells.get(place))):
            writer.writerow({name: csv_cell(value) for name, value in (shared | line).items()})
    return stream.getvalue()


def _ours(value: Value) -> dict[str, Any]:
    member, summary = value.member, value.summary
    line: dict[str, Any] = {
        "kind": "record" if isinstance(member, Recorded) else "run",
        "spec": member.spec,
        "state": value.state,
        "reason": value.reason or "",
        "note": " ".join(filter(None, (member.model.note, *value.kinds))),
        "track": member.track.name,
        "track_fingerprint": member.track.fingerprint,
        "record": str(member.path) if isinstance(member, Recorded) else "",
        "seeds": " ".join(map(str, _seeds(value))),
    }
    if summary:
        spread = "" if summary.std is None else summary.std
        line |= {"mean": summary.mean, "std": spread, "over": summary.over, "count": summary.count}
    return line


def _seeds(value: Value) -> list[int]:
    """Return the seeds behind a number; clips from another program have none."""
    if isinstance(value.member, Recorded):
        return [] if value.member.record.external else [value.member.record.seed]
    return [result.job.seed for result in value.results if result.state == "finished"]


def _published(cell: Cell | None) -> Iterator[dict[str, Any]]:
    if cell and (number := cell.published):
        spread = "" if number.std is None else number.std
        yield {"kind": "published", "mean": number.mean, "std": spread, "note": number.note}
