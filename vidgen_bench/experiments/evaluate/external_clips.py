"""Clips from elsewhere become a row: a record with the status external."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.compose.pair import plugin_entry
from vidgen_bench.config.spec import NAME
from vidgen_bench.data.external.fitting import Clips
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.evaluate.record_files import RecordFiles
from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
from vidgen_bench.experiments.evaluate.scores import Numbers, ids_of, prepare_real_clips, score_clips
from vidgen_bench.experiments.run.recording import data_entry, environment_entry, track_entry
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.resolved_track import ResolvedTrack
from vidgen_bench.records.entries import ExternalEntry, Measured, Parameters, Spent
from vidgen_bench.records.record import Record, write_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.memory import peak_memory
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.provenance import hardware, revision
from vidgen_bench.version import __version__

FEWEST = 2
"""Clips that have a covariance."""

_LONGEST = 100


def evaluate_clips(
    clips: Clips,
    resolved_track: ResolvedTrack,
    asked: EvaluationRequest,
    origin: str,
    name: str | None,
    runs: Path,
    observer: Observer,
) -> EvaluationResult:
    """Score clips from elsewhere, and write ``runs/TRACK/NAME/record.json``; what has been scored before is only read.

    Args:
        clips: as they fit the bench's track.
        bench: as ``asked`` for.
        origin: what the clips were called where they come from.
        name: of the row; None: after ``origin``.
    Raises:
        RequestError: too few clips for a batch, a name that is none, or one that other clips have.
    """
    record_files = RecordFiles(runs / resolved_track.track.name / _row_name(name, origin))
    resolved_track, left_over = _enough(resolved_track, clips, asked)
    real, device = prepare_real_clips(resolved_track, asked.videos, observer), choose_device(asked.device)
    ids = [ids_of(m, real, clips.changes) for m in resolved_track.protocols]
    with record_files.locked():
        _check_same(record_files, clips, real, resolved_track)
        found = [record_files.holding(i) for i in ids]
        wanted = [m for m, there in zip(resolved_track.protocols, found, strict=True) if there is None]
        if not wanted and found[0] is not None:
            return EvaluationResult(*found[0], already=True, left_over=left_over, skipped=resolved_track.skipped)
        started = _now()

        def batches(resolved: ResolvedProtocol) -> int:
            return _batches(resolved_track, resolved, clips.count)

        def draw(numbers: range) -> Iterator[Tensor]:
            return clips.read(clips.order[numbers.start : numbers.stop])

        numbers = score_clips(resolved_track, wanted, real, draw, batches, device, observer, clips.changes)
        used = max(batches(m) * m.protocol.samples for m in wanted)
        record = _record(
            replace(resolved_track, protocols=tuple(wanted)),
            real,
            record_files.base.name,
            clips,
            origin,
            used,
            numbers,
            started,
            device,
        )
        path = record_files.free(wanted, numbers.ids)
        write_record(path, record)
    return EvaluationResult(path, record, already=False, left_over=left_over, skipped=resolved_track.skipped)


def _row_name(name: str | None, origin: str) -> str:
    chosen = re.sub(r"[^a-z0-9_.-]+", "-", origin.lower()).strip("-._") if name is None else name
    if not NAME.match(chosen) or len(chosen) > _LONGEST:
        given = f"--name {chosen}" if name is not None else f"The name {chosen!r}, after {origin}"
        raise RequestError(
            f"{given}: expected up to {_LONGEST} lower-case letters, digits, '-', '_' or '.', as in --name my-diffusion."
        )
    return chosen


def _batches(resolved_track: ResolvedTrack, resolved: ResolvedProtocol, clips: int) -> int:
    """Return how many whole batches there are, at most those that the track asks for."""
    return min(resolved_track.batches(resolved), clips // resolved.protocol.samples)


def _enough(resolved_track: ResolvedTrack, clips: Clips, asked: EvaluationRequest) -> tuple[ResolvedTrack, int]:
    """Return the bench without other protocols that ask for more clips than there are, and how many clips are left over."""
    count, main = clips.count, resolved_track.main.protocol
    if count < main.samples:
        possible = count >= FEWEST and not main.fixed
        instead = "" if not possible else f" --samples {count} measures batches of as many, under an id of its own."
        raise RequestError(
            f"The protocol {main.name} measures batches of {main.samples:,} clips; here are {count:,}. Sample more.{instead}"
        )
    few = {
        m.protocol.name: f"it measures batches of {m.protocol.samples:,} clips, and here are {count:,}"
        for m in resolved_track.protocols[1:]
        if count < m.protocol.samples
    }
    kept = tuple(m for m in resolved_track.protocols if m.protocol.name not in few)
    resolved_track = replace(resolved_track, protocols=kept, skipped={**resolved_track.skipped, **few})
    return resolved_track, count - max(_batches(resolved_track, m, count) * m.protocol.samples for m in kept)


def _check_same(record_files: RecordFiles, clips: Clips, real: RealClips, resolved_track: ResolvedTrack) -> None:
    """Refuse a name that stands for other clips, or for the same ones on other data or another track of that name."""
    for path, record in record_files.records():
        other = record.external is None or record.external.sha256 != clips.source.sha256
        if (
            other
            or record.track.fingerprint != resolved_track.track.fingerprint
            or record.data.fingerprint != real.store.fingerprint
        ):
            what = "other clips" if other else "these clips on another track or other data"
            raise RequestError(
                f"{path} is of {what}. Give another --name or --runs folder, or delete {record_files.base}."
            )


def _record(
    resolved_track: ResolvedTrack,
    real: RealClips,
    name: str,
    clips: Clips,
    origin: str,
    used: int,
    numbers: Numbers,
    started: str,
    device: torch.device,
) -> Record:
    return Record(
        schema=2,
        status="external",
        spec=name,
        seed=0,
        version=__version__,
        track=track_entry(resolved_track.track),
        data=data_entry(resolved_track.track, real.store),
        protocols=numbers.stamps,
        plugins=tuple(plugin_entry(f) for f in resolved_track.plugins),
        options={},
        parameters=Parameters(temporal=None, parts={}),
        environment=environment_entry(device, 1),
        spent=Spent(iterations=0, clips=0, flops=0.0),
        trace=(),
        best=None,
        external=_external(clips, origin, used),
        metrics=numbers.metrics,
        scores=numbers.scores,
        anchors=numbers.anchors,
        measured=_measured(numbers, started, device),
    )


def _external(clips: Clips, origin: str, used: int) -> ExternalEntry:
    source = clips.source
    understood = (source.kind, source.layout, source.value_range or (source.layout and "uint8"))
    return ExternalEntry(
        source=origin,
        kind=" ".join(filter(None, understood)),
        clips=clips.count,
        used=used,
        sha256=source.sha256,
    )


def _measured(numbers: Numbers, started: str, device: torch.device) -> Measured:
    return Measured(
        started=started,
        finished=_now(),
        train_seconds=0.0,
        evaluate_seconds=round(numbers.seconds, 3),
        device_hours=0.0,
        peak_memory_bytes=peak_memory(device),
        hardware=hardware(device),
        python=platform.python_version(),
        platform=platform.platform(),
        revision=revision(),
        resumed=0,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
