"""Temporal generators that change what belongs to the whole process, or end it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl
from vidgen_bench.api import LatentSpec


@dataclass(frozen=True)
class Exiting(Glide):
    """Calls sys.exit() in refuses()."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        raise SystemExit(0)


@dataclass(frozen=True)
class Ending(Glide):
    """Raises exceptions in build() that do not derive from ``Exception``: sys.exit(), pytest.skip(), GeneratorExit."""

    by: type[BaseException] = SystemExit

    def build(self, spec: LatentSpec, options: Any) -> Any:
        raise self.by("not today")


@dataclass(frozen=True)
class Intruding(Glide):
    """Changes something where it builds."""

    change: Callable[[], Any] = lambda: None

    def build(self, spec: LatentSpec, options: Any) -> Any:
        self.change()
        return super().build(spec, options)


def no_gradients() -> None:
    import torch

    torch.set_grad_enabled(False)


def halve() -> None:
    import torch

    torch.set_default_dtype(torch.bfloat16)


def more_threads() -> None:
    import torch

    torch.set_num_threads(torch.get_num_threads() + 2)


def strict() -> None:
    import torch

    torch.use_deterministic_algorithms(True, warn_only=True)


def draw_of_numpy() -> None:
    import numpy as np

    np.random.rand()


@hookimpl
def vidgen_temporal() -> tuple[Glide, ...]:
    return (
        Exiting("exiting"),
        Ending("exiting-build"),
        Ending("closing", by=GeneratorExit),
        Intruding("gradless", change=no_gradients),
        Intruding("halved", change=halve),
        Intruding("threaded", change=more_threads),
        Intruding("strict", change=strict),
        Intruding("wandering", change=lambda: os.chdir("/")),
        Intruding("python-random", change=random.random),
        Intruding("numpy-random", change=draw_of_numpy),
    )
