"""Rows whose runs were made by different code, although their specs, options and versions are equal."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.records.record import Record


def different_code(records: Sequence[Record]) -> dict[str, dict[str, list[int]]]:
    """Return the packages whose code differs between the runs of a row, or changed during one, with the seeds of each hash.

    Only what the records have is compared: those of earlier versions have no code.
    """
    codes = {id(record.code): record.code for record in records}
    if len(codes) == 1 and not any(
        code.accepted for code in codes.values()
    ):  # as in most rows that come from the index
        return {}
    by_hash: dict[str, dict[str, list[int]]] = {}
    for record in records:
        tables = [record.code.packages, *(change.earlier for change in record.code.accepted)]
        for name, sha256 in (item for table in tables for item in table.items()):
            seeds = by_hash.setdefault(name, {}).setdefault(sha256, [])
            if record.seed not in seeds:
                seeds.append(record.seed)
    return {name: hashes for name, hashes in sorted(by_hash.items()) if len(hashes) > 1}
