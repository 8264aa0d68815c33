"""The null hypotheses, a constant latent and one without memory: the declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, option

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NullOptions:
    """The options of constant and iid."""

    embedding: bool = option(
        False, "put the backbone's fully connected network first, so that only the dynamics differ from an ODE's"
    )


@dataclass(frozen=True)
class Null:
    """A backbone without temporal dynamics: z_t = z_0 (constant), or each z_t drawn independently (iid)."""

    name: Literal["constant", "iid"]
    summary: str
    stochastic: bool
    can: frozenset[Ability]
    api: str = "1.1"
    reference: str = "this benchmark: the null against which a temporal generator is worth something"
    options: type = NullOptions
    null: bool = True

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Return a variant that starts with the backbone's fully connected network, as ode1 does."""
        return {"embedded": {"embedding": True}}

    def refuses(self, spec: LatentSpec, options: NullOptions) -> str | None:
        """Refuse latents that are neither vector nor map, an embedding the backbone lacks, and latents without noise entries."""
        if len(spec.shape) not in (1, 3):
            return f"it takes a vector (d,) or a map (c, h, w), not a latent of shape {spec.shape}"
        if self.name == "iid" and not 0 < spec.noise <= spec.source:
            return (
                "it redraws the noise entries of z_0 for every frame and needs at least 1 and at most all entries: "
                f"not {spec.noise} of {spec.source}"
            )
        if options.embedding and not spec.embedding:
            return "embedding=true needs a backbone with a fully connected network, and this one has none: set embedding=false"
        return None

    def build(self, spec: LatentSpec, options: NullOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.nulls.network import ConstantGenerator, IIDGenerator

        return (ConstantGenerator if self.name == "constant" else IIDGenerator)(spec, options)


@hookimpl
def vidgen_temporal() -> tuple[Null, ...]:
    """Return constant and iid."""
    return (
        Null(
            name="constant",
            summary="null hypothesis: z_t = z_0, a constant latent",
            stochastic=False,
            can=frozenset({"between", "before", "after"}),
        ),
        Null(
            name="iid",
            summary="null hypothesis: z_t drawn independently for every frame",
            stochastic=True,
            can=frozenset({"after"}),
        ),
    )
