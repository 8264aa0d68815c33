"""Records with random changes are refused with their path or shown; they never hide the other records."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.kit.hostile_records import healed
from tests.kit.record_files import EXTERNAL, METRICS, record, write
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal

DECLARED = {"evaluation": {"select": "fid", "final": {"samples": 256}}, "budget": {"device_hours": 1.0}}

SMALL: dict[str, Any] = {
    "declared": DECLARED,
    "scores": {"fid": [1.0, 2.0]},
    "anchors": {"real": {"fid": [1.0]}},
    "options": {"backbone.width": (1.0, "given")},
    "metrics": {"fid": METRICS["fid"]},
}

JUNK = [None, [], {}, "x", "", -1, 10**400, 1e308, True, [[1]], {"x": {}}, "\ud800"]

GONE = object()


def places(table: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a table."""
    for key, value in table.items() if isinstance(table, dict) else enumerate(table):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def changed(table: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(table)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return made


@pytest.mark.parametrize(
    "part", ["track", "protocols", "metrics", "scores", "anchors", "best", "trace", "plugins", "external", "rest"]
)
def test_nonsense_anywhere_hides_no_other_record(tmp_path: Path, part: str) -> None:
    changes = SMALL | EXTERNAL if part == "external" else SMALL
    good, bad = write(tmp_path, record("tgan+good", **SMALL), record("tgan+bad", **changes))
    whole = json.loads(bad.read_text())
    named = {"track", "protocols", "metrics", "scores", "anchors", "best", "trace", "plugins", "external"}
    inside = [p for p in places(whole) if (p[0] == part if part != "rest" else p[0] not in named)]
    assert inside
    refused = 0
    for number, path in enumerate(inside):
        for value in [*JUNK, GONE][number % 3 :: 3]:  # a third of all pairs; tests/faults tries random ones
            bad.write_text(json.dumps(healed(changed(whole, path, value))))
            found = collect([tmp_path])
            refused += len(found.faults)
            assert good in [e.path for e in found.entries], (path, value)
            assert all(str(bad) in str(fault) for fault in found.faults), (path, value)
            if not found.faults:
                shown(tmp_path, (path, value))
    assert refused >= len(inside)


def test_huge_scores_during_training_are_refused(tmp_path: Path) -> None:
    """Each is a finite number, but their sum is not."""
    good, bad = write(tmp_path, record("tgan+good", **SMALL), record("tgan+bad", **SMALL))
    table = json.loads(bad.read_text())
    table["trace"] = [{"iteration": i + 1, "losses": {}, "scores": {"fid": 1e308}} for i in range(10)]
    bad.write_text(json.dumps(table))
    found = collect([tmp_path])
    assert [e.path for e in found.entries] == [good]
    assert "overflow" in str(found.faults[0])


def shown(folder: Path, what: object) -> None:
    """Render the records in every format."""
    found = rankings(collect([folder]).entries)
    console = Console(width=120, file=(folder / "table.txt").open("w", encoding="utf-8"))
    with console.file:
        console.print(render_terminal(found, 120))
    text = (folder / "table.txt").read_text(encoding="utf-8")
    for rendered in (text, render_json(found), render_csv(found), render_markdown(found)):
        assert "tgan+good" in rendered.encode().decode(), what
