"""The wire format: every wire type is read, and broken messages are refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tests.kit import caffe_files as wire
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.protobuf_wire import BYTES, FIXED32, FIXED64, VARINT, fields


def read(message: bytes) -> list[tuple[int, int, int | bytes]]:
    return [
        (f.number, f.wire, f.value if isinstance(f.value, int) else bytes(f.value))
        for f in fields(memoryview(message), "x.bin")
    ]


def test_every_wire_type_is_read() -> None:
    fixed64 = wire.varint(3 * 8 + 1) + struct.pack("<d", 2.5)
    message = (
        wire.number(1, 300) + wire.text(2, b"ab\0") + fixed64 + wire.unpacked(4, [1.5]) + wire.number(536870911, 0)
    )
    assert read(message) == [
        (1, VARINT, 300),
        (2, BYTES, b"ab\0"),
        (3, FIXED64, struct.pack("<d", 2.5)),
        (4, FIXED32, struct.pack("<f", 1.5)),
        (536870911, VARINT, 0),
    ]
    assert read(b"") == []
    assert read(wire.number(1, 2**64 - 1)) == [(1, VARINT, 2**64 - 1)]  # protobuf's encoding of a negative int32


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 18, 100, 1000])
@pytest.mark.parametrize("field", [6, 100])  # tags of one byte, and of two
def test_values_under_one_tag_are_one_run(count: int, field: int) -> None:
    values = np.arange(count, dtype="<f4")
    after = wire.number(field, 7) + wire.unpacked(field + 1, [3.0])
    found = read(wire.text(1, b"odd") + wire.unpacked(field, values.tolist()) + after)
    assert found[1:] == [
        (field, FIXED32, values.tobytes()),
        (field, VARINT, 7),
        (field + 1, FIXED32, struct.pack("<f", 3.0)),
    ]


def test_a_value_that_looks_like_a_tag_is_a_value() -> None:
    tag = wire.varint(6 * 8 + 5)
    raw = tag + tag * 4 + tag + b"\0\0\0\0" + wire.number(1, 1)
    assert read(raw) == [(6, FIXED32, tag * 4 + b"\0\0\0\0"), (1, VARINT, 1)]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (wire.text(2, b"abcdef")[:-1], "field 2 at byte 0 claims 6 bytes, but 5 are left"),
        (wire.number(1, 1) + wire.varint(18) + wire.varint(2**62), "claims 4611686018427387904 bytes, but 0 are left"),
        (wire.unpacked(6, [1.0, 2.0])[:-2], "claims 4 bytes, but 2 are left"),
        (wire.varint(9) + b"1234", "claims 8 bytes"),
        (b"\x08", "cut off at byte 1"),
        (b"\x08\xff\xff", "cut off at byte 1"),
        (b"\x08" + b"\xff" * 12, "damaged at byte 1, inside a number"),
        (b"\x00\x01", "number 0"),
        (wire.varint(8 + 3), "wire type 3"),
        (wire.varint(8 + 4), "wire type 4"),
        (wire.varint(8 + 6) + b"\0", "wire type 6"),
        (b"not a protocol buffer", "x.bin: byte 0"),
    ],
)
def test_broken_messages_are_refused(message: bytes, error: str) -> None:
    with pytest.raises(RecordError, match=error):
        read(message)


def test_every_way_to_cut_a_message_is_refused_or_ends_between_fields() -> None:
    parts = [wire.number(1, 300), wire.text(2, b"abc"), wire.unpacked(6, [1.0, 2.0, 3.0]), wire.text(7, b"z" * 200)]
    whole = b"".join(parts)
    ends = {0, 3, 8, 13, 18, 23, len(whole)}
    assert len(parts[0] + parts[1]) == 8
    for cut in range(len(whole) + 1):
        if cut in ends:
            read(whole[:cut])
        else:
            with pytest.raises(RecordError):
                read(whole[:cut])


def test_nested_messages_are_not_read() -> None:
    deep = b""
    for _ in range(2000):
        deep = wire.text(1, deep)
    assert [f[0] for f in read(deep)] == [1]
