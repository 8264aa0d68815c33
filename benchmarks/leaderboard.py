"""The leaderboard of 1,000 and 10,000 records: without the index in the cache folder, and with it.

Every show is the whole command in a process of its own. A table has 40 rows with 5 seeds each, so five tracks are 1,000 records.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import Call, call
from benchmarks.tables import Table
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.records.entries import Score

SEEDS, ROWS = 5, 40
TRACKS = (5, 50)
TARGETS = {1_000: 1.0, 10_000: 3.0}
"""The most seconds of a show with the index, on a processor that adds ten million integers in ``NORMAL_LOOP`` seconds."""
NORMAL_LOOP = 0.5
SHOWS = 3
"""Shows with the index; the median counts."""
EVALUATIONS, BATCHES = 100, 10

PROTOCOL = {
    "name": "c3d-tgan", "version": 1, "preprocessing": "tgan", "frames": 16, "samples": 2048, "precision": "float32",
    "options": {}, "real": {"passes": 10, "clips": None, "augment": []},
}  # fmt: skip

METRICS = {"is": ("IS", "higher", 12.0), "fid": ("FID", "lower", 26_000.0), "kid": ("KID", "lower", 30.0)}
"""Title, better direction and usual score."""

ENVIRONMENT = {"torch": "2.6.0", "threads": 2, "device": "cpu", "world": 1}


def loop_seconds() -> float:
    """Return the processor time of a fixed loop, which tells how fast this processor is now."""
    since, total = time.process_time(), 0
    for i in range(10**7):
        total += i
    return time.process_time() - since


def records(tracks: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a path and a record for each track, row and seed."""
    chance = random.Random(0)
    stamp = Stamp(protocol=PROTOCOL, instrument="c3d", sha256="ab" * 32, real="0" * 24)
    for track in range(tracks):
        shared = _shared(track, stamp, chance)
        for row in range(ROWS):
            spec, quality = f"model-{row:02}+ode{1 + row % 3}", 1.0 + 0.02 * row
            for seed in range(SEEDS):
                own = _own(spec, seed, quality * chance.gauss(1.0, 0.03), stamp.id, chance)
                yield f"track-{track:02}/{spec}/seed-{seed}/record.json", {**shared, **own}


def _shared(track: int, stamp: Stamp, chance: random.Random) -> dict[str, Any]:
    declared = {
        "data": {"name": "ucf101", "resize": [64, 85], "crop": [0, 10, 64, 64]},
        "clip": {"frames": 16, "size": 64, "classes": 101},
        "instrument": {"name": "c3d"},
        "evaluation": {"every": 1000, "samples": 2048, "select": "is", "final": {"batches": BATCHES, "samples": 2048}},
        "budget": {"iterations": 100_000 + track},
    }
    identity = {"name": f"track-{track:02}", "fingerprint": track_fingerprint(declared), "ranked": True}
    factors = {"real": 3.0, "grey": 0.1, "noise": 0.2}
    return {
        "schema": 2,
        "status": "finished",
        "version": "0.1.0",
        "track": identity | {"seeds": SEEDS, "declared": declared},
        "data": {"name": "ucf101", "fingerprint": "v1:0123456789abcdef", "train_videos": 9537, "test_videos": 3783},
        "protocols": {stamp.id: stamp.model_dump(mode="json")},
        "environment": ENVIRONMENT,
        "metrics": {
            name: {"title": title, "better": better, "protocol": stamp.id, "extra": name == "kid"}
            for name, (title, better, _) in METRICS.items()
        },
        "anchors": {
            name: {metric: _score(usual * factor, chance) for metric, (_, _, usual) in METRICS.items()}
            for name, factor in factors.items()
        },
    }  # fmt: skip


