"""The index while one leaderboard is made: known files are looked up, new ones are added, and those that are gone are deleted."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from vidgen_bench.leaderboard.files import UNKNOWN, FoundFile
from vidgen_bench.leaderboard.index.database import FILE, Database
from vidgen_bench.leaderboard.index.packing import Row, checksum, pack, unpack
from vidgen_bench.leaderboard.index.parts import Parts
from vidgen_bench.leaderboard.kept import Kept

BATCH = 200
"""New files per transaction: interrupting a long first show loses fewer than this."""


class RecordIndex:
    """What is known of the record files below some folders."""

    def __init__(self, path: Path, roots: Iterable[str]) -> None:
        """Read the rows of the files below ``roots``, which are absolute paths, from the index file."""
        self._database = Database(path)
        self._rows, texts = self._database.read(roots)
        self._parts = Parts(texts)
        self._new: list[Row] = []
        self._texts: dict[bytes, str] = {}
        self._writable = True

    def __enter__(self) -> RecordIndex:
        """Return the index; at the end of the block, new files are written, also after Ctrl-C."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        """Write new files, and delete the rows of files that are gone or have changed, unless the search was cut short."""
        self._write([] if kind else list(self._rows))

    def get(self, file: FoundFile) -> Kept | None:
        """Return what is known of a file; None if it is new, has changed, or its row is damaged."""
        key = os.fsencode(file.target)
        row = self._rows.get(key)
        if row is None or row[1:3] != (file.size, file.mtime_ns) or row[3] != checksum(row[:3] + row[len(FILE) :]):
            return None
        try:
            kept = unpack(row[len(FILE) :], self._parts)
        except (KeyError, ValueError, struct.error):
            return None
        del self._rows[key]
        return kept

    def add(self, file: FoundFile, kept: Kept) -> None:
        """Add a file that was parsed after it was found."""
        if file.size == UNKNOWN or not self._writable:
            return
        row, texts = pack(kept)
        key = (os.fsencode(file.target), file.size, file.mtime_ns)
        self._new.append((*key, checksum((*key, *row)), *row))
        self._texts |= texts
        if len(self._new) >= BATCH:
            self._write([])

    def _write(self, stale: list[bytes]) -> None:
        if self._writable and (self._new or stale):
            self._writable = self._database.write(self._new, self._texts, stale)
        self._new, self._texts = [], {}
