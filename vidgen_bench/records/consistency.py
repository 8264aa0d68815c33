"""The rules between the fields of a record; each broken rule yields one sentence for the user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidgen_bench.records.content import Content


def disagreements(record: Content) -> Iterator[str]:
    """Yield one sentence per broken rule, for a record whose fields are valid individually."""
    yield from _of_status(record)
    yield from _of_protocols(record)
    yield from _of_metrics(record)
    yield from _of_plugins(record)
    yield from _of_best(record)


def _of_status(record: Content) -> Iterator[str]:
    external = record.external
    if record.status == "finished" and not (record.scores and record.best):
        yield "a finished run must have scores and a best checkpoint"
    if record.status == "diverged" and record.scores:
        yield "a run that diverged must not have scores"
    if (record.status == "external") != (external is not None) or (external and not record.scores):
        yield "status 'external' needs scores and the section external, which no other status may have"
    if external and external.used > external.clips:
        yield f"external: {external.used} clips were scored, but there are only {external.clips}"
    if record.status != "finished" and record.hashes is not None:
        yield "hashes are those of a finished run; no other status may have them"


def _of_protocols(record: Content) -> Iterator[str]:
    for name, stamp in record.protocols.items():
        if name != stamp.id:
            yield f"protocols: {name!r} is not the id of its entry ({stamp.id!r}); was the record edited by hand?"
    if record.watched is not None and record.watched not in record.protocols:
        yield f"watched names the protocol {record.watched!r}, which is missing from protocols"
    if record.watched is None and (record.trace or record.best):
        yield "watched is missing: it must name the protocol of the scores in trace and best"


def _of_metrics(record: Content) -> Iterator[str]:
    for metric in record.metrics.values():
        if metric.protocol not in record.protocols:
            yield f"metrics names the protocol {metric.protocol!r}, which is missing from protocols"
    if unknown := {m for part in (record.scores, *record.anchors.values()) for m in part} - set(record.metrics):
        yield f"metrics has no entry for {', '.join(sorted(unknown))}, which scores or anchors contain"


def _of_plugins(record: Content) -> Iterator[str]:
    """Yield the plugins that are missing or listed twice: scores cannot be traced to code without their distributions."""
    listed = [(p.kind, p.name) for p in record.plugins]
    if twice := sorted({p for p in listed if listed.count(p) > 1}):
        yield f"plugins lists the {' '.join(twice[0])} twice"
    instruments = {s.instrument for m in record.metrics.values() if (s := record.protocols.get(m.protocol))}
    needed = [("instrument", name) for name in sorted(instruments)] + [("metric", name) for name in record.metrics]
    for kind, name in needed:
        if (kind, name) not in listed:
            yield f"plugins does not list the {kind} {name}, which these scores depend on"
    if record.external is None and not any(kind == "backbone" for kind, _ in listed):
        yield "plugins does not list the backbone that was trained"


def _of_best(record: Content) -> Iterator[str]:
    best, select = record.best, record.track.evaluation.get("select")
    if best is None:
        return
    if isinstance(select, str) and best.metric != select:
        yield f"best.metric is {best.metric!r}, but the track selects by {select!r}"
    if not any(p.iteration == best.iteration and p.scores.get(best.metric) == best.value for p in record.trace):
        yield f"best is not in trace: no evaluation of iteration {best.iteration} has {best.metric} = {best.value!r}"
