"""Tombstones: a withdrawn record leaves a file with the reason, the date and the record's hash, but not its scores."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, ValidationError

from vidgen_bench.errors import RecordError, RequestError, VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.submissions.layout import NOTE_BYTES, RECORD, TOMBSTONE, attestation_name, tombstone_name
from vidgen_bench.leaderboard.submissions.note import Note, parse_note
from vidgen_bench.leaderboard.submissions.row_identity import row_hash
from vidgen_bench.leaderboard.submissions.text_content import content_hash
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson, parse
from vidgen_bench.records.entries import SHA256
from vidgen_bench.records.folder_name import name_begins
from vidgen_bench.records.migration import migrated
from vidgen_bench.records.record import Record
from vidgen_bench.system.files import disk_errors, write_text
from vidgen_bench.system.regular_files import read_file

LONGEST_REASON = 500
"""Characters of a reason."""


class Tombstone(Note):
    """Why and when a record was withdrawn; who did it is not recorded."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")
    row: str | None = Field(default=None, pattern=SHA256, description="of the record; earlier versions wrote none")


def parse_tombstone(content: bytes, name: str) -> Tombstone:
    """Return the tombstone in a file with this name.

    Raises:
        InvalidJson: the file is not accepted; the message is the reason, not yet safe to print.
    """
    return parse_note(content, name, Tombstone, TOMBSTONE)


def read_tombstone(path: Path) -> Tombstone | None:
    """Return the tombstone in a file, or None if it is not valid; ``verify`` reports why."""
    try:
        return parse_tombstone(read_file(path, most=NOTE_BYTES), path.name)
    except (InvalidJson, FileNotFoundError, VidgenBenchError):
        return None


def withdraw(path: Path, reason: str) -> Path:
    """Replace a submitted record by its tombstone and return the tombstone's path.

    Raises:
        RequestError: the file is not a submitted record, another record of the seed was withdrawn, or the reason is empty, too long
            or has control characters.
    """
    match = RECORD.fullmatch(path.name)
    if match is None:
        raise RequestError(f"{path} is not a submitted record: expected leaderboards/TRACK/SPEC/seed-N.json.")
    target = path.with_name(tombstone_name(path.name))
    if path.is_symlink() or not path.is_file():
        done = f" It was withdrawn: see {target}." if target.exists() else ""
        raise RequestError(f"{path} does not exist or is not a regular file.{done}")
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise RequestError(f"--reason: expected a sentence on one line, of at most {LONGEST_REASON} characters.")
    content = read_file(path)
    if (fault := not_a_record(content, path, int(match[1]))) is not None:
        raise RequestError(
            f"{path} is not a submitted record: {fault}. Nothing of it can be withdrawn: remove or replace the file yourself; "
            "`vidgen-bench verify --base` shows that to a person and accepts it."
        )
    tombstone = Tombstone(
        schema=1,
        seed=int(match[1]),
        reason=reason,
        date=datetime.now(UTC).date().isoformat(),
        record=content_hash(content),
        row=_row(content),
    )
    before = read_tombstone(target)
    if (target.exists() or target.is_symlink()) and (before is None or before.record != tombstone.record):
        raise RequestError(
            f"{target} is the note of another withdrawn record of this seed, which stays. A withdrawn seed is not sent in again: "
            f"remove {path} yourself."
        )
    write_text(target, tombstone.text())  # first: after a kill in between, the same command finishes the withdrawal
    with disk_errors(path):
        path.with_name(attestation_name(path.name)).unlink(missing_ok=True)
        path.unlink()  # last: without it, the command cannot be given again
    return target


def not_a_record(content: bytes, path: Path, seed: int) -> str | None:
    """Return why a file is not the record of this seed in this folder, or None; a record with a fault can be withdrawn, too."""
    try:
        table = json.loads(content)
        track, spec, found = table["track"]["name"], table["spec"], table["seed"]
        started = name_begins(spec)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "expected JSON with spec, seed and track"
    if found != seed:
        return "its seed is another one than in its file name"
    folder = path.resolve().parent
    if not started or folder.parent.name != track or not folder.name.startswith(started):
        return f"its track and spec belong in the folder {printable(f'{track}/{started}', 200)}"
    return None


def _row(content: bytes) -> str | None:
    """Return the hash of a record's row, or None for a record with a fault, which was never a row."""
    try:
        return row_hash(Record.model_validate(migrated(parse(content), "the withdrawn record")))
    except (InvalidJson, RecordError, ValidationError):
        return None
