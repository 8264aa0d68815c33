"""The header of a safetensors file that anyone may have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.safetensors_file import card_of
from vidgen_bench.measure.instruments.safetensors_header import KEY


class Card(Strict):
    """A description with nothing in it."""


def file_with(header: str) -> bytes:
    return len(header).to_bytes(8, "little") + header.encode()


@pytest.mark.parametrize(
    "header",
    [
        '{"__metadata__": 3}',
        '{"__metadata__": [1]}',
        f'{{"__metadata__": {{"{KEY}": 3}}}}',
        f'{{"__metadata__": {{"{KEY}": null}}}}',
        f'{{"__metadata__": {{"{KEY}": "[[["}}}}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        "[]",
        "",
    ],
    ids=lambda header: header[:40],
)
def test_a_hostile_header_is_a_record_error(header: str) -> None:
    with pytest.raises(RecordError, match=r"x\.safetensors"):
        card_of(Path("x.safetensors"), file_with(header), Card, "an instrument", "Import it again.")
