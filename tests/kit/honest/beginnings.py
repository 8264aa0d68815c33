"""Honest plugins that are not like the first-party ones: networks of an instant, and weights that start at zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Glide, Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip, LatentSpec


@dataclass(frozen=True)
class Beginning(Glide):
    """``network`` names the class in beginning_networks.py."""

    def build(self, spec: LatentSpec, options: Any) -> Any:
        from tests.kit.honest import beginning_networks

        return getattr(beginning_networks, self.network)(spec, options)


@dataclass(frozen=True)
class BeginningTiny(Tiny):
    """``game`` names the class in beginning_networks.py."""

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.honest import beginning_networks

        return getattr(beginning_networks, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_temporal() -> tuple[Beginning, ...]:
    return (
        Beginning("kinked", "Kinked"),
        Beginning("kinked-by-frame", "Kinked", frozenset({"before"})),
        Beginning("swinging", "Swinging"),
        Beginning("embedding", "Embedding"),
        Beginning("single", "Single"),
        Beginning("gated", "Gated"),
        Beginning("tuned", "Tuned"),
    )


@hookimpl
def vidgen_backbones() -> tuple[BeginningTiny, ...]:
    return (
        BeginningTiny("hinged", "Hinged"),
        BeginningTiny("blank-critic", "BlankCritic"),
        BeginningTiny("blank-generator", "BlankGenerator"),
        BeginningTiny("blank", "Blank"),
        BeginningTiny("orthogonal", "Orthogonal"),
        BeginningTiny("odd", "Odd"),
    )
