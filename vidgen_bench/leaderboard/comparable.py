"""Which records may stand in one table, and which table comes first.

One table holds the records of one track fingerprint, one data fingerprint, one protocol id (instrument, weights, samples,
reference, precision: see :mod:`vidgen_bench.config.protocol`), and metric and instrument plugins of the same distributions; where the
budget is in device-hours, also of one device model and as many devices. Clips from elsewhere were trained on no hardware that is
known: they stand in the table of each.

Of the tables of one track, those that were measured as the track itself wants it come first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.leaderboard.collect import Entry, selected
from vidgen_bench.records.record import Record

MEASURING = ("instrument", "metric")
"""Kinds of the plugins that scores depend on; a data set's is not one: the data fingerprint says what it gave."""

Measuring = tuple[tuple[str, str, str], ...]
"""(kind, name, distribution) of plugins that measured."""

_OWN_PROTOCOL = "c3d-tgan"  # the default of a track's evaluation.protocol, which its declaration leaves out


def comparable(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the records of every table, in the order of the tables: by track name, the track's own protocol first."""
    alike: dict[tuple[object, ...], list[Entry]] = {}
    called: dict[str, str] = {}
    for entry in entries:
        record = entry.record
        alike.setdefault(_key(record), []).append(entry)
        known = called.setdefault(record.track.fingerprint, record.track.name)
        called[record.track.fingerprint] = min(known, record.track.name)
    ordered = sorted(alike.values(), key=lambda group: _place(group, called))
    return [part for group in ordered for part in _by_device_model(group)]


def _key(record: Record) -> tuple[object, ...]:
    return record.track.fingerprint, record.data.fingerprint, protocol_of(record), measured_by(record)


def protocol_of(record: Record) -> str:
    """Return the id of the protocol that a record is ranked under."""
    metric = selected(record)
    return record.metrics[metric].protocol if metric in record.metrics else ""


def measured_by(record: Record) -> Measuring:
    """Return the plugins that made the numbers of that protocol what they are."""
    protocol, select = protocol_of(record), selected(record)
    metrics = {
        name
        for name, metric in record.metrics.items()
        if metric.protocol == protocol and (name == select or not metric.extra)
    }
    return owners(record, metrics, protocol)


def owners(record: Record, metrics: set[str], protocol: str) -> Measuring:
    """Return (kind, name, distribution) of the plugins of these metrics and of the protocol's instrument, as a record has them."""
    instruments = {record.protocols[protocol].instrument} if protocol in record.protocols else set()
    names = {"metric": metrics, "instrument": instruments}
    return tuple(sorted((p.kind, p.name, p.distribution) for p in record.plugins if p.name in names.get(p.kind, ())))


def device_model(record: Record) -> str | None:
    """Return the hardware, and how much of it, where the track's budget is in device-hours."""
    budget = record.track.declared.get("budget")
    if record.external is not None or not isinstance(budget, dict) or budget.get("device_hours") is None:
        return None
    world = record.environment.world
    return f"{world} x {record.measured.hardware}" if world > 1 else record.measured.hardware


def _by_device_model(group: list[Entry]) -> list[list[Entry]]:
    """Part the runs of a group by their hardware, where that matters, and let clips from elsewhere stand beside each part."""
    models = {device_model(e.record) for e in group if e.record.external is None}
    return [
        [e for e in group if e.record.external is not None or device_model(e.record) == model]
        for model in sorted(models or {None}, key=lambda m: m or "")
    ]


def _place(group: Sequence[Entry], called: Mapping[str, str]) -> tuple[Any, ...]:
    record = group[0].record
    evaluation = record.track.evaluation
    final, stamp = evaluation.get("final"), record.protocols.get(protocol_of(record))
    samples = final.get("samples") if isinstance(final, dict) else None
    declared = stamp.protocol if stamp else {}
    return (
        called[record.track.fingerprint],
        record.track.fingerprint,
        declared.get("name") != evaluation.get("protocol", _OWN_PROTOCOL),
        declared.get("samples") != samples,
        not any(_as_watched(e.record) for e in group),
        sorted({e.record.track.name for e in group}),
        record.data.fingerprint,
        protocol_of(record),
        measured_by(record),
    )


def _as_watched(record: Record) -> bool:
    """Return whether the scores were taken as those that training was watched by, but for the number of samples.

    So a track's own protocol is known where its name does not tell: from a file, or in another precision.
    """
    final, watched = record.protocols.get(protocol_of(record)), record.protocols.get(record.watched or "")
    return final is not None and watched is not None and _unsized(final) == _unsized(watched)


def _unsized(stamp: Stamp) -> dict[str, Any]:
    protocol = {k: v for k, v in stamp.protocol.items() if k not in ("samples", "options")}
    return stamp.model_dump() | {"protocol": protocol}
