"""The protocol of a run, reconstructed from its record, because its file may have moved or gone."""

from __future__ import annotations

from pydantic import ValidationError

from vidgen_bench.config.protocol import Protocol, load_protocol, shipped_protocols
from vidgen_bench.config.track import EvaluationPart, Track
from vidgen_bench.errors import RequestError
from vidgen_bench.records.entries import MetricEntry
from vidgen_bench.records.record import Record


def main_protocol(record: Record, track: Track) -> Protocol:
    """Return the protocol of a run's track: a shipped one, or your own as the record describes it.

    Raises:
        RequestError: the record does not describe the protocol, so its file must be given.
    """
    name = track.evaluation.protocol
    if name in shipped_protocols():
        return load_protocol(name)
    if (described := _described(record, track)) is not None:
        return described
    raise RequestError(
        f"The run was scored under the protocol {name}, which does not ship, and its record does not describe it. Give its file: "
        "--protocol FILE.toml"
    )


def as_measured(evaluation: EvaluationPart, record: Record, protocol: Protocol) -> EvaluationPart:
    """Return a run's evaluation part without further protocols, and with the extra metrics of its record.

    The fingerprint covers neither, so the record does not declare them, and the run may not have used their defaults.

    Args:
        evaluation: the part that the record declares.
        record: the record of the run.
        protocol: the protocol to score under; the metrics it ranks by are not extra.
    """
    ranked = evaluation.metrics or protocol.metrics
    extra = tuple(m for m, entry in _of_main(record).items() if entry.extra and m not in ranked)
    return evaluation.model_copy(update={"also": (), "extra": extra})


def _of_main(record: Record) -> dict[str, MetricEntry]:
    """Return the metrics under the protocol of the run's track, extra ones included."""
    watched = record.protocols.get(record.watched or "")
    name = watched.protocol["name"] if watched else None
    return {m: e for m, e in record.metrics.items() if record.protocols[e.protocol].protocol["name"] == name}


def _described(record: Record, track: Track) -> Protocol | None:
    """Return the protocol that a record's stamps describe, or None; stamps hold only what scores depend on."""
    watched, best, metrics = record.protocols.get(record.watched or ""), record.best, _of_main(record)
    if watched is None or best is None or best.metric not in metrics:
        return None
    stamps = {m: record.protocols[e.protocol].protocol for m, e in metrics.items()}
    own, samples = watched.protocol, stamps[best.metric]["samples"]
    further = {m: stamp["options"][m] for m, stamp in stamps.items() if m in stamp["options"]}
    content = {
        **own,
        "samples": samples,
        "fixed": samples != track.evaluation.final.samples,
        "instrument": None if watched.instrument == track.instrument.name else watched.instrument,
        "metrics": tuple(own["options"]),
        "extra": tuple(m for m in further if m not in own["options"]),
        "options": {**further, **own["options"]},
    }
    try:
        return Protocol.model_validate(content)
    except ValidationError:
        return None
