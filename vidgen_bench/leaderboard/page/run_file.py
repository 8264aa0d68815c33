"""What the page reads again from a record's file: its trace, which the index leaves out, and how far it was checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from vidgen_bench.errors import RecordError, UnreadableError
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.attestation import Attestation, contradiction, parse_attestation
from vidgen_bench.leaderboard.submissions.board import badge
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.record import parse_record
from vidgen_bench.system.regular_files import read_file

Copies = Mapping[str, tuple[Path, ...]]
"""The files with copies of a record, by its digest."""

_POINTS = TypeAdapter(tuple[TracePoint, ...])


def trace_of(entry: Entry) -> Sequence[TracePoint]:
    """Return the evaluations during training of a record; none if its file has changed into something else."""
    if entry.record.trace:
        return entry.record.trace
    try:
        table = json.loads(read_file(entry.path))
        points = _POINTS.validate_python(table.get("trace", ()) if isinstance(table, dict) else ())
    except (OSError, ValueError, RecursionError, RecordError, UnreadableError):
        return ()
    chosen = entry.record.best
    return points if chosen is None or any(p.iteration == chosen.iteration for p in points) else ()


def badge_of(entries: Sequence[Entry], copies: Copies) -> str:
    """Return how far the records of a row were checked; ``local`` if one of them was not sent in."""
    paths = [_submitted(copies.get(entry.digest, (entry.path,))) for entry in entries]
    if None in paths:
        return "local"
    attested: dict[str, Attestation] = {}
    sent = [path for path in paths if path is not None]
    for path in sent:
        if (found := _attestation(path)) is None:
            break  # the weakest counts
        attested[layout.attestation_name(str(path))] = found
    return badge([str(path) for path in sent], attested)


def _submitted(paths: Sequence[Path]) -> Path | None:
    return next((path for path in paths if layout.RECORD.fullmatch(path.name)), None)


def _attestation(path: Path) -> Attestation | None:
    """Return the attestation beside a record; None if there is none, or if it does not fit the record."""
    name = layout.attestation_name(path.name)
    try:
        note = parse_attestation(read_file(path.with_name(name), most=layout.NOTE_BYTES), name)
        content = read_file(path, most=layout.RECORD_BYTES)
        wrong = contradiction(note, parse_record(content, str(path)), hashlib.sha256(content).hexdigest())
    except (OSError, InvalidJson, RecordError, UnreadableError):
        return None
    return None if wrong else note


def copies_of(entries: Sequence[Entry]) -> Copies:
    """Return the files of all copies of each record: the run of a submitted record may be at hand too."""
    found: dict[str, tuple[Path, ...]] = {}
    for entry in entries:
        found[entry.digest] = (*found.get(entry.digest, ()), entry.path)
    return found
