"""Removes entries of the cache: none that a process holds the lock of or has open, and nothing that a link leads to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vidgen_bench.errors import BusyError, RequestError, VidgenBenchError, did_you_mean
from vidgen_bench.experiments.cache.contents import KINDS, LOCK, OTHER, CacheEntry
from vidgen_bench.leaderboard.index.database import Database
from vidgen_bench.system.lock_file import acquire
from vidgen_bench.system.open_files import process_with_open_file
from vidgen_bench.system.regular_files import require_folders

ALL = "all"
"""The word for every kind that can be removed."""

REMOVABLE = tuple(name for name in KINDS if name != OTHER)
"""The kinds that can be removed."""


def chosen_entries(
    entries: Sequence[CacheEntry], kinds: Sequence[str], older_than: float | None, now: float
) -> list[CacheEntry]:
    """Return the entries to remove.

    Args:
        entries: the entries of the cache.
        kinds: names of kinds, or ``all``; none stand for all if an age is given.
        older_than: days for which nothing read or wrote an entry; None for any age. One whose age is not known stays.
        now: the time, in seconds since 1970.
    Raises:
        RequestError: no such kind, or neither kind nor age.
    """
    for name in kinds:
        if name not in (*REMOVABLE, ALL):
            raise RequestError(f"There is nothing called {name!r} to remove.{did_you_mean(name, (*REMOVABLE, ALL))}")
    if not kinds and older_than is None:
        raise RequestError(
            f"Name what to remove: {', '.join(REMOVABLE)} or {ALL}; or pass --older-than DAYS. `vidgen-bench cache` shows what is there."
        )
    wanted = REMOVABLE if not kinds or ALL in kinds else kinds
    return [
        entry
        for entry in entries
        if entry.kind in wanted
        and (older_than is None or (entry.used is not None and now - entry.used >= older_than * 86400))
    ]


def remove_entry(entry: CacheEntry, cache: Path) -> None:
    """Remove an entry; its lock file, which is empty, stays for processes that wait for it.

    Args:
        entry: the entry.
        cache: the cache folder.
    Raises:
        BusyError: a process makes or reads it.
        RecordError: a folder above it is a link now.
        VidgenBenchError: it cannot be removed.
    """
    for path in entry.paths:
        require_folders(path.parent, cache)
    with ExitStack() as stack:
        for lock in _locks(entry):
            stack.enter_context(_held(lock, entry))
        if entry.kind == "index":
            if not stack.enter_context(Database(entry.paths[-1]).held()):
                raise BusyError(f"{entry.name} is being written by another process, so it stays.")
        if pid := process_with_open_file(entry.paths):
            raise BusyError(f"{entry.name} is being read by process {pid}, so it stays.")
        for path in (*entry.paths, *(entry.paths[-1].with_name(name) for name in _journals(entry))):
            _remove(path)


def _journals(entry: CacheEntry) -> list[str]:
    """Return the names of the journals that SQLite keeps beside the index; looking whether it is idle may make one."""
    name = entry.paths[-1].name
    return [f"{name}{end}" for end in ("-wal", "-shm", "-journal")] if entry.kind == "index" else []


def _locks(entry: CacheEntry) -> Iterator[Path]:
    """Yield the lock files of an entry: its own, and those inside, which a data set's own code may use."""
    if entry.lock is not None:
        yield entry.lock
    for path in entry.paths:
        for inside, _, names in os.walk(path, followlinks=False):
            yield from (Path(inside, name) for name in sorted(names) if name.endswith(LOCK))


@contextmanager
def _held(path: Path, entry: CacheEntry) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Raises:
        BusyError: another process holds it.
    """
    lock = acquire(path)
    if lock is None:
        raise BusyError(f"{entry.name} is being made by another process, which holds {path}, so it stays.")
    try:
        yield
    finally:
        lock.release()


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise VidgenBenchError(
            f"{path} could not be removed: {error.filename}: {error.strerror or error}. Make it writable, then clean the cache again."
        ) from error
