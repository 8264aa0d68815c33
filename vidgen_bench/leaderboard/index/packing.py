"""A record as one row of the index, and back: plain columns, hashes of the shared parts, and its numbers as float64 in one column."""

from __future__ import annotations

import marshal
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

from vidgen_bench.config.toml import Strict
from vidgen_bench.leaderboard.index.parts import MAKE, Layout, Parts, ScoreLayout, part_hash, part_texts
from vidgen_bench.leaderboard.kept import During, Kept
from vidgen_bench.records.entries import Best, Hashes, Measured, Score, Spent
from vidgen_bench.records.record import Record

PLAIN = ("status", "spec", "seed", "version", "watched")
"""The fields of a record that are columns."""

NESTED: dict[str, type[Strict]] = {"spent": Spent, "best": Best, "measured": Measured, "hashes": Hashes}
"""The fields of a record that have a column per field of theirs."""

FIELDS = (*PLAIN, *(f"{name}_{field}" for name, model in NESTED.items() for field in model.model_fields))

COLUMNS = (*FIELDS, *MAKE, "digest", "numbers")
"""The columns that hold a record; the index adds the file and a checksum."""

_PLACES = {
    name: (
        model,
        tuple(model.model_fields),
        (first := FIELDS.index(f"{name}_{next(iter(model.model_fields))}")),
        first + len(model.model_fields),
    )
    for name, model in NESTED.items()
}
"""Each nested field's model, the names of its fields, and its columns."""

_MODELS: tuple[type[Strict], ...] = (Record, Score, *NESTED.values())

_ALL_FIELDS = {model: set(model.model_fields) for model in _MODELS}
"""The fields of each model, which every object made here has; shared, since the models are frozen."""

_set = object.__setattr__

_LEAD = len(FIELDS)
_LAST = _LEAD + len(MAKE)

(SCHEMA,) = get_args(Record.model_fields["schema_"].annotation)
"""The schema of every validated record."""

Row = tuple[Any, ...]

M = TypeVar("M", bound=Strict)


def pack(kept: Kept) -> tuple[Row, dict[bytes, str]]:
    """Return the row of a record, and the texts of its shared parts by hash."""
    record = kept.record
    nested = [
        None if (part := getattr(record, name)) is None else getattr(part, field)
        for name, model in NESTED.items()
        for field in model.model_fields
    ]
    texts = part_texts(record, _layout_of(kept))
    hashes = {kind: part_hash(kind, text) for kind, text in texts.items()}
    numbers = list(_numbers(kept))
    plain = [getattr(record, name) for name in PLAIN]
    parts = [hashes[kind] for kind in MAKE]
    row = (*plain, *nested, *parts, bytes.fromhex(kept.digest), struct.pack(f"<{len(numbers)}d", *numbers))
    return row, {hashes[kind]: text for kind, text in texts.items()}


def unpack(row: Sequence[Any], parts: Parts) -> Kept:
    """Return what :func:`pack` was given, without validating it again.

    Raises:
        KeyError: a part is missing.
        ValueError, struct.error: a part is damaged.
    """
    fields: dict[str, Any] = dict(zip(PLAIN, row, strict=False))
    for name, (model, names, first, last) in _PLACES.items():
        values = row[first:last]
        fields[name] = None if values[0] is None else _made(model, dict(zip(names, values, strict=True)))
    fields |= parts.all(tuple(row[_LEAD:_LAST]))
    layout: Layout = fields.pop("layout")
    numbers = struct.unpack(f"<{len(row[-1]) // 8}d", row[-1])
    scores, first = {}, 0
    for part in layout.scores:
        scores[part.metric], first = _score(part, numbers, first)
    during = {m: During(*numbers[first + 2 * i : first + 2 * i + 2]) for i, m in enumerate(layout.during)}
    fields |= {"schema_": SCHEMA, "trace": (), "scores": scores}
    return Kept(_made(Record, fields), row[-2].hex(), during)


def checksum(row: Row) -> int:
    """Return a checksum of a row: the database notices a damaged page, but not a damaged value."""
    return zlib.crc32(marshal.dumps(row, 2))  # version 2 has no references, which depend on more than the values


def _layout_of(kept: Kept) -> Layout:
    scores = (
        ScoreLayout(metric, len(score.values), tuple((key, len(values)) for key, values in score.at.items()))
        for metric, score in kept.record.scores.items()
    )
    return Layout(tuple(scores), tuple(kept.during))


def _numbers(kept: Kept) -> Iterator[float]:
    for score in kept.record.scores.values():
        yield from (score.mean, score.std, *score.values)
        for values in score.at.values():
            yield from values
    for during in kept.during.values():
        yield from during


def _score(part: ScoreLayout, numbers: tuple[float, ...], first: int) -> tuple[Score, int]:
    """Return a score, and the position of the number after it."""
    last = first + 2 + part.values
    values, at = numbers[first + 2 : last], dict[str, tuple[float, ...]]()
    for key, count in part.at:
        at[key], last = numbers[last : last + count], last + count
    return _made(Score, {"values": values, "mean": numbers[first], "std": numbers[first + 1], "at": at}), last


def _made(model: type[M], fields: dict[str, Any]) -> M:
    """Return a model with all of its fields, as ``model_construct`` does, which takes three times as long to look for defaults."""
    made = model.__new__(model)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", _ALL_FIELDS[model])
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made
