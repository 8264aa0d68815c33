"""Run folders made in a moment: a run of any spec as it lies there before it is finished, its weights drawn at random."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vidgen_bench.api import Clip, Game
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.plan import Plan, Request, make_plan
from vidgen_bench.host.host import Host
from vidgen_bench.noise import sampling_noise
from vidgen_bench.training import checkpoint
from vidgen_bench.training.progress import Progress

SMALL = {"tgan": {"width": 1 / 32}, "mocogan": {"width": 1 / 32}, "tganv2": {"width": 1 / 64}}


def plan_of(spec: str, **given: Any) -> Plan:
    """Return the plan of a spec at small size on shapes-smoke."""
    name = spec.split("+")[0]
    small = {f"backbone.{key}": value for key, value in SMALL.get(name, {}).items()}
    return make_plan(Request(spec, given={**small, **given}), Host.of_environment())


def enlivened(game: Game, clip: Clip) -> Game:
    """Return the game in eval mode with batch-norm statistics of its own clips, as training makes them.

    With those that a layer is born with, every clip of an untrained game is the same grey to eight digits, and
    comparisons of pixels compare nothing.
    """
    layers = [
        m for part in game.parts.values() for m in part.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
    ]
    before = [layer.momentum for layer in layers]
    for part in game.parts.values():
        part.train()
    for layer in layers:
        layer.momentum = 1.0
    with torch.no_grad():
        game.draw(sampling_noise(0, "enliven", torch.arange(16)), clip.grid)
    for layer, momentum in zip(layers, before, strict=True):
        layer.momentum = momentum
    for part in game.parts.values():
        part.eval()
    return game


def begun(folder: Path, spec: str, *, best: int | None = 4, last: int | None = 6, **given: Any) -> Path:
    """Write the run folder of a spec that was stopped at iteration ``last``, and evaluated at iteration ``best``."""
    plan = plan_of(spec, **given)
    RunFolder(folder).path.mkdir(parents=True)
    RunFolder(folder).claim({**plan.identity(0, "none"), "environment": plan.environment("cpu", 1, 1)})
    if last is None:
        return folder
    game = enlivened(plan.composition.build(0), plan.composition.clip)
    parts = {"parts": checkpoint.part_states(game.parts)}
    progress = Progress(iteration=last)
    if best is not None:
        progress.best = {"iteration": best, "metric": "fid", "value": 1.0, "file": checkpoint.best_file(best)}
        checkpoint.save(folder / checkpoint.best_file(best), parts)
    checkpoint.save(folder / checkpoint.LAST, {**parts, "progress": asdict(progress)})
    return folder
