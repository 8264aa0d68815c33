"""A backbone and a temporal generator as the contract wants them, as small as can be: what the wrong ones differ from in one point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, Clip, LatentSpec, option

ALL: frozenset[Ability] = frozenset({"between", "before", "after"})


@dataclass(frozen=True)
class GlideOptions:
    width: int = option(6, "width of the hidden layer", at_least=1)


@dataclass(frozen=True)
class Glide:
    """dz/dt = f(z); ``network`` names the class in networks.py."""

    name: str = "glide"
    network: str = "Glide"
    can: frozenset[Ability] = ALL
    stochastic: bool = False
    null: bool = False
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: type = GlideOptions
    summary: str = "z' = f(z)"
    api: str = "1.0"
    reference: str = "nobody, 2024"

    @property
    def sets(self) -> Mapping[str, Any]:
        return {}

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return None if len(spec.shape) == 1 else "it takes vectors"

    def build(self, spec: LatentSpec, options: Any) -> Any:
        from tests.kit.wrong import networks

        return getattr(networks, self.network)(spec, options)


@dataclass(frozen=True)
class TinyOptions:
    batch: int = option(4, "clips of a batch", at_least=1)


@dataclass(frozen=True)
class Tiny:
    """A perceptron a frame against a perceptron a clip; ``game`` names the class in games.py."""

    name: str = "tiny"
    game: str = "TinyGame"
    own: str | None = "glide"
    can: frozenset[Ability] = ALL
    options: type = TinyOptions
    summary: str = "a perceptron a frame"
    api: str = "1.0"
    reference: str = "nobody, 2024"
    reconstruction: bool = False
    small: tuple[Clip, Mapping[str, Any]] = field(default_factory=lambda: (Clip(4, 8, 2), {}))

    def refuses(self, clip: Clip, options: Any) -> str | None:
        return None

    def latent(self, clip: Clip, options: Any) -> LatentSpec:
        return LatentSpec((6,), clip.frames, 6, 6, "normal")

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.wrong import games

        return getattr(games, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_temporal() -> tuple[Glide, ...]:
    return (Glide(variants={"wide": {"width": 12}}),)


@hookimpl
def vidgen_backbones() -> tuple[Tiny, ...]:
    return (Tiny(),)
