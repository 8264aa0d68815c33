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
from vidgen_bench.experiments.evaluate.record_files import Shelf
from vidgen_bench.experiments.evaluate.request import Asked, Evaluation
from vidgen_bench.experiments.evaluate.scores import Numbers, ids_of, measured, real_clips
from vidgen_bench.experiments.run.recording import data_entry, environment_entry, track_entry
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.resolved_protocol import Measure
from vidgen_bench.measure.resolved_track import Bench
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
    clips: Clips, bench: Bench, asked: Asked, origin: str, name: str | None, runs: Path, observer: Observer
) -> Evaluation:
    """Score clips from elsewhere, and write ``runs/TRACK/NAME/record.json``; what has been scored before is only read.

    Args:
        clips: as they fit the bench's track.
        bench: as ``asked`` for.
        origin: what the clips were called where they come from.
        name: of the row; None: after ``origin``.
    Raises:
        RequestError: too few clips for a batch, a name that is none, or one that other clips have.
    """
    shelf = Shelf(runs / bench.track.name / _row_name(name, origin))
    bench, left_over = _enough(bench, clips, asked)
    real, device = real_clips(bench, asked.videos, observer), choose_device(asked.device)
    ids = [ids_of(m, real, clips.changes) for m in bench.measures]
    with shelf.locked():
        _check_same(shelf, clips, real, bench)
        found = [shelf.holding(i) for i in ids]
        wanted = [m for m, there in zip(bench.measures, found, strict=True) if there is None]
        if not wanted and found[0] is not None:
            return Evaluation(*found[0], already=True, left_over=left_over, skipped=bench.skipped)
        started = _now()

        def batches(measure: Measure) -> int:
            return _batches(bench, measure, clips.count)

        def draw(numbers: range) -> Iterator[Tensor]:
            return clips.read(clips.order[numbers.start : numbers.stop])

        numbers = measured(bench, wanted, real, draw, batches, device, observer, clips.changes)
        used = max(batches(m) * m.protocol.samples for m in wanted)
        record = _record(
            replace(bench, measures=tuple(wanted)), real, shelf.base.name, clips, origin, used, numbers, started, device
        )
        path = shelf.free(wanted, numbers.ids)
        write_record(path, record)
    return Evaluation(path, record, already=False, left_over=left_over, skipped=bench.skipped)


def _row_name(name: str | None, origin: str) -> str:
    chosen = re.sub(r"[^a-z0-9_.-]+", "-", origin.lower()).strip("-._") if name is None else name
    if not NAME.match(chosen) or len(chosen) > _LONGEST:
        given = f"--name {chosen}" if name is not None else f"The name {chosen!r}, after {origin}"
        raise RequestError(
            f"{given}: expected up to {_LONGEST} lower-case letters, digits, '-', '_' or '.', as in --name my-diffusion."
        )
    return chosen


def _batches(bench: Bench, measure: Measure, clips: int) -> int:
    """Return how many whole batches there are, at most those that the track asks for."""
    return min(bench.batches(measure), clips // measure.protocol.samples)


def _enough(bench: Bench, clips: Clips, asked: Asked) -> tuple[Bench, int]:
    """Return the bench without other protocols that ask for more clips than there are, and how many clips are left over."""
    count, main = clips.count, bench.main.protocol
    if count < main.samples:
        possible = count >= FEWEST and not main.fixed
        instead = "" if not possible else f" --samples {count} measures batches of as many, under an id of its own."
        raise RequestError(
            f"The protocol {main.name} measures batches of {main.samples:,} clips; here are {count:,}. Sample more.{instead}"
        )
    few = {
        m.protocol.name: f"it measures batches of {m.protocol.samples:,} clips, and here are {count:,}"
        for m in bench.measures[1:]
        if count < m.protocol.samples
    }
    kept = tuple(m for m in bench.measures if m.protocol.name not in few)
    bench = replace(bench, measures=kept, skipped={**bench.skipped, **few})
    return bench, count - max(_batches(bench, m, count) * m.protocol.samples for m in kept)


def _check_same(shelf: Shelf, clips: Clips, real: RealClips, bench: Bench) -> None:
    """Refuse a name that stands for other clips, or for the same ones on other data or another track of that name."""
    for path, record in shelf.records():
        other = record.external is None or record.external.sha256 != clips.source.sha256
        if (
            other
            or record.track.fingerprint != bench.track.fingerprint
            or record.data.fingerprint != real.store.fingerprint
        ):
            what = "other clips" if other else "these clips on another track or other data"
            raise RequestError(f"{path} is of {what}. Give another --name or --runs folder, or delete {shelf.base}.")


def _record(
    bench: Bench,
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
        track=track_entry(bench.track),
        data=data_entry(bench.track, real.store),
        protocols=numbers.stamps,
        plugins=tuple(plugin_entry(f) for f in bench.plugins),
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
