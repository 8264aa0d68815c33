"""The identity of a row: what its records share, whatever their folder is called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.records.record import Record

Identity = dict[str, object]
"""What the records of a row share, by the word for it."""

_CLASSES = "class labels"


def identity(record: Record) -> Identity:
    """Return what the records of one folder share: everything but the seed that makes them rows of one table."""
    players = ("backbone", "temporal")
    return {
        "spec": record.spec,
        "options": json.dumps({k: s.value for k, s in record.options.items()}, sort_keys=True),
        "track": record.track.fingerprint,
        "data": record.data.fingerprint,
        "protocol": record.metrics[name].protocol if (name := selected(record)) in record.metrics else None,
        "plugins": sorted({(p.kind, p.name, p.normalised_distribution) for p in record.plugins if p.kind in players}),
        _CLASSES: record.model.conditional,
    }


def row_hash(record: Record) -> str:
    """Return the SHA-256 of a record's :func:`identity`. Tombstones keep it, so it must not change from version to version."""
    row = identity(record)
    if not record.model.conditional:
        del row[_CLASSES]  # earlier versions know no other models
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


def differences(found: Sequence[Identity]) -> str:
    """Return the names of what records do not share, from the :func:`identity` of each; empty if they share all of it."""
    return ", ".join(key for key in found[0] if any(other[key] != found[0][key] for other in found))
