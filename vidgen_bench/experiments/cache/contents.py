"""What the cache folder holds: entries that are made, used and removed as one."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.leaderboard.collect import INDEX_FILE

LOCK = ".lock"
"""The end of the name of a lock file."""

OTHER = "other"
"""What is in the cache and is none of ours: it is never removed."""


@dataclass(frozen=True)
class CacheKind:
    """A kind of entries."""

    name: str
    needed_by: str
    """What reads it, and how it is made again."""


KINDS = {
    kind.name: kind
    for kind in (
        CacheKind("videos", "data sets that draw or fetch their videos; drawn or fetched again when a run needs them"),
        CacheKind("decoded", "training and scoring; decoded again from the videos, which must still be there"),
        CacheKind("reference", "scoring; computed again from the decoded videos, or copied from the package"),
        CacheKind("anchors", "the rows for real clips, grey and noise; scored again, or copied from the package"),
        CacheKind("index", "a quick leaderboard; read again from the records"),
        CacheKind(
            "unfinished", "nothing but a command that continues it: it was stopped or killed while it wrote this"
        ),
        CacheKind(OTHER, "unknown: vidgen-bench did not write it, and never removes it"),
    )
}
"""The kinds by name, in the order in which they are made of each other."""

_FOLDERS = {"stores": "decoded", "reference": "reference", "anchors": "anchors", "data-sets": "videos"}
"""The folders of entries, and their kinds; the other entries lie in the cache folder itself."""

_BUILT_IN = re.compile(r"shapes-\d+")
_PART = re.compile(r"\.(?P<of>.+)\.[^.]+\.part")
_COMPANIONS = (".verified", ".sha256", ".faults.json")
"""The ends of the names of files that describe an entry and go with it."""


@dataclass(frozen=True)
class CacheEntry:
    """Files that are made, used and removed as one."""

    kind: str
    name: str
    """The path below the cache folder."""
    paths: tuple[Path, ...]
    """Its files and folders, those that vouch for the others first."""
    lock: Path | None
    """The file whose lock a process holds while it makes the entry; None if there is no such file for it."""
    files: int
    bytes: int
    used: float | None
    """When a file of it was last read or written, as the file system tells; None if it does not."""


def cache_entries(cache: Path) -> list[CacheEntry]:
    """Return the entries of a cache folder; of a missing one, none. Links are not followed, and are of the kind ``other``.

    Args:
        cache: the cache folder.
    """
    found = [*_in(cache, None)]
    for folder, kind in _FOLDERS.items():
        if _is_folder(cache / folder):
            found += _in(cache / folder, kind)
    order = list(KINDS)
    return sorted(found, key=lambda entry: (order.index(entry.kind), entry.name))


def _in(folder: Path, kind: str | None) -> Iterator[CacheEntry]:
    """Yield the entries directly in a folder: of one kind, or for None those of the cache folder itself."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    left = [name for name in names if not name.endswith(LOCK)]
    if kind is None:
        left = [name for name in left if name not in _FOLDERS or not _is_folder(folder / name)]
    companions = {name: _owner(name, left) for name in left}
    for name in left:
        if companions[name] is None:
            its = [folder / other for other, owner in companions.items() if owner == name]
            found = _kind_of(folder / name, kind)
            above = folder.name if kind else ""
            yield _entry(
                found, f"{above}/{name}" if above else name, [*its, folder / name], _lock_of(folder, name, found)
            )


def _owner(name: str, names: list[str]) -> str | None:
    """Return the entry in the same folder that a file describes; None if it is an entry itself."""
    if name.startswith(INDEX_FILE) and name != INDEX_FILE and INDEX_FILE in names:
        return INDEX_FILE  # the journals of SQLite
    for end in _COMPANIONS:
        if name.endswith(end) and (owner := name.removesuffix(end)) in names:
            return owner
    return None


def _kind_of(path: Path, kind: str | None) -> str:
    name = path.name
    if path.is_symlink() or not (_is_folder(path) or path.is_file()):
        return OTHER
    if _PART.fullmatch(name) or (kind == "decoded" and name.endswith((".partial", *_COMPANIONS))):
        return "unfinished"
    if kind is not None:
        return "unfinished" if name.startswith(".") or name.endswith(_COMPANIONS) else kind
    if _BUILT_IN.fullmatch(name) and _is_folder(path):
        return "videos"
    return "index" if name == INDEX_FILE else OTHER


def _lock_of(folder: Path, name: str, kind: str) -> Path | None:
    """Return the lock file of an entry; that of an unfinished one belongs to what it would become."""
    if kind in (OTHER, "index"):
        return None
    part = _PART.fullmatch(name)
    base = part["of"] if part else name.removesuffix(".partial")
    for end in _COMPANIONS:
        base = base.removesuffix(end)
    return folder / f"{base}{LOCK}"


def _entry(kind: str, name: str, paths: list[Path], lock: Path | None) -> CacheEntry:
    count, total, used = 0, 0, None
    for file in (inner for path in paths for inner in _files(path)):
        with suppress(OSError):
            found = os.lstat(file)
            count, total = count + 1, total + (found.st_size if stat.S_ISREG(found.st_mode) else 0)
            last = max(found.st_atime, found.st_mtime)
            used = last if used is None else max(used, last)
    return CacheEntry(kind, name, tuple(paths), lock, count, total, used)


def _files(path: Path) -> Iterator[str]:
    """Yield the files of an entry without lock files, or a link itself."""
    if not _is_folder(path):
        yield str(path)
        return
    for inside, _, names in os.walk(path, followlinks=False):
        yield from (os.path.join(inside, name) for name in names if not name.endswith(LOCK))


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
