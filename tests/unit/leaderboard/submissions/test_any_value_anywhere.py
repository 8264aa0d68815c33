"""Every value of a record is replaced by every kind of nonsense: each is refused or accepted, and none ends in a traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import record
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.submissions.board import render_board
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.plausibility import questions
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.together import together

NONSENSE: list[Any] = [None, True, -1, 0, 10**18, -1e99, 1e-300, "", "x", "../..", [], {}, [1], {"a": 1}, "∞", "1e5"]
TABLE = json.loads(record().text())


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*at, key)
        yield from places(part, (*at, key))


def accepted(table: dict[str, Any]) -> bool:
    """Return whether a record is accepted; then every later step reads it too."""
    place = str(record_place(record()))
    try:
        made = check_record(json.dumps(table).encode(), place)
    except Refused:
        return False
    assert all(isinstance(q, str) for q in questions(made))
    list(together({place: made}, {}))
    render_board([Entry(Path(place), made)], {}, {})
    return True


@pytest.mark.parametrize("field", list(TABLE))
def test_nonsense_in_any_place_is_no_traceback(field: str) -> None:
    """A third of all pairs of a place and a value, the same ones each time; tests/faults tries random ones."""
    found = []
    for number, place in enumerate([(field,), *((field, *rest) for rest in places(TABLE[field]))]):
        for nonsense in NONSENSE[number % 3 :: 3]:
            table = copy.deepcopy(TABLE)
            holder = table
            for key in place[:-1]:
                holder = holder[key]  # type: ignore[index]
            holder[place[-1]] = nonsense  # type: ignore[index]
            if field == "track" and "declared" in place and isinstance(table["track"]["declared"], dict):
                table["track"]["fingerprint"] = track_fingerprint(table["track"]["declared"])
            found.append(accepted(table))
    assert not all(found)
