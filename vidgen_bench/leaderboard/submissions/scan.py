"""Finds the files of a folder of submitted results without following links, and reads those with an expected name and size."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.leaderboard.submissions import layout
from vidgen_bench.leaderboard.submissions.findings import Finding, fault
from vidgen_bench.leaderboard.submissions.published_check import fault_of_published
from vidgen_bench.leaderboard.submissions.text_content import content_hash, normalised
from vidgen_bench.system.regular_files import read_file

_LIMITS = (
    (layout.RECORD, layout.RECORD_BYTES),
    (layout.TOMBSTONE, layout.NOTE_BYTES),
    (layout.ATTESTATION, layout.NOTE_BYTES),
    (re.compile(re.escape(layout.PREVIEW)), layout.PREVIEW_BYTES),
)
_MAINTAINED = ((layout.README,), (layout.ERRATA,))
"""The files at the top that maintainers write; they are not read here."""

_NAME = "is not named as a track or spec is; expected lower-case letters, digits and + . , = _ ~ -, as in ucf101-64-paper/tgan+ode1"

_JPEG = b"\xff\xd8\xff"
"""The first bytes of a JPEG; pictures are not decoded."""


@dataclass(frozen=True)
class Scan:
    """The files of a folder, and what is wrong with the others."""

    files: dict[str, bytes]
    """Content by path below the folder: records, tombstones and attestations."""
    hashes: dict[str, str]
    """SHA-256 by path of these files and of pictures; empty for a file that is refused and not read."""
    faults: tuple[Finding, ...]
    maintained: dict[str, str]
    """SHA-256 by path of the files that maintainers write: published results and known errors, but not the generated page."""


def scan(root: Path) -> Scan:
    """Return the files below a folder of submitted results."""
    files: dict[str, bytes] = {}
    hashes: dict[str, str] = {}
    faults: list[Finding] = []
    pictures: list[PurePosixPath] = []
    maintained = _hash_if_regular(root, layout.ERRATA)
    for path, entry in _below(root, PurePosixPath()):
        reason, content = _refusal(path, entry), b""
        try:
            content = read_file(Path(entry.path), most=layout.RECORD_BYTES) if reason is None else b""
        except FileNotFoundError as error:
            reason = f"cannot be read: {error.strerror}"
        except VidgenBenchError as error:
            reason = f"cannot be read: {error}"
        if path.parts[0] == layout.PUBLISHED:
            if reason := reason or fault_of_published(path, content):
                faults.append(fault(path, reason))
            maintained |= _hash_if_regular(root, str(path))
            continue
        if reason is None and path.name == layout.PREVIEW and not content.startswith(_JPEG):
            reason = "is not a JPEG picture"
        if path.name != layout.PREVIEW:
            content = normalised(content)
        hashes[str(path)] = "" if reason else hashlib.sha256(content).hexdigest()
        if reason is not None:
            faults.append(fault(path, reason))
        elif path.name != layout.PREVIEW:
            files[str(path)] = content
        else:
            pictures.append(path)
    # a record without a place is a fault of its own, so any record or tombstone will do
    beside = {str(PurePosixPath(f).parent) for f in files if not layout.ATTESTATION.fullmatch(PurePosixPath(f).name)}
    faults += [fault(p, "is a picture without a record; remove it") for p in pictures if str(p.parent) not in beside]
    return Scan(files, hashes, tuple(faults), maintained)


def _hash_if_regular(root: Path, name: str) -> dict[str, str]:
    """Return the SHA-256 of a file by its name, or an empty one if it cannot be read; nothing if there is no regular file."""
    path = root / name
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        return {name: content_hash(read_file(path))}
    except (FileNotFoundError, VidgenBenchError):
        return {name: ""}


def _below(folder: Path, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, os.DirEntry[str]]]:
    """Yield what is to be read or refused, in the order of names; links are not followed, and refused folders not searched."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda e: e.name)
    for entry in entries:
        path = at / entry.name
        if entry.is_dir(follow_symlinks=False) and _refused_folder(path) is None:
            yield from _below(Path(entry.path), path)
        elif path.parts not in _MAINTAINED or not _is_regular(entry):
            yield path, entry


def _is_regular(entry: os.DirEntry[str]) -> bool:
    return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)


def _refused_folder(path: PurePosixPath) -> str | None:
    """Return why a folder is not accepted, or None."""
    track, *inner = path.parts
    if track == layout.PUBLISHED and len(inner) <= 1:
        return None if all(map(layout.TRACK_NAME.fullmatch, inner)) else _NAME
    if len(path.parts) > 2:
        return "is not expected here: a result is TRACK/SPEC/seed-N.json, without further folders"
    if track.lower() in layout.RESERVED:
        return (
            f"is a folder with a reserved name; expected the file {layout.README} or {layout.ERRATA}, or another name"
        )
    expected = layout.SPEC_FOLDER if inner else layout.TRACK_NAME
    return None if expected.fullmatch(path.name) else _NAME


def _refusal(path: PurePosixPath, entry: os.DirEntry[str]) -> str | None:
    """Return why a file is not accepted, or None."""
    if not all(layout.checks_out(part) for part in path.parts):
        return "has a name that Windows cannot check out, such as nul, con or one that ends in a dot"
    if entry.is_symlink():
        return "is a symbolic link; copy the file instead"
    if entry.is_dir(follow_symlinks=False):
        return _refused_folder(path)
    if not _is_regular(entry):
        return "is not a regular file"
    limit = next((size for name, size in _LIMITS if name.fullmatch(path.name)), None)
    if path.parts[0] == layout.PUBLISHED and len(path.parts) > 1:
        limit = layout.PUBLISHED_BYTES
        if path.suffix not in (".toml", ".json"):
            return "is not expected here: published results are .toml and .json files"
    elif limit is None or len(path.parts) != 3:
        return f"is not expected here: a result is TRACK/SPEC/seed-N.json, and its picture TRACK/SPEC/{layout.PREVIEW}"
    if (size := entry.stat(follow_symlinks=False).st_size) > limit:
        return f"has {size:,} bytes; at most {limit:,} are allowed"
    return None
