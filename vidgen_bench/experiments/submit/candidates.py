"""Candidates: runs to submit, each checked against its own folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.hashes import checkpoint_hash
from vidgen_bench.experiments.sample.recompose import read_run
from vidgen_bench.experiments.sample.weights import read_weights
from vidgen_bench.leaderboard.submissions.findings import printable
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.records.record import Record
from vidgen_bench.training import checkpoint as checkpoints

_RECORDED = ("spec", "seed", "track")
"""Keys of ``request.json`` that must be those of the record."""


@dataclass(frozen=True)
class Candidate:
    """A finished run, and the record to submit."""

    folder: Path
    record: Record

    @property
    def content(self) -> bytes:
        """The bytes of the submitted file."""
        return self.record.text().encode()


def candidate(run: Path) -> Candidate:
    """Return the finished run in a folder, checked as a submitted record is, and against its checkpoint and its trace.

    Raises:
        RequestError: the run is not finished, or its record is not accepted; the message has the fix.
        RecordError: the record does not belong to the checkpoint or trace of its folder.
    """
    manifest = read_run(run)
    folder = manifest.folder
    record = folder.record()
    if record is None:
        raise RequestError(
            f"The run {folder.path} is not finished. The `vidgen-bench run` command that started it continues it."
        )
    place = str(record_place(record))
    try:
        check_record(record.text().encode(), place)
    except Refused as error:
        raise RequestError(f"The record of {folder.path} is not accepted: {printable(str(error), 2_000)}.") from None
    _check_folder(record, folder.path)
    if record.hashes is not None:
        path, _, parts = read_weights(manifest, "best")
        if checkpoint_hash(parts) != record.hashes.checkpoint:
            raise RecordError(
                f"The checkpoint {path} is not the one that the record of {folder.path} was scored on. "
                "Restore it, or delete the folder and run the spec again."
            )
    return Candidate(folder.path, record)


def _check_folder(record: Record, path: Path) -> None:
    """Refuse a record that was copied from another run folder, or whose trace was edited.

    Raises:
        RecordError: request, trace or last checkpoint of the folder contradict the record.
    """
    folder = RunFolder(path)
    request = folder.request() or {}
    spec = str(request.get("spec", "")).split(" ")[0]
    told = {"spec": spec, "seed": request.get("seed"), "track": request.get("track")}
    recorded = {"spec": record.spec, "seed": record.seed, "track": record.track.fingerprint}
    for key in _RECORDED:
        if told[key] != recorded[key]:
            raise RecordError(f"The record of {path} has the {key} {recorded[key]}; its request.json has {told[key]}.")
    if tuple(folder.trace()) != record.trace:
        raise RecordError(f"The trace of {path} is not that of its record. Delete the folder and run the spec again.")
    if (last := path / checkpoints.LAST).exists():
        progress = checkpoints.load(last, torch.device("cpu")).get("progress", {})
        if progress.get("iteration") != record.spent.iterations:
            raise RecordError(f"The checkpoint {last} is of another iteration than the record of {path}.")
        if progress.get("diverged") and record.status == "finished":
            raise RecordError(f"The run {path} diverged, as {last} says; its record says that it finished.")
