"""Folders of submitted results, valid until a test spoils them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.kit.record_files import record
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.verify import read_submissions
from vidgen_bench.records.record import Record, write_record

SEEDS = range(5)


def scores(seed: int, better: float = 0.0) -> dict[str, list[float]]:
    """Return the scores of a seed, each seed with a mean of its own."""
    return {
        "is": [3.1 + 0.1 * seed + better + 0.02 * b for b in range(4)],
        "fid": [310.0 + 7.0 * seed - 20 * better + b for b in range(4)],
    }


def seeds_of(
    spec: str = "tgan+ode1", seeds: Sequence[int] = SEEDS, better: float = 0.0, **changes: Any
) -> list[Record]:
    """Return one record per seed."""
    return [record(spec, seed, scores=scores(seed, better), **changes) for seed in seeds]


def submitted(root: Path, *records: Record) -> list[Path]:
    """Write records to their places below a folder, and return the files."""
    paths = [root / record_place(r) for r in records]
    for path, r in zip(paths, records, strict=True):
        write_record(path, r)
    return paths


def spoil(path: Path, change: Callable[[Any], object]) -> None:
    """Change the table in a JSON file."""
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table, ensure_ascii=False))


def reasons(root: Path, kind: str = "fault") -> dict[str, str]:
    """Return the reason by path of every finding of a kind; several about one path are joined."""
    found: dict[str, str] = {}
    for finding in read_submissions(root).findings:
        if finding.kind == kind:
            found[finding.path] = f"{found.get(finding.path, '')} {finding.reason}".strip()
    return found
