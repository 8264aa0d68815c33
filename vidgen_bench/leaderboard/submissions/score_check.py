"""Checks that a submitted record has the scores and anchors that its track declares, in the declared number."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.config.protocol import load_protocol, shipped_protocols
from vidgen_bench.config.track import FinalPart, Track
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.records.anchors import ANCHORS
from vidgen_bench.records.record import Record


def faults_of_scores(record: Record) -> Iterator[str]:
    """Yield what is missing from the scores of the metric that the track selects by, and of those beside it."""
    # not collect.selected(): it falls back to another metric, which would rank a record that left out a bad score
    metric = record.track.evaluation.get("select")
    if not isinstance(metric, str) or metric not in record.metrics or (record.scores and metric not in record.scores):
        yield f"has no score in the metric that ranks its track, {metric}"
        return
    if record.metrics[metric].extra:
        yield f"metrics.{metric}: the metric that ranks a track is not an extra one"
    if record.metrics[metric].better == "neither":
        yield f"metrics.{metric}: the metric that ranks a track has a better direction, higher or lower"
    if missing := [name for name in ANCHORS if metric not in record.anchors.get(name, {})]:
        yield f"anchors: no {metric} of {', '.join(missing)}; a run scores the clips of all anchors. Was the record edited by hand?"
    # any other would be a floor too, and of several floors a diverged seed takes the worst
    if other := sorted(record.anchors.keys() - ANCHORS):
        yield f"anchors: {', '.join(other)}; expected {', '.join(ANCHORS)} only. Was the record edited by hand?"
    yield from _of_counts(record, metric)


def _of_counts(record: Record, metric: str) -> Iterator[str]:
    """Yield the scores with another number of samples or batches than the track declares."""
    try:
        final = Track.model_validate({**record.track.declared, "name": "as-recorded"}).evaluation.final
    except (VidgenBenchError, ValueError):
        return  # faults_of_track reports it
    protocol = record.metrics[metric].protocol
    samples = record.protocols[protocol].protocol.get("samples")
    if not isinstance(samples, int) or samples not in _samples(record, final, samples):
        yield f"protocols: {metric} was scored on {samples} samples per batch; the track declares {final.samples}"
        return
    batches = max(1, final.batches * final.samples // samples)
    for name, score in record.scores.items():
        entry = record.metrics[name]
        # the views of a metric have the first batch only, and an extra metric may refuse batches; neither ranks a track
        if entry.protocol == protocol and not entry.extra and len(score.values) != batches:
            yield f"scores.{name}: {len(score.values)} values; the track declares {batches} batches"


def _samples(record: Record, final: FinalPart, found: int) -> set[int]:
    """Return the samples per batch that are right: the track's, or those of a protocol that fixes them."""
    name = str(record.track.evaluation.get("protocol", "c3d-tgan"))
    if name not in shipped_protocols():
        return {final.samples, found} if found > 0 else {final.samples}  # its file, which may fix them, is not here
    protocol = load_protocol(name)
    return {protocol.samples if protocol.fixed else final.samples}
