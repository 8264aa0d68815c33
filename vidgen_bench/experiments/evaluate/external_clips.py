"""Scores external clips and writes a record with the status external, which is a row of the leaderboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from vidgen_bench.compose.pair import plugin_entry
from vidgen_bench.config.spec import NAME
from vidgen_bench.data.external.fitting import Clips
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.evaluate.record_files import RecordFiles
from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
from vidgen_bench.experiments.evaluate.scores import ids_of, measuring_packages, prepare_real_clips, score_clips
from vidgen_bench.experiments.run.recording import (
    Numbers,
    Training,
    build_record,
    data_entry,
    environment_entry,
    machine,
    now,
    track_entry,
)
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.resolved_track import ResolvedTrack
from vidgen_bench.records.code import CodeEntry
from vidgen_bench.records.entries import ExternalEntry, Measured, ModelEntry
from vidgen_bench.records.record import write_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.memory import peak_memory
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.provenance import hardware

FEWEST = 2
"""The fewest clips that have a covariance."""

_LONGEST = 100
"""Characters of a row's name."""


def evaluate_clips(
    clips: Clips, resolved_track: ResolvedTrack, request: EvaluationRequest, origin: str, observer: Observer
) -> EvaluationResult:
    """Score external clips, and write ``runs/TRACK/NAME/record.json``; existing scores are read, not computed again.

    Args:
        clips: clips of the track's shape.
        resolved_track: the track under the requested protocol.
        origin: the name of the clips' file or folder; the row's name unless the request has one.
    Raises:
        RequestError: too few clips for a batch, an invalid name, or a name that other clips have.
        VidgenBenchError: the clips changed while they were measured; nothing is written.
    """
    base = request.runs / resolved_track.track.name / _row_name(request.name, origin)
    record_files = RecordFiles(base, below=request.runs)
    resolved_track, left_over = _with_enough_clips(resolved_track, clips)
    sha256 = clips.source.sha256  # before anything is measured
    real, device = prepare_real_clips(resolved_track, request.videos, observer), choose_device(request.device)
    ids = [ids_of(resolved, real, clips.changes) for resolved in resolved_track.protocols]
    with record_files.locked():
        _check_same(record_files, clips, real, resolved_track, request.conditional)
        existing = [record_files.holding(i) for i in ids]
        wanted = [p for p, record in zip(resolved_track.protocols, existing, strict=True) if record is None]
        if not wanted and existing[0] is not None:
            return EvaluationResult(*existing[0], already=True, left_over=left_over, skipped=resolved_track.skipped)
        started = now()

        def batches(resolved: ResolvedProtocol) -> int:
            return _batches(resolved_track, resolved, clips.count)

        def draw(numbers: range) -> Iterator[Tensor]:
            return clips.read(clips.order[numbers.start : numbers.stop])

        numbers = score_clips(resolved_track, wanted, real, draw, batches, device, observer, clips.changes)
        _check_unchanged(clips, origin)
        used = max(batches(resolved) * resolved.protocol.samples for resolved in wanted)
        plugins = replace(resolved_track, protocols=tuple(wanted)).plugins
        record = build_record(
            "external",
            record_files.base.name,
            track=track_entry(resolved_track.track),
            data=data_entry(resolved_track.track, real.store),
            numbers=numbers,
            plugins=[plugin_entry(plugin) for plugin in plugins],
            environment=environment_entry(device, 1),
            measured=_measured(numbers, started, device),
            training=Training(model=ModelEntry(conditional=request.conditional)),
            external=_external(clips, origin, used, sha256),
            code=CodeEntry(packages=measuring_packages(plugins)),
        )
        path = record_files.free(wanted, numbers.ids)
        write_record(path, record, below=request.runs)
    return EvaluationResult(path, record, already=False, left_over=left_over, skipped=resolved_track.skipped)


def _row_name(name: str | None, origin: str) -> str:
    chosen = re.sub(r"[^a-z0-9_.-]+", "-", origin.lower()).strip("-._") if name is None else name
    if not NAME.match(chosen) or len(chosen) > _LONGEST:
        given = f"--name {chosen}" if name is not None else f"The name {chosen!r}, taken from {origin}"
        raise RequestError(
            f"{given}: expected up to {_LONGEST} lower-case letters, digits, '-', '_' or '.', as in --name my-diffusion."
        )
    return chosen


def _batches(resolved_track: ResolvedTrack, resolved: ResolvedProtocol, clips: int) -> int:
    """Return the number of whole batches, at most the track's number."""
    return min(resolved_track.batches(resolved), clips // resolved.protocol.samples)


def _with_enough_clips(resolved_track: ResolvedTrack, clips: Clips) -> tuple[ResolvedTrack, int]:
    """Return the track without further protocols that need more clips than there are, and the number of clips left over."""
    count, main = clips.count, resolved_track.main.protocol
    if count < main.samples:
        possible = count >= FEWEST and not main.fixed
        instead = f" Or use --samples {count}: such scores have their own protocol id." if possible else ""
        raise RequestError(
            f"The protocol {main.name} scores batches of {main.samples:,} clips; found {count:,}. Sample more.{instead}"
        )
    few = {
        m.protocol.name: f"it scores batches of {m.protocol.samples:,} clips; found {count:,}"
        for m in resolved_track.protocols[1:]
        if count < m.protocol.samples
    }
    kept = tuple(m for m in resolved_track.protocols if m.protocol.name not in few)
    resolved_track = replace(resolved_track, protocols=kept, skipped={**resolved_track.skipped, **few})
    return resolved_track, count - max(_batches(resolved_track, m, count) * m.protocol.samples for m in kept)


def _check_same(
    record_files: RecordFiles, clips: Clips, real: RealClips, resolved_track: ResolvedTrack, conditional: bool
) -> None:
    """Refuse a name already used for other clips, or for the same clips of another kind of model, on other data or another track."""
    for path, record in record_files.records():
        what = ""
        if record.external is None or record.external.sha256 != clips.source.sha256:
            what = "other clips"
        elif (record.track.fingerprint, record.data.fingerprint) != (
            resolved_track.track.fingerprint,
            real.store.fingerprint,
        ):
            what = "these clips on another track or other data"
        elif record.model.conditional != conditional:
            what = f"these clips {'with' if record.model.conditional else 'without'} --conditional"
        if what:
            raise RequestError(
                f"{path} holds scores of {what}. Give another --name or --runs folder, or delete {record_files.base}."
            )


def _check_unchanged(clips: Clips, origin: str) -> None:
    if clips.source.changed():
        raise VidgenBenchError(
            f"The clips of {origin} changed while they were measured, so the scores belong to no version of them; nothing was "
            "recorded. Wait until the program that writes them has finished, then evaluate them again."
        )


def _external(clips: Clips, origin: str, used: int, sha256: str) -> ExternalEntry:
    source = clips.source
    understood = (source.kind, source.layout, source.value_range or (source.layout and "uint8"))
    return ExternalEntry(
        source=origin,
        kind=" ".join(filter(None, understood)),
        clips=clips.count,
        used=used,
        sha256=sha256,
    )


def _measured(numbers: Numbers, started: str, device: torch.device) -> Measured:
    return Measured(
        started=started,
        finished=now(),
        train_seconds=0.0,
        evaluate_seconds=round(numbers.seconds, 3),
        device_hours=0.0,
        peak_memory_bytes=peak_memory(device),
        hardware=hardware(device),
        resumed=0,
        **machine(),
    )
