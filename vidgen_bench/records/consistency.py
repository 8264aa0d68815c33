"""What must agree within a record; every rule gives the sentence that a person reads where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vidgen_bench.config.spec import NAME

if TYPE_CHECKING:
    from vidgen_bench.records.content import Content


def disagreements(record: Content) -> Iterator[str]:
    """Yield what does not agree in a record whose every part is valid by itself."""
    yield from _of_status(record)
    yield from _of_protocols(record)
    yield from _of_metrics(record)
    yield from _of_plugins(record)
    yield from _of_best(record)


def _of_status(record: Content) -> Iterator[str]:
    external = record.external
    if record.status == "finished" and not (record.scores and record.best):
        yield "a finished run has scores and a best checkpoint"
    if record.status == "diverged" and record.scores:
        yield "a run that diverged has no scores"
    if (record.status == "external") != (external is not None) or (external and not record.scores):
        yield "a record with status external has scores and says what was measured, and no other does"
    if external and external.used > external.clips:
        yield f"external: {external.used} clips were measured, but only {external.clips} are there"


def _of_protocols(record: Content) -> Iterator[str]:
    for name, stamp in record.protocols.items():
        if name != stamp.id:
            yield f"protocols: {name!r} is not the id of what stands there ({stamp.id!r}); was it edited by hand?"
    if record.watched is not None and record.watched not in record.protocols:
        yield f"watched names the protocol {record.watched!r}, which protocols does not describe"
    if record.watched is None and (record.trace or record.best):
        yield "watched is missing: trace and best have scores, and nothing says under which protocol they were taken"


def _of_metrics(record: Content) -> Iterator[str]:
    for name, metric in record.metrics.items():
        if not NAME.match(name):
            yield f"metrics: {name!r} is no name of a metric: expected lower-case letters, digits, '-', '_' or '.'"
        if metric.protocol not in record.protocols:
            yield f"metrics names the protocol {metric.protocol!r}, which protocols does not describe"
    if unknown := {m for part in (record.scores, *record.anchors.values()) for m in part} - set(record.metrics):
        yield f"metrics does not describe {', '.join(sorted(unknown))}, which scores or anchors contain"


def _of_plugins(record: Content) -> Iterator[str]:
    """Yield which plugins are missing: without their distributions nobody can tell whose numbers these are."""
    there = [(p.kind, p.name) for p in record.plugins]
    if twice := sorted({p for p in there if there.count(p) > 1}):
        yield f"plugins names the {' '.join(twice[0])} twice"
    instruments = {s.instrument for m in record.metrics.values() if (s := record.protocols.get(m.protocol))}
    needed = [("instrument", name) for name in sorted(instruments)] + [("metric", name) for name in record.metrics]
    for kind, name in needed:
        if (kind, name) not in there:
            yield f"plugins does not name the {kind} {name}, by which these numbers were measured"
    if record.external is None and not any(kind == "backbone" for kind, _ in there):
        yield "plugins does not name the backbone that was trained"


def _of_best(record: Content) -> Iterator[str]:
    best, select = record.best, record.track.evaluation.get("select")
    if best is None:
        return
    if isinstance(select, str) and best.metric != select:
        yield f"best.metric is {best.metric!r}, but the track selects by {select!r}"
    if not any(p.iteration == best.iteration and p.scores.get(best.metric) == best.value for p in record.trace):
        yield f"best is not in trace: no evaluation of iteration {best.iteration} has {best.metric} = {best.value!r}"
