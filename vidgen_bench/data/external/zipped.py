"""Arrays in a zip: .npz, and a .zip of .npy files.

Clips read in order are decompressed one by one. For any other order the whole array is decompressed once to a temporary file, because
a compressed stream cannot be read backwards.
"""

from __future__ import annotations

import math
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.arrays import Block, chosen
from vidgen_bench.data.external.source import natural
from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.system.files import disk_errors
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES, Header, read_header
from vidgen_bench.system.places import cache_folder

_RATIOS = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}
"""The most bytes that one byte of the archive can hold; other methods have no limit worth checking."""


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


class ZippedBlock(Block):
    """One .npy member of a zip.

    Raises:
        DataError: the member is not an array, contains Python objects, is in Fortran order, or its size does not match its shape.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, unpacked: Unpacked) -> None:
        self.where = f"{path.name} ({member.filename.removesuffix('.npy')})"
        self._path, self._archive, self._member = path, archive, member
        self._unpacked = unpacked
        self._begin: int | None = None  # offset in the unpacked file
        self._stream: IO[bytes] | None = None
        self._next = 0
        try:
            with archive.open(member) as stream:
                header = _header(stream, member.file_size)
        except DAMAGES as error:
            raise self._damaged(error) from None
        self.shape, self._type, self._head = header.shape, header.dtype, header.length
        self.dtype = self._type.name
        self._each = self._type.itemsize * math.prod(self.shape[1:] if len(self.shape) == 5 else self.shape)
        if header.file_size != member.file_size:
            raise self._damaged(header.wrong_size(member.file_size))
        ratio = _RATIOS.get(member.compress_type)
        if ratio is not None and member.file_size > ratio * max(path.stat().st_size, 1):
            raise self._damaged(f"it claims {member.file_size:,} bytes, which cannot come from a file of this size")

    def clip(self, index: int) -> NDArray[np.generic]:
        if self._begin is None and index == 0:
            self._close()  # from the start again
        if self._begin is None and index != self._next:
            self._begin = self._unpack()
        if self._begin is not None:
            data = self._unpacked.read(self._begin + index * self._each, self._each)
        else:
            data = self._following()
        return np.frombuffer(data, self._type).reshape(self.shape[1:] if len(self.shape) == 5 else self.shape)

    def _unpack(self) -> int:
        """Decompress every clip; return the offset of the first in the unpacked file."""
        self._close()
        return self._unpacked.add(self._following() for _ in range(self.count))

    def _following(self) -> bytes:
        """Return the bytes of the next clip of the stream; the first clip follows the last."""
        try:
            if self._stream is None:
                self._stream = self._archive.open(self._member)
                self._stream.read(self._head)
            data = self._stream.read(self._each)
            self._next += 1
            if self._next == self.count:
                self._stream.read(1)  # reading the end makes zipfile verify the checksum
                self._close()
        except DAMAGES as error:
            raise self._damaged(error) from None
        if len(data) != self._each:
            raise self._damaged("it ends before its last clip")
        return data

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._next = None, 0

    def _damaged(self, error: object) -> DataError:
        return DataError(
            f"{self._path}: the member {self._member.filename} cannot be read as an array ({reason(error)}). Write it again."
        )


def open_npz(path: Path) -> list[Block]:
    """Return the only array of an .npz file, or the one with a name in ``NAMES``.

    Raises:
        DataError: the file is not an .npz file, or is damaged.
        RequestError: the file has several arrays, and none or several have a name in ``NAMES``.
    """
    archive = _opened(path)
    members = {m.filename.removesuffix(".npy"): m for m in archive.infolist() if m.filename.endswith(".npy")}
    return [ZippedBlock(path, archive, members[chosen(list(members), path)], Unpacked(path))]


def open_zip(path: Path) -> list[Block]:
    """Return the .npy members of a zip in natural order of their names; hidden files are skipped.

    Raises:
        DataError: the file is not a zip, or is damaged.
        RequestError: the zip contains no .npy file, or also other files.
    """
    archive = _opened(path)
    members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
    if other := next((m for m in members if not m.filename.lower().endswith(".npy")), None):
        raise RequestError(
            f"{path} contains {other.filename}; expected .npy arrays and nothing else. Unpack a zip of videos or pictures first."
        )
    if not members:
        raise RequestError(f"{path} contains no .npy array.")
    unpacked = Unpacked(path)  # shared: one file per member may exceed the limit on open files
    return [ZippedBlock(path, archive, m, unpacked) for m in sorted(members, key=lambda m: natural(m.filename))]


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGES as error:
        raise DataError(f"{path}: cannot be read as a zip ({reason(error)}). Write it again.") from None


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _header(stream: IO[bytes], size: int) -> Header:
    """Return the array header at the start of a stream; raise ValueError if its clips cannot be read one by one."""
    header = read_header(stream, size)
    if header.dtype.hasobject:
        raise ValueError("it contains Python objects, which are never loaded")
    if header.fortran and len(header.shape) > 1:
        raise ValueError("it is in Fortran order; save numpy.ascontiguousarray(...) of it")
    return header
