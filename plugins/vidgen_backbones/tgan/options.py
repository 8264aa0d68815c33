"""The options that tgan and tgan-f have in common."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.api import option


@dataclass(frozen=True)
class SharedOptions:
    """Width, batch, rate, clipping and warm-up; each declaration derives its own options from them."""

    width: float = option(
        1.0, "factor on the channels of the frame generator and of the discriminator", at_least=1 / 32, at_most=8.0
    )
    batch: int = option(32, "clips per batch, over all processes", at_least=2)
    learning_rate: float = option(5e-5, "learning rate of RMSprop, for both players", at_least=0.0)
    clip_every: int = option(5, "iterations between singular value clippings", at_least=1)
    warmup: int = option(
        0,
        "iterations over which both learning rates rise linearly; RMSprop's first step is ten times the rate",
        at_least=0,
    )
