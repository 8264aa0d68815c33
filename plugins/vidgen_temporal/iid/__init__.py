"""The second null hypothesis, a fresh latent each frame: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class IIDOptions:
    """The options of iid."""

    embedding: bool = option(
        False, "put the backbone's fully connected network before, so that only time is left to compare with an ODE"
    )


@dataclass(frozen=True)
class IID:
    """The z_t are independent, each with the law of z_0 given the condition: motion without any memory."""

    name: str = "iid"
    summary: str = "null hypothesis: z_t drawn anew for every frame, no memory"
    reference: str = "this benchmark: the null against which a temporal generator is worth something"
    options: type = IIDOptions
    stochastic: bool = True
    can: frozenset[Ability] = frozenset({"after"})

    @property
    def sets(self) -> Mapping[str, Any]:
        """The name fixes nothing."""
        return {}

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """With the backbone's fully connected network before, as the equations have it."""
        return {"embedded": {"embedding": True}}

    def refuses(self, spec: LatentSpec, options: IIDOptions) -> str | None:
        """Refuse latents that are neither vector nor map, a z_0 without noise, and an embedding the backbone lacks."""
        if len(spec.shape) not in (1, 3):
            return f"it takes a vector (d,) or a map (c, h, w), not a latent of shape {spec.shape}"
        if not 0 < spec.noise <= spec.source:
            return (
                "it draws the noise entries of z_0 anew for every frame, and needs between 1 and all of them: "
                f"not {spec.noise} of {spec.source}"
            )
        if options.embedding and not spec.embedding:
            return "embedding=true puts the backbone's fully connected network before, and this one has none: set false"
        return None

    def build(self, spec: LatentSpec, options: IIDOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.iid.network import IIDGenerator

        return IIDGenerator(spec, options)


@hookimpl
def vidgen_temporal() -> tuple[IID, ...]:
    """Return iid."""
    return (IID(),)
