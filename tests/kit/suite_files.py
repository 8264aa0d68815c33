"""Suite and track files, and their ablations."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vidgen_bench.config.suite import load_suite
from vidgen_bench.experiments.ablate.members import Ablation, expand
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host

ROOT = Path(__file__).resolve().parents[2]


TINY = ROOT / "tests" / "kit" / "workplace.py"


def ablation_of(text: str, host: Host, track: str | None = None, seeds=(0,), **request) -> Ablation:
    suite = load_suite(text, {"tgan", "mocogan"})
    return expand(suite, dataclasses.replace(Request(spec=""), **request), track, seeds, host)


def suite_file(folder: Path, text: str) -> str:
    (folder / "own.toml").write_text('name = "own"\n' + text)
    return str(folder / "own.toml")


def cell_text(row: str, spec: str, more: str = "") -> str:
    return f'[[cells]]\nrow = "{row}"\ncolumn = "x"\nspec = "{spec}"\n{more}\n'


def track_file(path: Path, *changes: tuple[str, str]) -> None:
    text = (ROOT / "vidgen_bench" / "config" / "tracks" / "shapes-smoke.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
