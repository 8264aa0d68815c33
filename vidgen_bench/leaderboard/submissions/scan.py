"""Finds the files of a folder of submitted results without following links, and reads those with an expected name and size."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.findings import Finding, fault

_LIMITS = (
    (layout.RECORD, layout.RECORD_BYTES),
    (layout.TOMBSTONE, layout.NOTE_BYTES),
    (layout.ATTESTATION, layout.NOTE_BYTES),
)
_JPEG = b"\xff\xd8\xff"
"""The first bytes of a JPEG; pictures are not decoded."""


@dataclass(frozen=True)
class Scan:
    """The files of a folder, and what is wrong with the others."""

    files: dict[str, bytes]
    """Content by path below the folder: records, tombstones and attestations."""
    faults: tuple[Finding, ...]


def scan(root: Path) -> Scan:
    """Return the files below a folder of submitted results."""
    files: dict[str, bytes] = {}
    faults: list[Finding] = []
    pictures: list[PurePosixPath] = []
    for path, entry in _below(root, PurePosixPath()):
        if (reason := _refusal(path, entry)) is not None:
            faults.append(fault(path, reason))
        elif path.suffix == ".json":
            try:
                files[str(path)] = Path(entry.path).read_bytes()
            except OSError as error:
                faults.append(fault(path, f"cannot be read: {error.strerror or error}"))
        elif path.name == layout.PREVIEW:
            pictures.append(path)
    # a record without a place is a fault of its own, so any record or tombstone will do
    beside = {str(PurePosixPath(f).parent) for f in files if not layout.ATTESTATION.fullmatch(PurePosixPath(f).name)}
    faults += [fault(p, "is a picture without a record; remove it") for p in pictures if str(p.parent) not in beside]
    return Scan(files, tuple(faults))


def _below(folder: Path, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, os.DirEntry[str]]]:
    """Yield everything that is not a folder, in the order of names; links are not followed."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda e: e.name)
    for entry in entries:
        path = at / entry.name
        if len(path.parts) == 1 and entry.name in (layout.README, layout.ERRATA, layout.PUBLISHED):
            if entry.is_symlink():
                yield path, entry
        elif entry.is_dir(follow_symlinks=False) and len(path.parts) <= 3:
            yield from _below(Path(entry.path), path)
        else:
            yield path, entry


def _refusal(path: PurePosixPath, entry: os.DirEntry[str]) -> str | None:
    """Return why a file is not accepted, or None."""
    if not all(layout.checks_out(part) for part in path.parts):
        return "has a name that Windows cannot check out, such as nul, con or one that ends in a dot"
    if entry.is_symlink():
        return "is a symbolic link; copy the file instead"
    if entry.is_dir(follow_symlinks=False):
        return "is not expected here: a result is TRACK/SPEC/seed-N.json, without further folders"
    about = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(about.st_mode):
        return "is not a regular file"
    limit = next((size for name, size in _LIMITS if name.fullmatch(path.name)), None)
    if path.name == layout.PREVIEW:
        limit = layout.PREVIEW_BYTES
    if limit is None or len(path.parts) != 3:
        return f"is not expected here: a result is TRACK/SPEC/seed-N.json, and its picture TRACK/SPEC/{layout.PREVIEW}"
    if about.st_size > limit:
        return f"has {about.st_size:,} bytes; at most {limit:,} are allowed"
    if path.name == layout.PREVIEW:
        try:
            with Path(entry.path).open("rb") as stream:
                return None if stream.read(len(_JPEG)) == _JPEG else "is not a JPEG picture"
        except OSError as error:
            return f"cannot be read: {error.strerror or error}"
    return None
