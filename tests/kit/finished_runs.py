"""Run folders of finished runs, made without training: a record, its checkpoint, its trace and its picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.kit.submitted_results import seeds_of
from vidgen_bench.config.spec import spelt
from vidgen_bench.experiments.run.hashes import checkpoint_hash
from vidgen_bench.leaderboard.submissions.layout import given_options, record_place
from vidgen_bench.records.record import Record, write_record
from vidgen_bench.training import checkpoint


def parts_of(record: Record) -> dict[str, dict[str, torch.Tensor]]:
    """Return weights that only this spec and seed have."""
    return {"generator": {"w": torch.arange(12.0) + record.seed, "name": torch.tensor(list(record.spec.encode()))}}


def finished(runs: Path, record: Record) -> Path:
    """Write the run folder of a record, whose hash of the checkpoint is set, and return it."""
    parts = parts_of(record)
    if record.hashes is not None:
        record = record.model_copy(
            update={"hashes": record.hashes.model_copy(update={"checkpoint": checkpoint_hash(parts)})}
        )
    folder = runs / record_place(record).with_suffix("")
    folder.mkdir(parents=True)
    write_record(folder / "record.json", record)
    typed = [f"{name}={spelt(value)}" for name, value in sorted(given_options(record).items())]
    given = {
        "spec": " ".join([record.spec, *typed]),
        "seed": record.seed,
        "options": {name: setting.value for name, setting in record.options.items()},
        "track": record.track.fingerprint,
    }
    (folder / "request.json").write_text(json.dumps(given | {"environment": {"threads": 1}}))
    lines = [json.dumps(point.model_dump(mode="json")) + "\n" for point in record.trace]
    (folder / "trace.jsonl").write_text("".join(lines))
    progress = {"iteration": record.spent.iterations, "diverged": record.status == "diverged"}
    checkpoint.save(folder / checkpoint.LAST, {"parts": parts, "progress": progress})
    if record.best is not None:
        checkpoint.save(folder / checkpoint.best_file(record.best.iteration), {"parts": parts})
        noise = np.random.default_rng(record.seed).integers(0, 256, (60, 110, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "samples.png")
    return folder


def finished_spec(runs: Path, spec: str = "tgan+ode1", count: int = 5, **changes: object) -> list[Path]:
    """Write the run folders of seeds 0 .. count - 1 of a spec, and return them."""
    return [finished(runs, r) for r in seeds_of(spec, range(count), **changes)]  # type: ignore[arg-type]
