"""A row of the index gives back the record that it was made from."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.kit.record_files import EXTERNAL, record
from vidgen_bench.leaderboard.index.packing import NESTED, PLAIN, checksum, pack, unpack
from vidgen_bench.leaderboard.index.parts import SHARED, Parts
from vidgen_bench.leaderboard.kept import During, digest_of, during_of, keep
from vidgen_bench.records.entries import Score
from vidgen_bench.records.record import Record

CURVE = Score.of([1.5, 2.5], {"8": (1.0, 2.0), "16": (3.0, 4.0)}).model_dump(mode="json")

RECORDS: dict[str, Record] = {
    "finished": record(),
    "diverged": record(diverged=True),
    "external": record("clips", **EXTERNAL),
    "no scores of one metric": record(scores={"fid": [300.0]}),
    "a curve": record().model_copy(update={"scores": {"fid": Score.model_validate(CURVE)}}),
    "a negative zero": record(scores={"is": [-0.0, -0.0], "fid": [0.0]}),
    "options of every kind": record(
        options={"temporal.a": ([1, 2.5, None, True], "given"), "temporal.ü": ({"b": "\x00"}, "track")}
    ),
    "a caution": record(witness=["torch.nn.Parameter::add_"]),
    "a negative seed": record(seed=-(2**62)),
    "the least and the largest score": record(scores={"is": [5e-324, 1e100], "fid": [1.0]}),
}


def as_text(record: Record) -> str:
    return json.dumps(record.model_dump(), sort_keys=True)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_comes_back_without_its_trace(name: str) -> None:
    kept = keep(RECORDS[name])
    row, texts = pack(kept)
    assert {type(value) for value in row} <= {str, int, float, bytes, type(None)}
    back = unpack(row, Parts(texts))
    assert back._replace(shared=None) == kept
    assert as_text(back.record) == as_text(kept.record)  # -0.0 == 0.0
    assert back.record.trace == ()
    assert {**back.record.model_dump(), "trace": 0} == {**RECORDS[name].model_dump(), "trace": 0}


def test_every_field_of_a_record_is_indexed() -> None:
    assert {*PLAIN, *NESTED, *SHARED, "schema_", "scores", "trace"} == set(Record.model_fields)


def test_records_of_a_table_share_their_parts() -> None:
    (_, first), (_, second) = pack(keep(record(seed=0))), pack(keep(record(seed=1)))
    assert first == second
    assert len(first) == len(SHARED) + 1


def test_records_with_equal_parts_have_one_object_that_says_so() -> None:
    (one, first), (two, second) = pack(keep(record(seed=0))), pack(keep(record(seed=1)))
    other, third = pack(keep(record(options={"temporal.a": (1, "given")})))
    parts = Parts({**first, **second, **third})
    assert unpack(one, parts).shared is unpack(two, parts).shared
    assert unpack(one, parts).shared is not unpack(other, parts).shared


def test_a_changed_value_changes_the_checksum() -> None:
    row, _ = pack(keep(record()))
    assert checksum(row) == checksum(pack(keep(record()))[0])
    for i, value in enumerate(row):
        other: Any = b"other" if isinstance(value, bytes) else "other"
        assert checksum((*row[:i], other, *row[i + 1 :])) != checksum(row)


def test_copies_have_one_digest() -> None:
    again = record().model_copy(update={"measured": record().measured.model_copy(update={"hardware": "another"})})
    assert digest_of(again) == digest_of(record())
    assert digest_of(record(seed=1)) != digest_of(record())
    assert keep(record()).digest == digest_of(record())


def test_the_trace_in_two_numbers() -> None:
    points = [
        {"iteration": i, "losses": {}, "scores": {"fid": float(i), "is": 1.0} if i < 400 else {"fid": 312.0}}
        for i in range(10, 410, 10)
    ]
    during = during_of(record(trace=points))
    assert during == {"fid": During(312.0, math.fsum([*range(330, 400, 10), 312.0]) / 8)}
    assert during_of(record(diverged=True)) == {}
