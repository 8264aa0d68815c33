"""The clip size of a C3D that reads clips without a resize, from the start of its weights file; importing this needs no torch."""

from __future__ import annotations

from pathlib import Path

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.measure.instruments.safetensors_header import description, header
from vidgen_bench.system.parsing import parse_json_text
from vidgen_bench.system.regular_files import reading

_MOST = 2**20
"""Bytes read at the start of a file; the header of a C3D has about 3,000."""


def native_size(path: Path) -> int | None:
    """Return the rows and columns that a file's description declares.

    None if the network resizes its clips, or if the file is not valid: reading it whole reports why.
    """
    try:
        with reading(path, follow=True) as stream:
            text = description(header(stream.read(_MOST)))
        card = parse_json_text(text) if text is not None else None
    except (OSError, ValueError, VidgenBenchError):
        return None
    size = card.get("size") if isinstance(card, dict) else None
    return size if type(size) is int else None
