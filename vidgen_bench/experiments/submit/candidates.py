"""Candidates: runs to submit, each checked against its own folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vidgen_bench.config.spec import spelt
from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.run.differences import difference
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.sample.recompose import read_run
from vidgen_bench.experiments.sample.weights import read_weights
from vidgen_bench.leaderboard.submissions.layout import given_options, record_place
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.records.record import Record
from vidgen_bench.system.regular_files import is_there
from vidgen_bench.training import checkpoint as checkpoints


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
        read_weights(manifest, "best")  # they are those of the record
    return Candidate(folder.path, record)


def _check_folder(record: Record, path: Path) -> None:
    """Refuse a record that was copied from another run folder, or whose trace was edited.

    Raises:
        RecordError: request, trace or last checkpoint of the folder contradict the record, or one of them is missing or damaged.
    """
    folder = RunFolder(path)
    found, recorded = _told(folder.request() or {}), _recorded(record)
    for key, value in recorded.items():
        if json.dumps(found[key], sort_keys=True) != json.dumps(value, sort_keys=True):  # 1 is not 1.0 here
            raise RecordError(
                f"The record of {path} is not of the run in its request.json: {difference(key, value, found[key])}. "
                "Delete the folder and run the spec again."
            )
    if tuple(folder.trace()) != record.trace:
        raise RecordError(f"The trace of {path} is not that of its record. Delete the folder and run the spec again.")
    last = path / checkpoints.LAST
    if not is_there(last):
        raise RecordError(
            f"The checkpoint {last} no longer exists, so the record cannot be compared with it. Restore it, or delete the folder and "
            "run the spec again."
        )
    progress = checkpoints.load(last, torch.device("cpu")).get("progress")
    if not isinstance(progress, dict):
        raise RecordError(
            f"The checkpoint {last} is damaged: it has no progress. Delete {path} and run the spec again."
        )
    if progress.get("iteration") != record.spent.iterations:
        raise RecordError(f"The checkpoint {last} is of another iteration than the record of {path}.")
    if progress.get("diverged") and record.status == "finished":
        raise RecordError(f"The run {path} diverged, as {last} says; its record says that it finished.")


def _recorded(record: Record) -> dict[str, object]:
    """Return what ``request.json`` must have, by the word for it."""
    options = {name: setting.value for name, setting in record.options.items()}
    given = [f"{name}={spelt(value)}" for name, value in sorted(given_options(record).items())]
    return {
        "spec": record.spec,
        "seed": record.seed,
        "track": record.track.fingerprint,
        "list of given options": " ".join(given),
        "options": options,
    }


def _told(request: dict[str, Any]) -> dict[str, object]:
    """Return the same of a ``request.json``, whose spec is followed by the given options."""
    spec, _, given = str(request.get("spec", "")).partition(" ")
    return {
        "spec": spec,
        "seed": request.get("seed"),
        "track": request.get("track"),
        "list of given options": given,
        "options": request.get("options"),
    }
