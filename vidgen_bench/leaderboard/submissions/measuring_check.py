"""Checks that a submitted record was measured as its track declares: data, protocol, instrument, every metric, and whose plugins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from vidgen_bench.config.protocol import Protocol, Stamp, load_protocol, shipped_protocols
from vidgen_bench.config.track import Track, load_track, shipped_tracks
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.records.anchors import ANCHORS
from vidgen_bench.records.distribution_name import OURS
from vidgen_bench.records.record import Record


def faults_of_measuring(record: Record) -> Iterator[str]:
    """Yield where the measuring of a record differs from what its track declares; each would give the record a table of its own."""
    try:
        track = Track.model_validate({**record.track.declared, "name": "as-recorded"})
    except (VidgenBenchError, ValueError):
        return  # faults_of_track reports it
    if record.data.name != track.data.name:
        yield f"data.name: the record has {record.data.name}; the track declares the data {track.data.name}"
    ranking = record.metrics.get(selected(record) or "")
    if ranking is None:
        return  # faults_of_scores reports it
    protocol = _protocols().get(track.evaluation.protocol)
    yield from _of_stamp(record.protocols[ranking.protocol], track, protocol)
    yield from _of_metrics(record, track, protocol, ranking.protocol)
    yield from _of_owners(record)


def _of_stamp(stamp: Stamp, track: Track, protocol: Protocol | None) -> Iterator[str]:
    if stamp.protocol["name"] != track.evaluation.protocol:
        yield (
            f"protocols: the scores have the protocol {stamp.protocol['name']}; the track declares {track.evaluation.protocol}"
        )
    own = track.instrument
    # a protocol file of your own, which may name another instrument, is not here
    declared = stamp.instrument if protocol is None else protocol.instrument or own.name
    if stamp.instrument != declared:
        yield f"protocols: the scores have the instrument {stamp.instrument}; the track declares {declared}"
    elif declared == own.name and own.sha256 not in (None, stamp.sha256):
        yield f"protocols: the weights of {own.name} have the SHA-256 {stamp.sha256}; the track declares {own.sha256}"


def _of_metrics(record: Record, track: Track, protocol: Protocol | None, ranking: str) -> Iterator[str]:
    """Yield the metrics of the track's protocol that a record leaves out, so that a bad score could not count, and those it adds."""
    needed = track.evaluation.metrics or (protocol.metrics if protocol else ())
    for metric in needed:
        entry = record.metrics.get(metric)
        if entry is None or (record.scores and metric not in record.scores):
            yield f"scores: no {metric}, which the protocol of its track has; a record has all of {', '.join(needed)}"
        elif entry.extra:
            yield f"metrics.{metric}: a metric of the track's protocol is not an extra one"
        elif entry.protocol != ranking:
            yield f"metrics.{metric}: has another protocol than {selected(record)}; the track's protocol has both"
        elif missing := [name for name in ANCHORS if metric not in record.anchors.get(name, {})]:
            yield f"anchors: no {metric} of {', '.join(missing)}; a run scores the clips of all anchors. Was the record edited by hand?"
    for metric, entry in record.metrics.items():
        if needed and metric not in needed and entry.protocol == ranking and not entry.extra:
            yield f"metrics.{metric}: the protocol of its track has {', '.join(needed)}; a further metric is an extra one"


def _of_owners(record: Record) -> Iterator[str]:
    """Yield the metrics of shipped protocols and the shipped instruments that a record has from another distribution."""
    shipped = {("instrument", name) for name in _instruments()}
    for metric, entry in record.metrics.items():
        protocol = _protocols().get(record.protocols[entry.protocol].protocol["name"])
        if protocol and metric in (*protocol.metrics, *protocol.extra):
            shipped.add(("metric", metric))
    for plugin in record.plugins:
        if (plugin.kind, plugin.name) in shipped and plugin.normalised_distribution != OURS:
            yield (
                f"plugins: the {plugin.kind} {plugin.name} comes with {OURS}; the record has it from {plugin.distribution}. "
                f"Uninstall {plugin.distribution}, or give its plugin a name of its own"
            )


@cache
def _protocols() -> dict[str, Protocol]:
    """Return the shipped protocols by name."""
    return {name: load_protocol(name) for name in shipped_protocols()}


@cache
def _instruments() -> frozenset[str]:
    """Return the instruments that shipped tracks and protocols name."""
    of_tracks = {load_track(name).instrument.name for name in shipped_tracks()}
    return frozenset(of_tracks | {p.instrument for p in _protocols().values() if p.instrument})
