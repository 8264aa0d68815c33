"""What the leaderboard keeps of a record file: the record without its trace, its digest, and two numbers per metric of the trace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

from vidgen_bench.leaderboard.statistics.selection import last_fifth
from vidgen_bench.records.record import Record


class During(NamedTuple):
    """One metric during training."""

    selected: float
    """The score of the chosen checkpoint when it was chosen."""
    late: float
    """The mean of the last fifth of the evaluations."""


class Kept(NamedTuple):
    """The part of a record file that tables are made from."""

    record: Record
    """The record, with an empty trace."""
    digest: str
    """Equal for copies of a record: the SHA-256 of everything but ``measured``, ``hashes`` and ``code``."""
    during: Mapping[str, During]
    """By metric; only metrics that were evaluated when the checkpoint was chosen."""
    shared: object = None
    """One object for all records from the index with equal shared parts (track, data, plugins, options, ...); None if unknown."""


def keep(record: Record) -> Kept:
    """Return what the leaderboard keeps of a record."""
    return Kept(record.model_copy(update={"trace": ()}), digest_of(record), during_of(record))


def digest_of(record: Record) -> str:
    """Return the SHA-256, in hexadecimal digits, of a record without what earlier records lack, and without what may differ in a copy.

    Two records that differ in ``code`` alone show that the difference between the codes does not matter.
    """
    table = {key: value for key, value in record.values().items() if key not in ("measured", "hashes", "code")}
    text = json.dumps(table, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def during_of(record: Record) -> dict[str, During]:
    """Return the scores of a record's trace in two numbers per metric; empty without a chosen checkpoint."""
    if record.best is None:
        return {}
    traces: dict[str, dict[int, float]] = {}
    for point in record.trace:
        for metric, score in point.scores.items():
            traces.setdefault(metric, {})[point.iteration] = score
    chosen = record.best.iteration
    return {m: During(t[chosen], last_fifth(list(t.values()))) for m, t in traces.items() if chosen in t}
