"""A workplace for real commands on tiny real videos: a data set, a track of seconds, and a way to call the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit.data_files import write_tree
from tests.kit.forked import run_command

TRACK = """
name = "tiny"
summary = "A few iterations on a few videos."
ranked = false

[data]
name = "video-folder"
resize = [64, 64]
crop = [0, 0, 64, 64]

[clip]
frames = 16
size = 64
classes = 2

[instrument]
name = "c3d-shapes-64"

[evaluation]
protocol = "c3d-native"
every = 2
samples = 4
select = "fid"
also = []
extra = []

[evaluation.final]
batches = 2
samples = 4

[evaluation.reference]
passes = 2

[budget]
iterations = 5

[defaults.tgan]
width = 0.0625
batch = 2
"""

RESIZED = TRACK.replace("c3d-shapes-64", "c3d-shapes").replace('protocol = "c3d-native"\n', "")
"""The same track with the instrument of the paper's tracks, which resizes clips and takes several times as long."""


@dataclass(frozen=True)
class Workplace:
    """A folder with videos, splits, a track, and caches of its own."""

    root: Path

    @property
    def data_arguments(self) -> list[str]:
        return ["--track", "tiny.toml", "--data", "data/videos", "--splits", "data/splits", "--device", "cpu"]

    def environment(self, **more: str) -> dict[str, str]:
        own = {
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_DATA_HOME": str(self.root / "share"),
            "OMP_NUM_THREADS": "1",
        }
        return {**os.environ, **own, "COLUMNS": "200", **more}

    def call(
        self,
        *arguments: str,
        entry: str = "vidgen_bench.cli.main:main",
        script: str | None = None,
        before: Sequence[str] = (),
        **more: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line here.

        Args:
            arguments: those of the command.
            entry: the module and the function that start it.
            script: Python code that starts it instead, in a new interpreter.
            before: goes in front, and makes it a new interpreter too.
            more: environment variables.
        """
        environment = self.environment(**more)
        if script is None and not before:
            return run_command(arguments, self.root, environment, entry=entry)
        start = ["-m", "vidgen_bench"] if script is None else ["-c", script]
        return subprocess.run(
            [*before, sys.executable, *start, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
        )

    def run(self, spec: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``vidgen-bench run SPEC`` on the tiny track."""
        return self.call("run", spec, *self.data_arguments, *arguments, **more)

    def records(self, runs: str = "runs") -> dict[str, dict[str, Any]]:
        """Return every record below a runs folder, by its folder's path relative to it."""
        base = self.root / runs
        return {str(p.parent.relative_to(base)): json.loads(p.read_text()) for p in sorted(base.rglob("record.json"))}


def make_workplace(root: Path) -> Workplace:
    """Write the data and the track."""
    write_tree(root / "data", frames=20)
    (root / "tiny.toml").write_text(TRACK)
    return Workplace(root)
