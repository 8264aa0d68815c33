"""Backbones that are wrong in one way each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.kit.wrong.right import Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip, LatentSpec


@dataclass(frozen=True)
class Picky(Tiny):
    """Refuses its own reduced size."""

    def refuses(self, clip: Clip, options: Any) -> str | None:
        return f"it takes clips of 16 frames, not {clip.frames}"


@dataclass(frozen=True)
class Absurd(Tiny):
    """Requests a latent with more noise than entries."""

    def latent(self, clip: Clip, options: Any) -> LatentSpec:
        return replace(super().latent(clip, options), noise=7)


@dataclass(frozen=True)
class Pathless(Tiny):
    """Names a temporal generator but requests no latent."""

    def latent(self, clip: Clip, options: Any) -> Any:
        return None


@hookimpl
def vidgen_backbones() -> tuple[Tiny, ...]:
    return (
        Tiny("homeless", own="nowhere"),
        Picky("picky"),
        Absurd("absurd"),
        Pathless("pathless"),
        Tiny("sizeless", small=("4 frames", {})),  # type: ignore[arg-type]
        Tiny("shapeless", small=(Clip(1, 8, 2), {})),
        Tiny("colourful", small=(Clip(4, 8, 2, channels=4), {})),
        Tiny("bright", "Bright"),
        Tiny("wide", "Wide"),
        Tiny("alike", "Alike"),
        Tiny("spotted", "Spotted"),
        Tiny("orphan", "Orphan"),
        Tiny("detached", "Detached"),
        Tiny("lazy", "Lazy"),
        Tiny("breaking", "Breaking"),
        Tiny("counting", "Counting"),
        Tiny("reborn", "Reborn"),
        Tiny("stuck", "Stuck"),
        Tiny("leaky", "Leaky"),
        Tiny("neighbourly", "Neighbourly"),
        Tiny("renumbered", "Renumbered"),
        Tiny("shifted", "Shifted"),
        Tiny("clamped", "Clamped"),
        Tiny("outside", "Outside"),
        Tiny("weighted", "Weighted"),
        Tiny("greedy", "Greedy"),
        Tiny("wayward", "Wayward"),
        Tiny("asking", "Asking"),
        Tiny("drawing", "Drawing"),
        Tiny("reseeding", "Reseeding"),
        Tiny("scattering", "Scattering"),
        Tiny("summing", "Summing"),
        Tiny("dividing", "Dividing"),
        Tiny("redrawing", "Redrawing"),
    )
