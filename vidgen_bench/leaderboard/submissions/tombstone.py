"""Tombstones: a withdrawn record leaves a file with the reason, the date and the record's hash, but not its scores."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.leaderboard.submissions.findings import printable
from vidgen_bench.leaderboard.submissions.layout import NOTE_BYTES, RECORD, TOMBSTONE, attestation_name, tombstone_name
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson, parse
from vidgen_bench.records.entries import SHA256
from vidgen_bench.records.folder_name import folder_name
from vidgen_bench.system.files import disk_errors, write_text
from vidgen_bench.system.regular_files import read_file

LONGEST_REASON = 500
"""Characters of a reason."""


class Tombstone(Strict):
    """Why and when a record was withdrawn; who did it is not recorded."""

    schema_: Literal[1] = Field(alias="schema")
    seed: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")
    date: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    record: str = Field(pattern=SHA256, description="SHA-256 of the withdrawn file")

    def text(self) -> str:
        """Return the JSON text of the file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def parse_tombstone(content: bytes, name: str) -> Tombstone:
    """Return the tombstone in a file with this name.

    Raises:
        InvalidJson: the file is not accepted; the message is the reason, not yet safe to print.
    """
    if len(content) > NOTE_BYTES:
        raise InvalidJson(f"has {len(content):,} bytes; a tombstone has at most {NOTE_BYTES:,}")
    try:
        tombstone = Tombstone.model_validate(parse(content))
    except ValidationError as error:
        raise InvalidJson(f"is not a valid tombstone: {explain(error, Tombstone).strip()}") from None
    match = TOMBSTONE.fullmatch(name)
    if match is None or int(match[1]) != tombstone.seed:
        raise InvalidJson(f"is a tombstone of seed {tombstone.seed}, which the file name does not say")
    return tombstone


def tombstones_beside(record: Path) -> dict[int, Tombstone]:
    """Return the valid tombstones in the folder of a submitted record, by seed."""
    found = {}
    for path in sorted(record.parent.glob("seed-*.withdrawn.json")):
        try:
            tombstone = parse_tombstone(read_file(path, most=NOTE_BYTES), path.name)
        except (InvalidJson, FileNotFoundError, VidgenBenchError):
            continue
        found[tombstone.seed] = tombstone
    return found


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
    if (fault := _not_a_record(content, path, int(match[1]))) is not None:
        raise RequestError(f"{path} is not a submitted record: {fault}. Remove a file of another kind yourself.")
    tombstone = Tombstone(
        schema=1,
        seed=int(match[1]),
        reason=reason,
        date=datetime.now(UTC).date().isoformat(),
        record=hashlib.sha256(content).hexdigest(),
    )
    if (target.exists() or target.is_symlink()) and _hash_in(target) != tombstone.record:
        raise RequestError(
            f"{target} is the note of another withdrawn record of this seed, which stays. A withdrawn seed is not sent in again: "
            f"remove {path} yourself."
        )
    write_text(target, tombstone.text())  # first: after a kill in between, the same command finishes the withdrawal
    with disk_errors(path):
        path.with_name(attestation_name(path.name)).unlink(missing_ok=True)
        path.unlink()  # last: without it, the command cannot be given again
    return target


def _not_a_record(content: bytes, path: Path, seed: int) -> str | None:
    """Return why a file is not the record of this seed in this folder, or None; a record with a fault can be withdrawn, too."""
    try:
        table = json.loads(content)
        track, spec, found = table["track"]["name"], table["spec"], table["seed"]
        started = folder_name(spec, {})[:100]  # options follow it, and a long name ends in a hash
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "expected JSON with spec, seed and track"
    if found != seed:
        return "its seed is another one than in its file name"
    folder = path.resolve().parent
    if not started or folder.parent.name != track or not folder.name.startswith(started):
        return f"its track and spec belong in the folder {printable(f'{track}/{started}', 200)}"
    return None


def _hash_in(tombstone: Path) -> str | None:
    """Return the hash in a tombstone, or None if it is not valid."""
    try:
        return parse_tombstone(read_file(tombstone, most=NOTE_BYTES), tombstone.name).record
    except (InvalidJson, FileNotFoundError, VidgenBenchError):
        return None
