"""Which records are comparable and share a table, and the order of the tables.

The records of a table share the track fingerprint, the data fingerprint, the protocol id (instrument, weights, samples,
reference, precision: see :mod:`vidgen_bench.config.protocol`), and the distributions of the metric and instrument plugins. Models that
are sampled with class labels have a table of their own. If the budget is in device-hours, records also share the device model and the
number of devices. External clips have no known training hardware and are in every such table.

The tables of a track that were measured under its own protocol come before its other tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.records.record import Record

MEASURING = ("instrument", "metric")
"""The plugin kinds that scores depend on; data sets are not among them, because the data fingerprint covers their videos."""

Measuring = tuple[tuple[str, str, str], ...]
"""(kind, name, distribution) of the plugins that measured."""

_OWN_PROTOCOL = "c3d-tgan"  # the default of a track's evaluation.protocol, which its declaration leaves out


def comparable(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the records of each table, ordered by track name, with the track's own protocol first."""
    alike: dict[tuple[object, ...], list[Entry]] = {}
    names: dict[str, str] = {}
    seen: dict[int, list[Entry]] = {}
    for entry in entries:
        if (table := seen.get(id(entry.shared))) is None:
            record = entry.record
            shared = record.track.fingerprint, record.data.fingerprint, protocol_of(record), measured_by(record)
            key = *shared, record.model.conditional
            table = seen[id(entry.shared)] = alike.setdefault(key, [])
            known = names.setdefault(record.track.fingerprint, record.track.name)
            names[record.track.fingerprint] = min(known, record.track.name)
        table.append(entry)
    ordered = sorted(alike.values(), key=lambda group: _order(group, names))
    return [part for group in ordered for part in _by_device_model(group)]


def protocol_of(record: Record) -> str:
    """Return the id of the protocol under which a record is ranked."""
    metric = selected(record)
    return record.metrics[metric].protocol if metric in record.metrics else ""


def measured_by(record: Record) -> Measuring:
    """Return the plugins that determine a record's scores under that protocol."""
    protocol, select = protocol_of(record), selected(record)
    own = {name: metric for name, metric in record.metrics.items() if metric.protocol == protocol}
    return owners(record, {name for name, metric in own.items() if name == select or not metric.extra}, protocol)


def owners(record: Record, metrics: set[str], protocol: str) -> Measuring:
    """Return a record's plugins for these metrics and for the protocol's instrument."""
    instruments = {record.protocols[protocol].instrument} if protocol in record.protocols else set()
    names = {"metric": metrics, "instrument": instruments}
    chosen = (p for p in record.plugins if p.name in names.get(p.kind, ()))
    return tuple(sorted((p.kind, p.name, p.normalised_distribution) for p in chosen))


def device_model(record: Record) -> str | None:
    """Return the hardware and the number of devices if the track's budget is in device-hours, else None."""
    budget = record.track.declared.get("budget")
    if record.external is not None or not isinstance(budget, dict) or budget.get("device_hours") is None:
        return None
    world = record.environment.world
    return f"{world} x {record.measured.hardware}" if world > 1 else record.measured.hardware


def _by_device_model(group: list[Entry]) -> list[list[Entry]]:
    """Split a group by hardware if the budget depends on it; external clips are in every part."""
    models = {device_model(e.record) for e in group if e.record.external is None}
    return [
        [e for e in group if e.record.external is not None or device_model(e.record) == model]
        for model in sorted(models or {None}, key=lambda m: m or "")
    ]


def _order(group: Sequence[Entry], names: Mapping[str, str]) -> tuple[Any, ...]:
    record = group[0].record
    evaluation = record.track.evaluation
    final, stamp = evaluation.get("final"), record.protocols.get(protocol_of(record))
    samples = final.get("samples") if isinstance(final, dict) else None
    declared = stamp.protocol if stamp else {}
    return (
        names[record.track.fingerprint],
        record.track.fingerprint,
        declared.get("name") != evaluation.get("protocol", _OWN_PROTOCOL),
        declared.get("samples") != samples,
        not any(_as_watched(e.record) for e in group),
        sorted({e.record.track.name for e in group}),
        record.data.fingerprint,
        protocol_of(record),
        measured_by(record),
        record.model.conditional,
    )


def _as_watched(record: Record) -> bool:
    """Return whether the final scores and the scores during training share a protocol, apart from the number of samples.

    This recognises a track's own protocol when the name is not enough, as with a protocol from a file or another precision.
    """
    final, watched = record.protocols.get(protocol_of(record)), record.protocols.get(record.watched or "")
    return final is not None and watched is not None and _unsized(final) == _unsized(watched)


def _unsized(stamp: Stamp) -> dict[str, Any]:
    table = unlisted(stamp)
    return table | {"protocol": {k: v for k, v in table["protocol"].items() if k != "samples"}}


def unlisted(stamp: Stamp) -> dict[str, Any]:
    """Return a protocol without the options of its metrics: of two protocols, these only list which metrics they have."""
    return stamp.model_dump() | {"protocol": {k: v for k, v in stamp.protocol.items() if k != "options"}}
