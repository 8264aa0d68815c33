"""A record as one row of the index, and back: plain columns, hashes of the shared parts, and its numbers as float64 in one column."""

from __future__ import annotations

import marshal
import struct
import zlib
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from vidgen_bench.config.toml import Strict
from vidgen_bench.leaderboard.index.parts import MAKE, Layout, Parts, ScoreLayout, Span, Spans, part_hash, part_texts
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

_PLACES = tuple(
    (
        name,
        model,
        tuple(model.model_fields),
        (first := FIELDS.index(f"{name}_{next(iter(model.model_fields))}")),
        first + len(model.model_fields),
    )
    for name, model in NESTED.items()
)
"""Each nested field with its model, the names of that model's fields, and its columns."""

_MODELS: tuple[type[Strict], ...] = (Record, Score, *NESTED.values())

_ALL_FIELDS = {model: set(model.model_fields) for model in _MODELS}
"""The fields of each model, which every object made here has; shared, since the models are frozen."""

_set_content = vars(BaseModel)["__dict__"].__set__
_set_names = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private = vars(BaseModel)["__pydantic_private__"].__set__
"""The four slots of a model; set without looking their names up, which takes half the time."""

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


def unpack(row: Row, parts: Parts) -> Kept:
    """Return what :func:`pack` was given, without validating it again.

    Raises:
        KeyError: a part is missing.
        ValueError, struct.error: a part is damaged.
    """
    fields: dict[str, Any] = dict(zip(PLAIN, row, strict=False))
    for name, model, names, first, last in _PLACES:
        values = row[first:last]
        fields[name] = None if values[0] is None else _made(model, dict(zip(names, values, strict=False)))
    fields.update(shared := parts.all(row[_LEAD:_LAST]))
    layout: Spans = fields.pop("layout")
    numbers = struct.unpack(f"<{len(row[-1]) // 8}d", row[-1])
    fields["schema_"], fields["trace"] = SCHEMA, ()
    fields["scores"] = {span.metric: _score(span, numbers) for span in layout.scores}
    during = {metric: During(numbers[first], numbers[first + 1]) for metric, first in layout.during}
    return Kept(_made(Record, fields), row[-2].hex(), during, shared)


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


def _score(span: Span, numbers: tuple[float, ...]) -> Score:
    _, first, last, curve = span
    at = {key: numbers[start:end] for key, start, end in curve}
    return _made(
        Score, {"values": numbers[first + 2 : last], "mean": numbers[first], "std": numbers[first + 1], "at": at}
    )


def _made(model: type[M], fields: dict[str, Any]) -> M:
    """Return a model with all of its fields, as ``model_construct`` does, which takes five times as long to look for defaults."""
    made = model.__new__(model)
    _set_content(made, fields)
    _set_names(made, _ALL_FIELDS[model])
    _set_extra(made, None)
    _set_private(made, None)
    return made
