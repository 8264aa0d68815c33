"""Scores the best checkpoint of a finished run under another protocol, precision or sample count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from vidgen_bench.experiments.evaluate.scores import ids_of, measuring_packages, prepare_real_clips, score_clips
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.recording import Numbers, Training, build_record, environment_entry, machine, now
from vidgen_bench.experiments.sample.changed_code import warn_of_changed_code
from vidgen_bench.experiments.sample.recompose import read_run
from vidgen_bench.experiments.sample.trained import load
from vidgen_bench.host.host import Host
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation
from vidgen_bench.records.entries import PluginEntry
from vidgen_bench.records.record import RUN_FILES, Record, write_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.regular_files import is_there


def is_run(path: Path) -> bool:
    """Return whether a path is a run folder or its ``record.json``."""
    return path.name in RUN_FILES or any(is_there(path / name) for name in RUN_FILES)


def evaluate_run(run: Path, request: EvaluationRequest, observer: Observer) -> EvaluationResult:
    """Score samples of a run's best checkpoint, and write ``RUN/evaluations/PROTOCOL-.../record.json``.

    The samples are those of the run's final scores, drawn from the same noise.

    Raises:
        RequestError: the run is not finished, or was made on another track or other data; or the request has an unknown name.
    """
    record, folder = _finished(run)
    device = choose_device(request.device)
    resolved_track = _resolve(record, _track(record, request.track), request)
    real = prepare_real_clips(resolved_track, _allow_recorded_gaps(request.videos, record), observer)
    _check_data(record, real, folder)
    record_files = RecordFiles(folder.path)
    ids = ids_of(resolved_track.main, real)
    if existing := record_files.holding(ids):  # without the lock, so that the folder may be read-only
        warn_of_changed_code(folder.path, record.code.packages, _players(record), Host.of_environment())
        return EvaluationResult(*existing, already=True)
    with record_files.locked():
        if existing := record_files.holding(ids):  # by another process, in the meantime
            return EvaluationResult(*existing, already=True)
        numbers = _numbers(record, folder, resolved_track, real, device, observer)
        path = record_files.free(resolved_track.protocols, numbers.ids)
        scored = _record(record, resolved_track, numbers, device)
        write_record(path, scored, below=folder.path)
    return EvaluationResult(path, scored, already=False)


def rescore(run: Path, request: EvaluationRequest, observer: Observer) -> Numbers:
    """Return the scores of a run's best checkpoint, computed again under the run's own protocol; nothing is written.

    Raises:
        RequestError: the run is not finished, or was made on other data.
    """
    record, folder = _finished(run)
    resolved_track = _resolve(record, _track(record, request.track), request)
    real = prepare_real_clips(resolved_track, _allow_recorded_gaps(request.videos, record), observer)
    _check_data(record, real, folder)
    return _numbers(record, folder, resolved_track, real, choose_device(request.device), observer)


def _numbers(
    record: Record,
    folder: RunFolder,
    resolved_track: ResolvedTrack,
    real: RealClips,
    device: torch.device,
    observer: Observer,
) -> Numbers:
    """Return the scores of samples of a run's best checkpoint, drawn from the same noise as its final ones."""
    trained = load(folder.path, device=str(device))
    observer.stage(f"sampling from the checkpoint of iteration {trained.iteration} on {device.type}")

    def draw(numbers: range) -> Iterator[Tensor]:
        return samples(trained.game, record.seed, "final", numbers, resolved_track.track.clip.grid, device)

    return score_clips(resolved_track, resolved_track.protocols, real, draw, resolved_track.batches, device, observer)


def _finished(run: Path) -> tuple[Record, RunFolder]:
    manifest = read_run(run)
    record = manifest.folder.record()
    if record is None or record.status != "finished":
        state = "is not finished" if record is None else "diverged"
        raise RequestError(
            f"The run {manifest.folder.path} {state}, so it has no best checkpoint to draw samples from."
        )
    return record, manifest.folder


def _track(record: Record, given: str | None) -> Track:
    """Return the track of a run; ``given``, if any, must declare the same one."""
    if given is not None and load_track(given).fingerprint != record.track.fingerprint:
        raise RequestError(
            f"The run was made on the track {record.track.name}; {given} declares another one. Leave --track out."
        )
    try:
        track = Track.model_validate({**record.track.declared, "name": "as-recorded", "ranked": record.track.ranked})
    except ValidationError as error:
        raise RecordError(f"The run's track is not valid in this version:\n{explain(error, Track)}") from None
    return track.model_copy(update={"name": record.track.name})  # the name of a derived track is not valid in a file


def _resolve(record: Record, track: Track, request: EvaluationRequest) -> ResolvedTrack:
    """Return the run's track under the requested protocol, else under the run's own protocol."""
    protocol = load_protocol(request.protocol) if request.protocol is not None else main_protocol(record, track)
    evaluation = as_measured(track.evaluation, record, protocol)
    return request.resolve(track.model_copy(update={"evaluation": evaluation}), Host.of_environment(), protocol)


def _allow_recorded_gaps(videos: VideoLocation, record: Record) -> VideoLocation:
    """Return the location of the videos; the number of missing videos that the run had is allowed."""
    return replace(videos, allow_missing=max(videos.allow_missing, len(record.data.missing)))


def _check_data(record: Record, real: RealClips, folder: RunFolder) -> None:
    if real.store.fingerprint != record.data.fingerprint:
        raise RequestError(
            f"The run {folder.path} was made on the data {record.data.name} {record.data.fingerprint}; yours are "
            f"{real.store.fingerprint}. Give the --data and --splits of the run."
        )


def _players(record: Record) -> list[PluginEntry]:
    return [plugin for plugin in record.plugins if plugin.kind in ("backbone", "temporal")]


def _record(record: Record, resolved_track: ResolvedTrack, numbers: Numbers, device: torch.device) -> Record:
    """Return the run's record with these numbers in place of its own."""
    about = {"finished": now(), "evaluate_seconds": round(numbers.seconds, 3), **machine()}
    return build_record(
        "finished",
        record.spec,
        track=record.track,
        data=record.data,
        numbers=numbers,
        plugins=[*_players(record), *(plugin_entry(plugin) for plugin in resolved_track.plugins)],
        environment=environment_entry(device, record.environment.world),
        measured=record.measured.model_copy(update=about),
        seed=record.seed,
        training=Training.of_record(record),
        code=record.code.model_copy(
            update={"packages": record.code.packages | measuring_packages(resolved_track.plugins)}
        ),
        version=record.version,
    )
