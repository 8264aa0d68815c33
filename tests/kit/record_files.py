"""Valid records made in code, and written where ``vidgen-bench leaderboard`` looks for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.spec import Spec, parse
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.errors import RequestError
from vidgen_bench.records.entries import Score
from vidgen_bench.records.record import Record, write_record

DECLARED: dict[str, Any] = {
    "data": {"name": "shapes", "resize": [64, 85], "crop": [0, 10, 64, 64]},
    "clip": {"frames": 16, "size": 64, "classes": 8},
    "instrument": {"name": "c3d-shapes"},
    "evaluation": {"every": 100, "samples": 128, "select": "fid", "final": {"batches": 4, "samples": 256}},
    "budget": {"iterations": 400},
}

SHORT = DECLARED | {"budget": {"iterations": 5}}
"""The same track with another budget."""

STAMP = Stamp(
    protocol={
        "name": "c3d-tgan", "version": 1, "preprocessing": "tgan", "frames": 16, "samples": 256, "precision": "float32",
        "options": {}, "real": {"passes": 10, "clips": None, "augment": []},
    },
    instrument="c3d-shapes",
    sha256="ab" * 32,
    real="0123456789abcdef01234567",
)  # fmt: skip

WATCHED = STAMP.model_copy(update={"protocol": {**STAMP.protocol, "samples": 128}})
"""As :data:`STAMP`, on as many samples as are drawn during training."""

METRICS: dict[str, dict[str, Any]] = {
    "is": {"title": "IS", "better": "higher", "protocol": STAMP.id},
    "fid": {"title": "FID", "better": "lower", "protocol": STAMP.id},
}

ANCHORS = {
    "real": {"is": [7.61, 7.66, 7.64, 7.65], "fid": [18.2, 18.9, 18.4, 18.6]},
    "grey": {"is": [1.0, 1.0, 1.0, 1.0], "fid": [812.4, 812.4, 812.4, 812.4]},
    "noise": {"is": [1.021, 1.022, 1.021, 1.022], "fid": [1204.1, 1204.6, 1203.9, 1204.2]},
}

PLAYERS = ("backbone", "temporal")
"""Kinds of the plugins that generate; the others measure."""

EXTERNAL: dict[str, Any] = {
    "status": "external",
    "best": None,
    "watched": None,
    "trace": [],
    "external": {"source": "clips.npy", "kind": "npy", "clips": 1100, "used": 1024, "sha256": "ef" * 32},
    "parameters": {"temporal": None, "parts": {}},
    "spent": {"iterations": 0, "clips": 0, "flops": 0},
}
"""The changes that make a record one of clips from elsewhere."""

Values = Mapping[str, Sequence[float]]


def record(
    spec: str = "tgan+ode1",
    seed: int = 0,
    *,
    scores: Values | None = None,
    track: str = "test-64",
    ranked: bool = True,
    declared: Mapping[str, Any] = DECLARED,
    options: Mapping[str, tuple[Any, str]] | None = None,
    anchors: Mapping[str, Values] = ANCHORS,
    diverged: bool = False,
    **changes: Any,
) -> Record:
    """Return a valid record; ``options`` maps names to (value, origin), ``changes`` replaces fields of the record."""
    scores = {"is": [3.1, 3.2, 3.15, 3.05], "fid": [310.0, 315.0, 312.0, 308.0]} if scores is None else scores
    if options is None:
        options = {} if "external" in changes else {"backbone.width": (1.0, "default"), "temporal.order": (1, "name")}
    select = declared["evaluation"]["select"]
    try:
        players = parse(spec)
    except RequestError:  # the name of external clips
        players = Spec("tgan", "ode1")
    table: dict[str, Any] = {
        "schema": 3,
        "status": "diverged" if diverged else "finished",
        "spec": spec,
        "seed": seed,
        "version": "0.1.0",
        "track": {
            "name": track,
            "fingerprint": track_fingerprint(dict(declared)),
            "ranked": ranked,
            "declared": dict(declared),
        },
        "data": {"name": "shapes", "fingerprint": "v1:0123456789abcdef", "train_videos": 280, "test_videos": 40},
        "protocols": stamps(STAMP, WATCHED),
        "plugins": [
            {"kind": "backbone", "name": players.backbone, "distribution": "vidgen-bench", "version": "0.1.0"},
            {
                "kind": "temporal",
                "name": players.temporal or "ode1",
                "distribution": "vidgen-bench",
                "version": "0.1.0",
            },
            *_measuring(changes.get("metrics", METRICS), changes.get("protocols", {})),
        ],
        "options": {name: {"value": value, "origin": origin} for name, (value, origin) in options.items()},
        "parameters": {"temporal": 61_632, "parts": {"generator": 13_412_345, "discriminator": 11_000_000}},
        "environment": {"torch": "2.6.0", "threads": 2, "device": "cpu", "world": 1},
        "spent": {"iterations": 400, "clips": 3200, "flops": 1.5e13},
        "trace": [{"iteration": 400, "losses": {"generator.adversarial": 0.3}, "scores": {select: 312.0}}],
        "watched": WATCHED.id,
        "best": None if diverged else {"iteration": 400, "metric": select, "value": 312.0},
        "metrics": METRICS,
        "scores": {} if diverged else {name: _score(values) for name, values in scores.items()},
        "anchors": {name: {m: _score(v) for m, v in values.items()} for name, values in anchors.items()},
        "hashes": None if diverged or "external" in changes else hashes(f"{track} {spec}", seed),
        "measured": MEASURED,
    }
    return Record.model_validate(table | changes)


def hashes(spec: str, seed: int) -> dict[str, str]:
    """Return the hashes of a record, different for every spec and seed."""
    return {k: hashlib.sha256(f"{k} {spec} {seed}".encode()).hexdigest() for k in ("samples", "checkpoint")}


def _measuring(metrics: Mapping[str, Any], protocols: Mapping[str, Any]) -> list[dict[str, str]]:
    instruments = dict.fromkeys([STAMP.instrument, *(stamp["instrument"] for stamp in protocols.values())])
    named = [*(("instrument", name) for name in instruments), *(("metric", name) for name in metrics)]
    return [{"kind": k, "name": n, "distribution": "vidgen-bench", "version": "0.1.0"} for k, n in named]


def stamps(*given: Stamp) -> dict[str, Any]:
    """Return what a record says of these protocols."""
    return {s.id: s.model_dump(mode="json") for s in given}


def under(stamp: Stamp, *metrics: str) -> dict[str, Any]:
    """Return the changes of a record whose metrics (all, unless some are named) were taken under another protocol."""
    names = metrics or tuple(METRICS)
    return {
        "protocols": stamps(STAMP, WATCHED, stamp),
        "metrics": {m: entry | ({"protocol": stamp.id} if m in names else {}) for m, entry in METRICS.items()},
    }


def plugins(kinds: Sequence[str], **changes: str) -> list[dict[str, str]]:
    """Return the plugins of a record; ``changes`` replaces fields of those of these kinds."""
    return [p.model_dump() | (changes if p.kind in kinds else {}) for p in record().plugins]


MEASURED: dict[str, Any] = {
    "started": "2024-01-01T00:00:00Z",
    "finished": "2024-01-01T00:05:00Z",
    "train_seconds": 280.0,
    "evaluate_seconds": 20.0,
    "device_hours": 0.0778,
    "peak_memory_bytes": 1_000_000_000,
    "hardware": "Test CPU",
    "python": "3.11.0",
    "platform": "Linux",
    "revision": "none",
    "resumed": 0,
}


def _score(values: Sequence[float]) -> dict[str, Any]:
    return Score.of(values).model_dump(mode="json")


def write(folder: Path, *records: Record) -> list[Path]:
    """Write each record as ``record.json`` into a run folder of its own and return the files."""
    paths = [folder / f"{i:02}-{r.spec.replace(':', '-')}-{r.seed}" / "record.json" for i, r in enumerate(records)]
    for path, r in zip(paths, records, strict=True):
        write_record(path, r)
    return paths
