"""Folders of submitted results, valid until a test spoils them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.kit.record_files import record
from vidgen_bench.leaderboard.submissions.layout import attestation_name, record_place
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


def repeated(path: Path, factor: float) -> dict[str, dict[str, float]]:
    """Return the scores of a repetition, each by a factor off."""
    means = {name: score["mean"] for name, score in json.loads(path.read_text())["scores"].items()}
    return {name: {"recorded": mean, "found": mean * factor} for name, mean in means.items()}


def attest(path: Path, how: str = "re-run", **changes: Any) -> Path:
    """Write a valid attestation of a record."""
    table: dict[str, Any] = {
        "schema": 1,
        "how": how,
        "seed": int(path.stem.removeprefix("seed-")),
        "record": hashlib.sha256(path.read_bytes()).hexdigest(),
        "date": "2025-01-31",
        "version": "0.1.0",
        "revision": "abc",
        "environment": "torch 2.6.0, cpu",
        "tolerance": 0.01,
        "scores": repeated(path, 1.0 if how == "re-run" else 1.009),
    }
    target = path.with_name(attestation_name(path.name))
    target.write_text(json.dumps(table | changes))
    return target
