"""Migration: records of earlier schemas become records of the current one.

| schema | change |
|--:|---|
| 3 | ``hashes``: SHA-256 of the first final batch and of the best checkpoint; earlier records have none |
"""

from __future__ import annotations

from typing import Any, Final

from vidgen_bench.errors import RecordError
from vidgen_bench.version import __version__

SCHEMA: Final = 3
"""The schema that this version writes."""

OLDEST: Final = 2
"""The oldest schema that this version reads."""


def migrated(table: Any, name: str) -> Any:
    """Return a record's table in the current schema; anything that is not a table of an earlier schema is returned unchanged.

    Args:
        table: the JSON value.
        name: the file in messages.
    Raises:
        RecordError: another schema; the text names the version that wrote the record.
    """
    if not isinstance(table, dict) or "schema" not in table:
        return table
    schema = table["schema"]
    if type(schema) is not int or not OLDEST <= schema <= SCHEMA:
        raise RecordError(_refusal(schema, table.get("version"), name))
    return _from_2(table) if schema == OLDEST else table


def _from_2(table: dict[str, Any]) -> dict[str, Any]:
    """Return a record of schema 2 in schema 3: it has no hashes, and ``track.seeds`` is at its default."""
    return {**table, "schema": SCHEMA}


def _refusal(schema: object, version: object, name: str) -> str:
    shown = repr(schema) if len(repr(schema)) <= 20 else repr(schema)[:20] + "..."
    known = isinstance(version, str) and version.isprintable() and 0 < len(version) <= 40
    wrote = f"vidgen-bench {version}" if known else "the version that wrote it"
    newer = type(schema) is int and schema > SCHEMA
    fix = f"Install {wrote} or newer." if newer else f"Use {wrote}."
    by = f" and was written by {wrote}" if known else ""
    return f"The record {name} has schema {shown}{by}; vidgen-bench {__version__} reads schemas {OLDEST} to {SCHEMA}. {fix}"
