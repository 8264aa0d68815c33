"""The first null hypothesis, a latent that stands still: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ConstantOptions:
    """The options of constant."""

    embedding: bool = option(
        False, "put the backbone's fully connected network before, so that only time is left to compare with an ODE"
    )


@dataclass(frozen=True)
class Constant:
    """z_t = z_0 at every instant: what a backbone does without any sense of time."""

    name: str = "constant"
    summary: str = "null hypothesis: z_t = z_0, the latent does not move"
    reference: str = "this benchmark: the null against which a temporal generator is worth something"
    options: type = ConstantOptions
    stochastic: bool = False
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def sets(self) -> Mapping[str, Any]:
        """The name fixes nothing."""
        return {}

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """With the backbone's fully connected network before: the other half of ode1, without its equation."""
        return {"embedded": {"embedding": True}}

    def refuses(self, spec: LatentSpec, options: ConstantOptions) -> str | None:
        """Refuse the embedding where the backbone has none, and latents that are neither vector nor map."""
        if len(spec.shape) not in (1, 3):
            return f"it takes a vector (d,) or a map (c, h, w), not a latent of shape {spec.shape}"
        if options.embedding and not spec.embedding:
            return "embedding=true puts the backbone's fully connected network before, and this one has none: set false"
        return None

    def build(self, spec: LatentSpec, options: ConstantOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.constant.network import ConstantGenerator

        return ConstantGenerator(spec, options)


@hookimpl
def vidgen_temporal() -> tuple[Constant, ...]:
    """Return constant."""
    return (Constant(),)