def _own(spec: str, seed: int, quality: float, watched: str, chance: random.Random) -> dict[str, Any]:
    best = EVALUATIONS // 2
    trace = [
        {
            "iteration": 1000 * (i + 1),
            "losses": {f"{part}.adversarial": chance.gauss(0.7, 0.1) for part in ("generator", "video", "image")},
            "scores": {"is": 12.0 * quality * (1.0 - 0.5**(1 + i)), "fid": 26_000.0 / quality},
        }
        for i in range(EVALUATIONS)
    ]  # fmt: skip
    backbone, _, temporal = spec.partition("+")
    plugins = {"backbone": [backbone], "temporal": [temporal], "instrument": ["c3d"], "metric": list(METRICS)}
    factors = {"is": quality, "fid": 1.0 / quality, "kid": 1.0 / quality}
    return {
        "spec": spec,
        "seed": seed,
        "plugins": [
            {"kind": kind, "name": name, "distribution": "vidgen-bench", "version": "0.1.0"}
            for kind, names in plugins.items()
            for name in names
        ],
        "options": {
            "backbone.width": {"value": 1.0, "origin": "default"},
            "temporal.order": {"value": int(temporal[-1]), "origin": "name"},
        },
        "parameters": {"temporal": 61_632, "parts": {"generator": 13_412_345, "discriminator": 11_000_000}},
        "spent": {"iterations": 100_000, "clips": 3_200_000, "flops": 1.5e18},
        "trace": trace,
        "watched": watched,
        "best": {"iteration": trace[best]["iteration"], "metric": "is", "value": trace[best]["scores"]["is"]},
        "scores": {m: _score(usual * factors[m], chance) for m, (_, _, usual) in METRICS.items()},
        "measured": {
            "started": "2024-01-01T00:00:00Z", "finished": "2024-01-02T00:00:00Z", "train_seconds": chance.uniform(8e4, 9e4),
            "evaluate_seconds": 1200.0, "device_hours": chance.uniform(22, 26), "peak_memory_bytes": 10**10,
            "hardware": "Test GPU", "python": "3.11.0", "platform": "Linux", "revision": "none", "resumed": 0,
        },
    }  # fmt: skip


def _score(mean: float, chance: random.Random) -> dict[str, Any]:
    return Score.of([chance.gauss(mean, 0.02 * mean) for _ in range(BATCHES)]).model_dump(mode="json")


def write_records(folder: Path, tracks: int) -> int:
    """Write the records as a run writes them, and return their number."""
    count = 0
    for name, record in records(tracks):
        path = folder / "runs" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(record, indent=2))
        count += 1
    return count


def _show(folder: Path) -> Call:
    """Show the leaderboard of a folder, with a cache inside it."""
    return call(["leaderboard"], folder, {"XDG_CACHE_HOME": str(folder / "cache")})


def compare(tracks: int) -> Table:
    """Return the times of a show without and with the index, and fail if they print different tables."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        count = write_records(folder, tracks)
        cold = _show(folder)
        loops, shows = [loop_seconds()], []
        for _ in range(SHOWS):
            shows.append(_show(folder))
            loops.append(loop_seconds())
        size = sum(p.stat().st_size for p in (folder / "cache").rglob("*.sqlite")) / 2**20
    if any(warm.output != cold.output for warm in shows):
        sys.exit("The index changed the output.")
    warm = sorted(shows, key=lambda s: s.processor)[SHOWS // 2]
    # other programs slow a processor down for seconds at a time: compare a show with the loops before and after it
    ratios = [2 * one.processor / (before + after) for one, before, after in zip(shows, loops, loops[1:], strict=False)]
    normal = NORMAL_LOOP * statistics.median(ratios)
    rows = [
        (name, one.seconds, one.processor, one.processor / warm.processor, one.peak)
        for name, one in (("without the index", cold), (f"with the index (median of {SHOWS})", warm))
    ]
    target = f" Target: below {TARGETS[count]} s." if count in TARGETS else ""
    note = (
        f"The index has {size:,.1f} MiB. Ten million additions took {min(loops):.2f} to {max(loops):.2f} s; where they take "
        f"{NORMAL_LOOP} s, the show with the index takes {normal:.2f} s.{target}"
    )
    title = f"Leaderboard of {count:,} records: {tracks} tables of {ROWS} rows, {SEEDS} seeds"
    return Table(title, ("", "s", "processor s", "x ours, processor time", "peak MiB"), rows, note)


def tables(quick: bool) -> Iterator[Table]:
    """Yield the comparison for 1,000 records and, unless ``quick``, for 10,000."""
    yield from map(compare, TRACKS[:1] if quick else TRACKS)
