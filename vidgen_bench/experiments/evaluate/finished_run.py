"""The best checkpoint of a finished run, drawn again under another protocol, precision or number of samples."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

from vidgen_bench.compose.pair import plugin_entry
from vidgen_bench.compose.sampling import samples
from vidgen_bench.config.protocol import load_protocol
from vidgen_bench.config.toml import explain
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.experiments.evaluate.record_files import RecordFiles
from vidgen_bench.experiments.evaluate.recorded_protocol import as_measured, main_protocol
from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
from vidgen_bench.experiments.evaluate.scores import Numbers, ids_of, prepare_real_clips, score_clips
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.recording import environment_entry
from vidgen_bench.experiments.sample.recompose import read_run
from vidgen_bench.experiments.sample.trained import load
from vidgen_bench.host.host import Host
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation
from vidgen_bench.records.record import RUN_FILES, Record, write_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.provenance import revision


def is_run(path: Path) -> bool:
    """Return whether a path is a run folder, or the record in one."""
    return path.name in RUN_FILES or any((path / name).is_file() for name in RUN_FILES)


def evaluate_run(run: Path, track: str | None, asked: EvaluationRequest, observer: Observer) -> EvaluationResult:
    """Score the samples that a run's best checkpoint draws, and write ``RUN/evaluations/PROTOCOL-.../record.json``.

    They are the samples of its final scores: the noise is the same.

    Raises:
        RequestError: the run is not finished, was made on another track or other data, or what is asked for is unknown.
    """
    record, folder = _finished(run)
    resolved_track, device = _resolved_track(record, _track(record, track), asked), choose_device(asked.device)
    real = prepare_real_clips(resolved_track, _as_then(asked.videos, record), observer)
    _check_data(record, real, folder)
    record_files = RecordFiles(folder.path)
    with record_files.locked():
        if there := record_files.holding(ids_of(resolved_track.main, real)):
            return EvaluationResult(*there, already=True)
        trained = load(folder.path, device=str(device))
        observer.stage(f"drawing from the checkpoint of iteration {trained.iteration} on {device.type}")

        def draw(numbers: range) -> Iterator[Tensor]:
            return samples(trained.game, record.seed, "final", numbers, resolved_track.track.clip.grid, device)

        numbers = score_clips(
            resolved_track, resolved_track.protocols, real, draw, resolved_track.batches, device, observer
        )
        made, path = (
            _record(record, resolved_track, numbers, device),
            record_files.free(resolved_track.protocols, numbers.ids),
        )
        write_record(path, made)
    return EvaluationResult(path, made, already=False)


def _finished(run: Path) -> tuple[Record, RunFolder]:
    written = read_run(run)
    record = written.folder.record()
    if record is None or record.status != "finished":
        state = "is not finished" if record is None else "diverged"
        raise RequestError(
            f"The run {written.folder.path} {state}: there is no best checkpoint whose samples could be scored."
        )
    return record, written.folder


def _track(record: Record, given: str | None) -> Track:
    """Return the track that a run wrote down; one that is named must be the same."""
    if given is not None and load_track(given).fingerprint != record.track.fingerprint:
        raise RequestError(
            f"The run was made on the track {record.track.name}, and {given} declares another one. Leave --track out."
        )
    try:
        track = Track.model_validate({**record.track.declared, "name": "as-recorded", "ranked": record.track.ranked})
    except ValidationError as error:
        raise RecordError(f"The track that the run was made on is not valid here:\n{explain(error, Track)}") from None
    return track.model_copy(update={"name": record.track.name})  # a derived one's is no name that a file may give


def _resolved_track(record: Record, track: Track, asked: EvaluationRequest) -> ResolvedTrack:
    """Return the bench of one measure: under the protocol that is asked for, else under the run's own."""
    protocol = load_protocol(asked.protocol) if asked.protocol is not None else main_protocol(record, track)
    evaluation = as_measured(track.evaluation, record, protocol)
    return asked.resolved_track(track.model_copy(update={"evaluation": evaluation}), Host.of_environment(), protocol)


def _as_then(videos: VideoLocation, record: Record) -> VideoLocation:
    """Return where the videos are; what was missing when the run was made may be missing now."""
    return replace(videos, allow_missing=max(videos.allow_missing, len(record.data.missing)))


def _check_data(record: Record, real: RealClips, folder: RunFolder) -> None:
    if real.store.fingerprint != record.data.fingerprint:
        raise RequestError(
            f"The run {folder.path} was made on the data {record.data.name} {record.data.fingerprint}; these are "
            f"{real.store.fingerprint}. Give the --data and --splits that it was made on."
        )


def _record(record: Record, resolved_track: ResolvedTrack, numbers: Numbers, device: torch.device) -> Record:
    """Return the run's record with these numbers instead of its own; how it was trained stays."""
    trained_by = tuple(p for p in record.plugins if p.kind in ("backbone", "temporal"))
    watched = {i: s for i, s in record.protocols.items() if i == record.watched}
    environment = environment_entry(device, record.environment.world)
    about = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "evaluate_seconds": round(numbers.seconds, 3),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "revision": revision(),
    }
    return record.model_copy(
        update={
            "protocols": numbers.stamps | watched,
            "plugins": (*trained_by, *(plugin_entry(f) for f in resolved_track.plugins)),
            "environment": environment,
            "metrics": numbers.metrics,
            "scores": numbers.scores,
            "anchors": numbers.anchors,
            "measured": record.measured.model_copy(update=about),
        }
    )
