"""The JSON at the start of a safetensors file, and the description that vidgen-bench keeps in it; importing this needs no torch."""

from __future__ import annotations

from typing import Any

from vidgen_bench.system.parsing import parse_json_text

KEY = "vidgen_bench_instrument"
"""The key of the description, itself a JSON text, in the file's metadata."""


def header(content: bytes) -> dict[str, Any]:
    """Return the JSON at the start of a safetensors file (8 bytes of length, then the text), or {} if there is none."""
    length = int.from_bytes(content[:8], "little")
    try:
        found = parse_json_text(content[8 : 8 + length]) if 0 < length <= len(content) - 8 else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def description(parsed: dict[str, Any]) -> str | None:
    """Return the text of the description in a header, or None if it has none."""
    metadata = parsed.get("__metadata__")
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    return text if isinstance(text, str) else None
