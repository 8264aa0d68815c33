"""The wire format of protocol buffers, read by field numbers: no schema, no generated code, nothing copied but what is asked for.

Only one level is read at a time, by a loop: how deep messages lie in each other is the caller's to say, so no file can make it
deeper.

Reference: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vidgen_bench.errors import RecordError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types. 3 and 4, the groups of old, are in no file that is read here."""

_LONGEST_VARINT = 10


@dataclass(frozen=True)
class Field:
    """One field of a message: its number, its wire type, and its value: an int for VARINT, else a view of the bytes.

    FIXED32 fields that follow each other under one number are one Field: an unpacked array of floats has one tag a value, and
    there may be millions.
    """

    number: int
    wire: int
    value: int | memoryview


def fields(message: memoryview, what: str) -> Iterator[Field]:
    """Yield the fields of one message; what lies inside a BYTES field is not looked at.

    Args:
        message: the bytes of the message; a view of a memory map will do.
        what: whose message it is, for errors.
    Raises:
        RecordError: cut off, a length beyond the end, a wire type that does not exist, or the field number 0.
    """
    at, end = 0, len(message)
    while at < end:
        tag, start = _varint(message, at, what)
        number, wire = tag >> 3, tag & 7
        if number == 0 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
            raise RecordError(
                f"{what}: byte {at} is no field of a protocol buffer (number {number}, wire type {wire}). "
                "It is damaged, or no such file."
            )
        if wire == VARINT:
            value, at = _varint(message, start, what)
            yield Field(number, wire, value)
            continue
        if wire == BYTES:
            length, start = _varint(message, start, what)
        else:
            length = 8 if wire == FIXED64 else 4
        if length > end - start:
            raise RecordError(
                f"{what}: field {number} at byte {at} claims {length} bytes, and {end - start} are left. It is cut off, or damaged."
            )
        if wire == FIXED32:
            values, at = _run(message, at, start)
            yield Field(number, wire, values)
        else:
            at = start + length
            yield Field(number, wire, message[start:at])


def _varint(message: memoryview, at: int, what: str) -> tuple[int, int]:
    """Return the number that begins at a byte, and where the next thing begins."""
    value = 0
    for k, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    cut = len(message) - at < _LONGEST_VARINT
    raise RecordError(f"{what}: {'cut off' if cut else 'damaged'} at byte {at}, inside a number.")


def _run(message: memoryview, at: int, start: int) -> tuple[memoryview, int]:
    """Return the values of all fields that follow each other under the tag at ``at``, and where the next field begins.

    A field is the tag and four bytes; the next begins where it ends. So it is one array of rows, and the run ends at the first row
    with another tag. The search doubles its reach, so that a lone field costs nothing.
    """
    tag, row = bytes(message[at:start]), start - at + 4
    count, reach = 1, 16
    while True:
        rows = np.frombuffer(message[at + count * row :], np.uint8)
        rows = rows[: min(reach, len(rows) // row) * row].reshape(-1, row)
        same = (rows[:, : len(tag)] == np.frombuffer(tag, np.uint8)).all(axis=1)
        first_other = int(same.argmin()) if not same.all() else len(same)
        count, reach = count + first_other, reach * 2
        if first_other < len(same) or not len(same):
            break
    table = np.frombuffer(message[at : at + count * row], np.uint8).reshape(count, row)
    return memoryview(table[:, len(tag) :].tobytes()), at + count * row
