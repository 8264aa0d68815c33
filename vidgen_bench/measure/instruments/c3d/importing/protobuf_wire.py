"""Reads the wire format of protocol buffers by field number, without a schema, generated code or unnecessary copies.

Each call reads one level of a message in a loop. The caller decides how deep to go, so a file cannot cause deep recursion.

Reference: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vidgen_bench.errors import RecordError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types. The deprecated groups, 3 and 4, do not occur in the files read here."""

_LONGEST_VARINT = 10


@dataclass(frozen=True)
class Field:
    """One field of a message. The value is an int for VARINT and a view of the bytes otherwise.

    Consecutive FIXED32 fields with the same number are one Field: an unpacked array of floats has one tag per value, and may have
    millions of values.
    """

    number: int
    wire: int
    value: int | memoryview


def fields(message: memoryview, what: str) -> Iterator[Field]:
    """Yield the fields of one message, without reading inside BYTES fields.

    Args:
        message: the bytes of the message, such as a view of a memory map.
        what: the description of the message in errors.
    Raises:
        RecordError: the message is cut off, a length exceeds it, or it has an unknown wire type or the field number 0.
    """
    at, end = 0, len(message)
    while at < end:
        tag, start = _varint(message, at, what)
        number, wire = tag >> 3, tag & 7
        if number == 0 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
            raise RecordError(
                f"{what}: byte {at} does not start a field of a protocol buffer (number {number}, wire type {wire}). "
                "The file is damaged, or has another format."
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
                f"{what}: field {number} at byte {at} claims {length} bytes, but {end - start} are left. The file is cut off or damaged."
            )
        if wire == FIXED32:
            values, at = _run(message, at, start)
            yield Field(number, wire, values)
        else:
            at = start + length
            yield Field(number, wire, message[start:at])


def _varint(message: memoryview, at: int, what: str) -> tuple[int, int]:
    """Return the number that begins at a byte, and the position after it."""
    value = 0
    for k, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    cut = len(message) - at < _LONGEST_VARINT
    raise RecordError(f"{what}: {'cut off' if cut else 'damaged'} at byte {at}, inside a number.")


def _run(message: memoryview, at: int, start: int) -> tuple[memoryview, int]:
    """Return the values of all consecutive fields with the tag at ``at``, and the position after them.

    Each field is its tag and four bytes, so consecutive fields form an array of rows, and the run ends at the first row with
    another tag. The search range doubles at each step, so a single field is cheap.
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
