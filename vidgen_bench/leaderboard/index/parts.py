"""The parts of a record that many records share, such as the declared track: stored once, under the hash of their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.toml import Strict
from vidgen_bench.records import entries
from vidgen_bench.records.code import CodeEntry
from vidgen_bench.records.record import Record

M = TypeVar("M", bound=Strict)

HASH_BYTES = 16


class ScoreLayout(NamedTuple):
    """Where the values of one metric's score are among the numbers of a record."""

    metric: str
    values: int
    """The number of values."""
    at: tuple[tuple[str, int], ...]
    """The number of values of each point of the curve."""


class Layout(NamedTuple):
    """The meaning of a record's numbers: its scores, in order, then two numbers per metric of ``during``."""

    scores: tuple[ScoreLayout, ...]
    during: tuple[str, ...]


class Span(NamedTuple):
    """Where the values of one metric are among the numbers of a record: its mean, its spread, its values, and those of its curve."""

    metric: str
    first: int
    last: int
    """After the last value."""
    at: tuple[tuple[str, int, int], ...]


class Spans(NamedTuple):
    """A :class:`Layout` by positions, which many records share."""

    scores: tuple[Span, ...]
    during: tuple[tuple[str, int], ...]
    """The metrics of ``during``, each with the position of its first number."""


def _many(model: type[M]) -> Callable[[Any], dict[str, M]]:
    return lambda table: {name: model.model_validate(part) for name, part in table.items()}


def _spans(table: Any) -> Spans:
    """Return the positions of a layout's numbers."""
    (scores, during), end = table, 0
    spans = []
    for metric, values, at in scores:
        first, end = end, end + 2 + values
        last, curve = end, []
        for key, count in at:
            curve.append((key, end, end + count))
            end += count
        spans.append(Span(metric, first, last, tuple(curve)))
    return Spans(tuple(spans), tuple((metric, end + 2 * i) for i, metric in enumerate(during)))


SHARED: Mapping[str, Callable[[Any], Any]] = {
    "track": entries.TrackEntry.model_validate,
    "data": entries.DataEntry.model_validate,
    "protocols": _many(Stamp),
    "model": entries.ModelEntry.model_validate,
    "code": CodeEntry.model_validate,
    "plugins": lambda table: tuple(entries.PluginEntry.model_validate(part) for part in table),
    "options": _many(entries.Setting),
    "parameters": entries.Parameters.model_validate,
    "environment": entries.Environment.model_validate,
    "external": lambda table: None if table is None else entries.ExternalEntry.model_validate(table),
    "metrics": _many(entries.MetricEntry),
    "anchors": lambda table: {name: _many(entries.Score)(scores) for name, scores in table.items()},
    "witness": tuple,
}
"""The fields of a record that are shared parts, with the function that makes the field from its JSON."""

MAKE: Mapping[str, Callable[[Any], Any]] = {**SHARED, "layout": _spans}
"""Every kind of part."""


def part_texts(record: Record, layout: Layout) -> dict[str, str]:
    """Return the JSON of each part of a record, by kind."""
    values = record.model_dump(include=set(SHARED))
    return {kind: json.dumps(value) for kind, value in {**values, "layout": layout}.items()}


def part_hash(kind: str, text: str) -> bytes:
    """Return the hash under which a part is stored."""
    return hashlib.sha256(f"{kind} {text}".encode()).digest()[:HASH_BYTES]


class Parts:
    """Stored parts, each parsed once, when the first record needs it."""

    def __init__(self, texts: Mapping[bytes, str]) -> None:
        """Keep the texts by hash."""
        self._texts = texts
        self._made: dict[bytes, Any] = {}
        self._together: dict[tuple[bytes, ...], dict[str, Any]] = {}

    def all(self, keys: tuple[bytes, ...]) -> Mapping[str, Any]:
        """Return the parts of a record by kind, from their hashes in the order of ``MAKE``: runs that differ in the seed share all.

        Raises:
            KeyError: there is no such part.
            ValueError: one is damaged.
        """
        if (found := self._together.get(keys)) is None:
            found = self._together[keys] = {kind: self._get(kind, key) for kind, key in zip(MAKE, keys, strict=True)}
        return found

    def _get(self, kind: str, key: bytes) -> Any:
        if key in self._made:
            return self._made[key]
        text = self._texts[key]
        if part_hash(kind, text) != key:
            raise ValueError(f"the {kind} is damaged")
        made = self._made[key] = MAKE[kind](json.loads(text))
        return made
