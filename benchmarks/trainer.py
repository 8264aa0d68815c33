"""Our training, through the public trainer, with a call every few iterations: there another program takes its turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import torch

from vidgen_bench.api import Game
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import TrainingPrecision
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.training import trainer
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.progress import Progress
from vidgen_bench.training.step import Clips

Look = Callable[[Mapping[str, float], int], None]
"""Called with the mean losses since the start and the number of iterations so far."""


class _Looking(Observer):
    def __init__(self, look: Look) -> None:
        self._look = look

    def trained(self, glance: Glance) -> None:
        if glance.losses:  # a report without them only shows that training goes on
            self._look(glance.losses, glance.iteration)


def trained(
    game: Game,
    clips: Clips,
    folder: Path,
    device: torch.device,
    iterations: int,
    every: int,
    look: Look,
    precision: TrainingPrecision = "fp32",
) -> Progress:
    """Train a game for some iterations without scoring, and return the trainer's progress.

    Args:
        game: on the device; it is changed.
        clips: the real clips.
        folder: an empty folder, for the checkpoint at the end.
        iterations: a multiple of ``every``.
        every: iterations between two calls of ``look``.
        precision: of the turns.
    """
    rule = trainer.Rule(Budget(iterations=iterations), every=iterations, select="none", better="lower")
    with mock.patch.object(trainer, "READ_EVERY", every):
        return trainer.Trainer(
            game,
            clips,
            rule,
            lambda iteration: {"none": 0.0},
            seed=0,
            folder=folder,
            device=device,
            process=Process(),
            observer=_Looking(look),
            interrupt=Interrupt(),
            precision=precision,
        ).run()
