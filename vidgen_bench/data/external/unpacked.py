"""A temporary file for the content of an archive, whose members can only be decompressed from the start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.places import cache_folder


class Unpacked:
    """One unnamed file in the cache folder for all members of an archive; it disappears when the process ends or is killed."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._file: IO[bytes] | None = None

    def add(self, parts: Iterable[bytes]) -> int:
        """Append the bytes of one member; return the offset of the first.

        Raises:
            VidgenBenchError: the disk is full.
        """
        if self._file is None:
            folder = cache_folder()
            with disk_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                # unbuffered: parts are large, and a buffer would retain bytes that a full disk has rejected
                self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        begin = self._file.seek(0, 2)
        for part in parts:
            with disk_errors(cache_folder() / f"a temporary copy of {self._archive.name}"):
                rest = memoryview(part)
                while rest:
                    rest = rest[self._file.write(rest) :]
        return begin

    def read(self, begin: int, size: int) -> bytes:
        """Return ``size`` bytes from the offset ``begin``."""
        assert self._file is not None, "nothing was added"
        self._file.seek(begin)
        parts = []
        while size and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
