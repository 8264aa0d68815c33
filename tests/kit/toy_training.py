"""A trainer of the toy game, and an observer that stops it."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.kit import toy_game
from vidgen_bench.config.budget import Budget
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.trainer import Rule, Trainer


def make(
    folder: Path,
    *,
    iterations: int = 24,
    observer: Observer | None = None,
    interrupt: Interrupt | None = None,
    **changes,
) -> Trainer:
    game = changes.pop("game", None) or toy_game.game()
    budget = changes.pop("budget", Budget(iterations=iterations))
    score = changes.pop(
        "score",
        lambda i: {"fid": abs(i - 12) + 1.0, "weight": float(game.parts["generator"].body[0].weight.detach().sum())},
    )
    return Trainer(
        game,
        toy_game.Clips(),
        Rule(budget, 6, "fid", "lower"),
        score,
        seed=3,
        folder=folder,
        device=torch.device("cpu"),
        process=changes.pop("process", Process()),
        observer=observer or Observer(),
        interrupt=interrupt or Interrupt(),
        code=changes.pop("code", None),
    )


class StopAt(Observer):
    """Requests an interruption at a look of the trainer."""

    def __init__(self, iteration: int, interrupt: Interrupt) -> None:
        self.iteration, self.interrupt = iteration, interrupt

    def trained(self, glance: Glance) -> None:
        self.interrupt.requested = glance.iteration >= self.iteration
