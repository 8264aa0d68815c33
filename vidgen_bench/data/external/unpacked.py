"""A temporary file for what an archive holds, which can only be decompressed from its beginning."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.places import cache_folder


class Unpacked:
    """One nameless file in the cache folder for all members of an archive; it is gone when the process ends, however it ends."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._file: IO[bytes] | None = None

    def add(self, parts: Iterable[bytes]) -> int:
        """Append the bytes of one member, and return where they begin.

        Raises:
            VidgenBenchError: the disk is full.
        """
        if self._file is None:
            folder = cache_folder()
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                # buffered by the parts themselves; a second buffer would keep what a full disk refused
                self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        begin = self._file.seek(0, 2)
        for part in parts:
            with disk_errors(cache_folder() / f"a temporary copy of what {self._archive.name} holds"):
                rest = memoryview(part)
                while rest:
                    rest = rest[self._file.write(rest) :]
        return begin

    def read(self, begin: int, size: int) -> bytes:
        """Return ``size`` bytes from ``begin`` on."""
        assert self._file is not None, "nothing was added"
        self._file.seek(begin)
        parts = []
        while size and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
