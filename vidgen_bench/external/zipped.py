"""Arrays in a zip, read clip by clip as they are decompressed: .npz, and a .zip of .npy files."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.external.arrays import Block, chosen
from vidgen_bench.external.source import natural

_DAMAGES = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError)
"""What reading a damaged, encrypted or oddly compressed member raises."""


class ZippedBlock:
    """One .npy member of a zip.

    Raises:
        DataError: it is no array, holds Python objects, lies in Fortran order, or its size is not that of its shape.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        self.where = f"{path.name} ({member.filename.removesuffix('.npy')})"
        self._path, self._archive, self._member = path, archive, member
        self._stream: IO[bytes] | None = None
        self._at = 0
        try:
            with archive.open(member) as stream:
                self.shape, self._type = _header(stream)
                self._begin = stream.tell()
        except _DAMAGES as error:
            raise self._damaged(error) from None
        self.dtype = self._type.name
        self._each = self._type.itemsize * math.prod(self.shape[1:] if len(self.shape) == 5 else self.shape)
        promised = self._begin + self._type.itemsize * math.prod(self.shape)
        if promised != member.file_size:
            raise self._damaged(
                f"its shape {list(self.shape)} asks for {promised:,} bytes, it has {member.file_size:,}"
            )

    def clip(self, index: int) -> NDArray[np.generic]:
        try:
            if self._stream is None:
                self._stream, self._at = self._archive.open(self._member), 0
            place = self._begin + index * self._each
            if place != self._at:
                self._stream.seek(place)
            data = self._stream.read(self._each)
            self._at = place + len(data)
            if self._at == self._member.file_size:
                self._stream.read(1)  # the end: here the checksum is compared
                self._stream.close()
                self._stream = None
        except _DAMAGES as error:
            raise self._damaged(error) from None
        if len(data) != self._each:
            raise self._damaged("it ends before its last clip")
        return np.frombuffer(data, self._type).reshape(self.shape[1:] if len(self.shape) == 5 else self.shape)

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        update(f"{self.dtype} {self.shape}\0".encode())
        for index in range(self.shape[0] if len(self.shape) == 5 else 1):
            update(self.clip(index).tobytes())

    def _damaged(self, reason: object) -> DataError:
        return DataError(
            f"{self._path}: the member {self._member.filename} cannot be read as an array ({reason}). Write it again."
        )


def open_npz(path: Path) -> list[Block]:
    """Return the one array of an .npz file, or the one of its arrays that is named as clips are.

    Raises:
        DataError: it is no such file, or damaged.
        RequestError: several arrays, none of them named so.
    """
    archive = _opened(path)
    members = {m.filename.removesuffix(".npy"): m for m in archive.infolist() if m.filename.endswith(".npy")}
    return [ZippedBlock(path, archive, members[chosen(list(members), path)])]


def open_zip(path: Path) -> list[Block]:
    """Return the .npy members of a zip in natural order of their names; hidden files are left aside.

    Raises:
        DataError: it is no zip, or damaged.
        RequestError: it holds no .npy, or anything else.
    """
    archive = _opened(path)
    members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
    if other := next((m for m in members if not m.filename.lower().endswith(".npy")), None):
        raise RequestError(
            f"{path} holds {other.filename}; expected .npy arrays and nothing else. A zip of videos or pictures is unpacked first."
        )
    if not members:
        raise RequestError(f"{path} holds no .npy array.")
    return [ZippedBlock(path, archive, m) for m in sorted(members, key=lambda m: natural(m.filename))]


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _DAMAGES as error:
        raise DataError(f"{path}: cannot be read as a zip ({error}). Write it again.") from None


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Return shape and type of the array that a stream begins with; ValueError where it cannot be read bit by bit."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError("it holds named fields")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded")
    if fortran and len(shape) > 1:
        raise ValueError("it lies in Fortran order; save numpy.ascontiguousarray(...) of it")
    return shape, dtype
