"""Finds files that were not copied or written to their end, by the sizes that their container declares.

The frame count of a header is no such sign: an AVI counts empty chunks, an MP4 counts packets that an edit list hides.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

_HAS_INDEX = 0x10  # AVIF_HASINDEX of the header "avih"

_BOXES = b"ftyp moov mdat free skip wide styp moof mfra sidx ssix prft emsg uuid meta pdin pnot udta".split()
"""The outermost boxes of an MP4 or MOV; bytes after its end may look like others."""


def truncation(path: Path) -> str | None:
    """Return a sentence on how an AVI, MP4, MOV, MKV or WebM is incomplete, or None.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if not head:
            return "the file is empty (0 bytes); expected a video."
        if head[:4] == b"RIFF":
            return _of_riff(file, size)
        if head[4:8] in _BOXES:
            return _of_boxes(file, size)
        if head[:4] == b"\x1a\x45\xdf\xa3":
            return _of_ebml(file, size)
    return None


def _too_short(declared: int, size: int) -> str | None:
    if declared <= size:
        return None
    return f"truncated: its header declares {declared:,} bytes, the file has {size:,}."


def _of_riff(file: IO[bytes], size: int) -> str | None:
    """Check the sizes of every RIFF list of an AVI; long files have several."""
    position = 0
    while (head := _at(file, position, 12))[:4] == b"RIFF" and len(head) == 12:
        length = int.from_bytes(head[4:8], "little")
        if length < 4:
            return "unfinished: the program that wrote it stopped before it entered the size."
        if short := _too_short(position + 8 + length - length % 2, size):  # some writers count a padding byte
            return short
        if position == 0 and not _indexed(file, 8 + length):
            return "truncated: its header declares an index, and the file has none."
        position += 8 + length + length % 2
    return None


def _indexed(file: IO[bytes], end: int) -> bool:
    """Return whether an AVI has the index that its header declares."""
    position, declared = 12, False
    while position + 8 <= end and len(head := _at(file, position, 12)) == 12:
        tag, length = head[:4], int.from_bytes(head[4:8], "little")
        if tag == b"idx1":
            return True
        if tag == b"LIST" and head[8:12] == b"hdrl":
            lists = _at(file, position + 12, min(length, 1 << 20))
            if b"indx" in lists:
                return True
            flags = lists.find(b"avih") + 20
            declared = flags >= 20 and bool(int.from_bytes(lists[flags : flags + 4], "little") & _HAS_INDEX)
        position += 8 + length + length % 2
    return not declared


def _of_boxes(file: IO[bytes], size: int) -> str | None:
    """Check the size of every outermost box of an MP4 or MOV."""
    position = 0
    while len(head := _at(file, position, 16)) >= 8:
        length = int.from_bytes(head[:4], "big")
        if length == 1 and len(head) == 16:  # the size follows in 64 bits
            length = int.from_bytes(head[8:], "big")
        if length < 8 or head[4:8] not in _BOXES:  # 0: the box extends to the end of the file
            return None
        if short := _too_short(position + length, size):
            return short
        position += length
    return None


def _of_ebml(file: IO[bytes], size: int) -> str | None:
    """Check the size of the segment of an MKV or WebM."""
    position = 0
    for _ in range(2):  # the header, then the segment
        head = _at(file, position, 12)
        if len(head) < 5 or not head[4]:
            return None
        width = 9 - head[4].bit_length()
        length = int.from_bytes(head[4 : 4 + width], "big") & ((1 << 7 * width) - 1)
        if length == (1 << 7 * width) - 1:  # written as a stream: unknown
            return None
        position += 4 + width + length
    return _too_short(position, size)


def _at(file: IO[bytes], position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
