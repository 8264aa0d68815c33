"""Finds files that were not copied or written to their end, by the sizes and marks of their container.

The frame count of a header is no such sign: an AVI counts empty chunks, an MP4 counts packets that an edit list hides.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

_HAS_INDEX = 0x10  # AVIF_HASINDEX of the header "avih"

_BOXES = b"ftyp moov mdat free skip wide styp moof mfra sidx ssix prft emsg uuid meta pdin pnot udta".split()
"""The outermost boxes of an MP4 or MOV; bytes after its end may look like others."""

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""What a WMV begins with, and the object of its header that declares the size of the file."""

_OGG_PAGE = 27 + 255 + 255 * 255
"""Bytes of the longest page of an OGV."""

_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet of an MPEG-TS, and the place of its first byte, 0x47."""


def truncation(path: Path) -> str | None:
    """Return a sentence on how a video is incomplete, or None; an MPEG or FLV declares nothing.

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
        if head[:4] == b"OggS":
            return _of_ogg(file, size)
        if head == _ASF[:12]:
            return _of_asf(file, size)
        return _of_ts(file, size)


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
        if position > size:
            break
    return _too_short(position, size)


def _of_ogg(file: IO[bytes], size: int) -> str | None:
    """Check that the last page of an OGV is whole and marked as the end of a stream."""
    tail = _at(file, max(size - _OGG_PAGE, 0), _OGG_PAGE)
    page = tail[tail.rfind(b"OggS") :]
    segments = page[27 : 27 + page[26]] if len(page) > 27 else b""
    if not segments or len(page) < 27 + page[26] + sum(segments):
        return "truncated: its last page is not whole."
    return None if page[5] & 4 else "truncated: its last page is not the end of a stream."


def _of_asf(file: IO[bytes], size: int) -> str | None:
    """Check the size that a WMV declares; one that was written as a stream declares none."""
    header = _at(file, 0, 1 << 16)
    place = header.find(_ASF_FILE)
    if place < 0 or len(header) < place + 92 or header[place + 88] & 1:
        return None
    return _too_short(int.from_bytes(header[place + 40 : place + 48], "little"), size)


def _of_ts(file: IO[bytes], size: int) -> str | None:
    """Check that the last packet of an MPEG-TS is whole."""
    for length, first in _TS_PACKETS:
        starts = {_at(file, place + first, 1) for place in (0, length, 2 * length, size - size % length)}
        if starts == {b"\x47"}:
            return "truncated: its last packet is not whole."
    return None


def _at(file: IO[bytes], position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
