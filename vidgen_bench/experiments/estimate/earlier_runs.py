"""The cost of a run from the records of earlier runs of the same model on the same hardware, without a probe."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from vidgen_bench.compose.resolve import Resolved
from vidgen_bench.config.track import Track
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.estimate.workload import iterations_in
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.records.entries import Setting
from vidgen_bench.records.folder_name import folder_name, is_put_aside
from vidgen_bench.records.record import RECORD_FILE, Record, read_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.provenance import hardware

_ALIKE = ("data", "clip", "instrument", "evaluation")
"""Parts of a track: if they are equal, only the budgets differ."""


@dataclass(frozen=True)
class Machine:
    """The machine that a run would use, as records name it."""

    hardware: str
    device: str
    threads: int


def machine_for(request: Request) -> Machine | None:
    """Return the machine that a run with this request would use, or None if it lacks the device."""
    try:
        device = choose_device(request.device)
    except RequestError:
        return None
    threads = request.threads or torch.get_num_threads()
    return Machine(hardware(device, threads), device.type, threads)


@dataclass(frozen=True)
class Expected:
    """The cost of one run, as earlier runs had it."""

    runs: int
    """Earlier runs behind these numbers."""
    seconds: float
    """Training and scoring; the data and the scores of the anchors are in the cache."""
    device_hours: float
    memory_bytes: int


def expected(resolved: Resolved, track: Track, runs: Path, machine: Machine) -> Expected | None:
    """Return the cost of a run from finished records below ``runs``, or None if none of them is comparable.

    A record is comparable if spec, options, clip shape, precision, instrument and protocol are the same, and hardware, device and
    threads. Its seconds per iteration and per scored clip are scaled to the budget and the evaluations of ``track``.
    """
    found = [r for r in _records(resolved, runs) if _comparable(r, resolved, track, machine)]
    return _scaled(found, track) if found else None


def _records(resolved: Resolved, runs: Path) -> list[Record]:
    """Return the valid records of a spec with the given options, on any track; a damaged one is the business of its own run."""
    found = []
    for path in sorted(runs.glob(f"*/{folder_name(str(resolved.spec), resolved.given)}/seed-*/{RECORD_FILE}")):
        if is_put_aside(path.parent.name):
            continue
        try:
            found.append(read_record(path, below=runs))
        except VidgenBenchError:
            continue
    return found


def _values(settings: Mapping[str, Setting]) -> dict[str, Any]:
    return {key: setting.model_dump(mode="json")["value"] for key, setting in settings.items()}


def _comparable(record: Record, resolved: Resolved, track: Track, machine: Machine) -> bool:
    wanted, declared = track.declared, record.track.declared
    environment = record.environment
    return (
        record.status == "finished"
        and record.spec == str(resolved.spec)
        and _values(record.options) == _values(resolved.settings)
        and all(wanted.get(part) == declared.get(part) for part in ("clip", "instrument", "training"))
        and wanted["evaluation"].get("protocol") == record.track.evaluation.get("protocol")
        and (environment.device, environment.threads, environment.world) == (machine.device, machine.threads, 1)
        and record.measured.hardware == machine.hardware
        and min(record.spent.iterations, len(record.trace), record.measured.evaluate_seconds) > 0
    )


def _scaled(records: Sequence[Record], track: Track) -> Expected:
    """Return the cost on ``track`` from comparable records."""
    each = statistics.median(r.measured.train_seconds / r.spent.iterations for r in records)
    clip = statistics.median(r.measured.evaluate_seconds / (len(r.trace) * _samples(r)) for r in records)
    first = records[0].spent
    iterations = iterations_in(
        track.budget, seconds=each, clips=first.clips / first.iterations, flops=first.flops / first.iterations
    )
    evaluations = math.ceil(iterations / track.evaluation.every)
    training = iterations * each
    return Expected(
        runs=len(records),
        seconds=training + evaluations * track.evaluation.samples * clip + _final(records, track, clip),
        device_hours=training / 3600.0,
        memory_bytes=max(r.measured.peak_memory_bytes for r in records),
    )


def _final(records: Sequence[Record], track: Track, clip: float) -> float:
    """Return the seconds of what follows training: measured if a run was on this track or on one with another budget, else by clips."""
    alike = [r for r in records if all(r.track.declared.get(p) == track.declared.get(p) for p in _ALIKE)]
    # a run that was resumed may have paused; seconds below 0 say that its clock was set
    rests = [rest for r in alike if not r.measured.resumed and (rest := _after_training(r)) >= 0]
    final = track.evaluation.final
    # the first run also scored the anchors; the fastest found them in the cache, if any did
    return min(rests) if rests else final.batches * final.samples * clip


def _samples(record: Record) -> int:
    """Return the clips per evaluation."""
    samples = record.track.evaluation.get("samples")
    return samples if isinstance(samples, int) and samples > 0 else 1


def _after_training(record: Record) -> float:
    """Return the seconds of a run that are neither training nor evaluation; below 0 if they are unknown."""
    measured = record.measured
    try:
        begun, ended = (datetime.fromisoformat(t) for t in (measured.started, measured.finished))
        return (ended - begun).total_seconds() - measured.train_seconds - measured.evaluate_seconds
    except (ValueError, TypeError):  # not times, or only one of them with a time zone
        return -1.0
