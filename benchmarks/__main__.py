"""``python -m benchmarks [PART ...] [--quick] [--out FOLDER]``: measure, print Markdown tables, and write them with a JSON file."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.tables import Table
from vidgen_bench.system.provenance import hardware
from vidgen_bench.version import __version__

PARTS = (
    "iterations", "clipping", "integration", "solvers", "images", "preparation",
    "instrument", "evaluation", "frechet", "leaderboard", "startup",
)  # fmt: skip
"""Each is a module of this package with a function ``tables(quick)``."""


def main(arguments: Sequence[str]) -> None:
    """Run the named parts, or all."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure how fast each part is.")
    parser.add_argument("part", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller cases")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="also write benchmarks.json and benchmarks.md here")
    parser.add_argument("--threads", type=int, metavar="N", help="number of CPU threads")
    given = parser.parse_args(arguments)
    if unknown := [part for part in given.part if part not in PARTS]:
        parser.error(f"There is no benchmark named {unknown[0]!r}. Valid: {', '.join(PARTS)}.")
    if given.threads is not None:
        if given.threads < 1:
            parser.error(f"--threads {given.threads}: expected at least 1.")
        torch.set_num_threads(given.threads)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    made: dict[str, list[Table]] = {}
    for part in given.part or PARTS:
        made[part] = []
        for table in importlib.import_module(f"benchmarks.{part}").tables(given.quick):
            print(table.markdown(), flush=True)
            made[part].append(table)
        if given.out is not None:  # after every part, so that a later failure loses nothing
            _write(given.out, made, given.quick)


def _write(folder: Path, made: dict[str, list[Table]], quick: bool) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    machine = {
        "hardware": hardware(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "vidgen-bench": __version__,
        "date": datetime.now(UTC).date().isoformat(),
        "quick": quick,
    }
    parts = {part: [table.values() for table in tables] for part, tables in made.items()}
    text = json.dumps({"machine": machine, "parts": parts}, indent=1, ensure_ascii=False)
    (folder / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    head = ", ".join(f"{key} {value}" for key, value in machine.items() if key != "quick")
    head += ", quick" if quick else ""
    sections = [f"## {part}\n\n" + "\n".join(table.markdown() for table in tables) for part, tables in made.items()]
    (folder / "benchmarks.md").write_text("\n".join([head, "", *sections]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
