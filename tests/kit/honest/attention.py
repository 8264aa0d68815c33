"""Attention, random slopes in evaluation, draws from a separate generator, an average of weights, a warm-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Glide, Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip, LatentSpec


@dataclass(frozen=True)
class HonestTemporal(Glide):
    """A temporal generator whose network is in attention_networks.py."""

    def build(self, spec: LatentSpec, options: Any) -> Any:
        from tests.kit.honest import attention_networks

        return getattr(attention_networks, self.network)(spec)


@dataclass(frozen=True)
class HonestBackbone(Tiny):
    """A backbone whose game is in attention_networks.py."""

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.honest import attention_networks

        return getattr(attention_networks, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_temporal() -> tuple[Glide, ...]:
    return (
        HonestTemporal("attending", "Attending"),
        HonestTemporal("sloped", "Sloped"),
        HonestTemporal("projecting", "Projecting"),
    )


@hookimpl
def vidgen_backbones() -> tuple[Tiny, ...]:
    return (HonestBackbone("averaging", "Averaging"), HonestBackbone("unpacking", "Unpacking"))
