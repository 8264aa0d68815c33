"""The commands that write: how to run each in a workplace, and what it leaves behind that must always be the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.kit.caffe_files import write_caffe_files
from tests.kit.data_files import moving_frames
from tests.kit.record_text import without_measured
from tests.kit.workplace import Workplace

LONG = os.environ.get("VIDGEN_BENCH_FAULTS") == "all"
"""``VIDGEN_BENCH_FAULTS=all pytest -m slow tests/faults`` tries 10,000 inputs and 100 kills, which takes an hour; CI tries some of them."""


@dataclass(frozen=True)
class Writing:
    """A command that writes files."""

    name: str
    arguments: tuple[str, ...]
    left: Callable[[Path], dict[str, str]]
    """Returns what the command leaves in a workplace, by path: digests, records without ``measured``."""


def _digest(path: Path) -> str:
    if path.name == "record.json":
        return without_measured(path.read_text())
    if path.suffix == ".json":
        table = json.loads(path.read_text())
        return json.dumps({k: v for k, v in table.items() if k not in ("created", "written", "boot")}, sort_keys=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _below(*patterns: str) -> Callable[[Path], dict[str, str]]:
    def left(root: Path) -> dict[str, str]:
        return {str(p.relative_to(root)): _digest(p) for pattern in patterns for p in sorted(root.glob(pattern))}

    return left


SUITE = """
name = "two"
title = "Two rows"
track = "shapes-64"
metric = "fid"
rows = ["iid", "constant"]
columns = ["TGAN"]

[[cells]]
row = "iid"
column = "TGAN"
spec = "tgan+iid"

[[cells]]
row = "constant"
column = "TGAN"
spec = "tgan+constant"
"""


def writing_commands(place: Workplace) -> list[Writing]:
    """Return the commands, and write the files that they read."""
    data = tuple(place.data_arguments)
    np.save(place.root / "clips.npy", np.stack([moving_frames(16, seed, 64, 64) for seed in range(4)]))
    (place.root / "two.toml").write_text(SUITE)
    weights, mean = (str(p.relative_to(place.root)) for p in write_caffe_files(place.root))
    results = "runs/**/record.json"
    return [
        Writing(
            "run",
            ("run", "tgan+conv1d", *data, "--budget", "iterations=3"),
            _below(results, "runs/**/trace.jsonl", "runs/**/samples.png"),
        ),
        Writing("evaluate", ("evaluate", "clips.npy", *data, "--name", "clips", "--samples", "4"), _below(results)),
        Writing("ablate", ("ablate", "two.toml", *data, "--budget", "iterations=2"), _below(results)),
        Writing("prepare", ("data", "prepare", *data[:-2]), _below("cache/**/frames.u8", "cache/**/index.json")),
        Writing(
            "import",
            ("instrument", "import", weights, "--mean", mean, "--force"),
            _below("share/**/*.safetensors", "share/**/*.npz"),
        ),
    ]


def fresh(place: Workplace, command: Writing, folder: Path) -> Path:
    """Return a copy of a workplace without the results of the command."""
    shutil.rmtree(folder, ignore_errors=True)
    without = ("runs", "whole cache", *(("cache",) if command.name == "prepare" else ()))
    shutil.copytree(place.root, folder, ignore=lambda at, names: without if at == str(place.root) else ())
    return folder
