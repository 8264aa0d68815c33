"""docs/systems.md is right: every shipped system has its section, every count is recomputed, every command composes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import torch

from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.resolve import parse_given
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count

HOST = Host.of_environment()
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "systems.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| ([\d,–]+) \| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
RUNS = [line for line in PAGE.splitlines() if line.startswith("vidgen-bench run ")]


def number(text: str) -> int:
    return 0 if text == "–" else int(text.replace(",", ""))


def test_every_shipped_system_has_its_place() -> None:
    headings = re.findall(r"^### (\S+)$", PAGE, re.MULTILINE)
    ours = [f for f in HOST.plugins if f.origin.distribution == "vidgen-bench"]
    assert set(headings) == {f.name for f in ours if f.kind == "backbone"}
    assert all(f"`{f.name}`" in PAGE for f in ours if f.kind == "temporal")
    assert len(ROWS) > 30
    assert {spec.split("+")[0] for spec, *_ in ROWS} == set(headings)


@pytest.mark.parametrize(("spec", "temporal", "generator", "discriminators"), ROWS, ids=[row[0] for row in ROWS])
def test_the_counts_of_the_page(spec: str, temporal: str, generator: str, discriminators: str) -> None:
    track = load_track("ucf101-192-paper" if spec.startswith("tganv2") else "ucf101-64-paper")
    composition = compose(spec, track, {}, HOST)
    with torch.device("meta"):
        game, alone = composition.build(0), composition.build_temporal(0)
    others = sum(count(part) for name, part in game.parts.items() if name != "generator")
    assert (count(alone) if alone is not None else 0) == number(temporal)
    assert count(game.parts["generator"]) == number(generator)
    assert others == number(discriminators)


@pytest.mark.parametrize("line", RUNS)
def test_its_commands_fit_together(line: str) -> None:
    words = shlex.split(line)
    track = words[words.index("--track") + 1] if "--track" in words else "shapes-smoke"
    given = parse_given([words[i + 1] for i, word in enumerate(words) if word == "--set"])
    assert compose(words[2], load_track(track), given, HOST)


def test_there_is_a_command_for_every_backbone() -> None:
    assert {line.split()[2].split("+")[0] for line in RUNS} == set(re.findall(r"^### (\S+)$", PAGE, re.MULTILINE))
