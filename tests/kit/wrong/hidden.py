"""Temporal generators with one fault each that is hard to detect: a mirrored path of a network that oscillates anyway, a cache that
lasts as long as the batch size, a seed of its own, and others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Glide
from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec

FORWARD: frozenset[Ability] = frozenset({"between", "after"})


@dataclass(frozen=True)
class Hidden(Glide):
    """``network`` names the class in hidden_networks.py."""

    def build(self, spec: LatentSpec, options: Any) -> Any:
        from tests.kit.wrong import hidden_networks

        return getattr(hidden_networks, self.network)(spec, options)


@hookimpl
def vidgen_temporal() -> tuple[Hidden, ...]:
    return (
        Hidden("mirrored-swings", "MirroredSwings"),
        Hidden("cached", "Cached", FORWARD, stochastic=True),
        Hidden("borrowed", "Borrowed", FORWARD, stochastic=True),
        Hidden("in-place", "InPlace"),
        Hidden("settled", "Settled"),
        Hidden("replayed", "Replayed"),
        Hidden("reseeded", "Reseeded"),
    )
