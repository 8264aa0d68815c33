"""A latent stochastic differential equation: the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vidgen_bench import hookimpl
from vidgen_bench.api import Ability, LatentSpec, option
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class SDEOptions:
    """The options of sde."""

    hidden: int | Literal["none", "state", "equal"] = option(
        "none",
        "width of the hidden layers of mu and sigma; equal: the parameter count nearest to the backbone's own",
        at_least=1,
    )
    embedding: bool = option(True, "put the backbone's fully connected network, if it has one, before the equation")
    dt: float = option(0.025, "step in clip units", at_least=1e-4, at_most=1.0)
    solver: Literal["euler", "milstein"] = option(
        "euler", "euler: Euler-Maruyama under ito, Euler-Heun under stratonovich; milstein: with sigma's derivative"
    )
    calculus: Literal["ito", "stratonovich"] = option("ito", "interpretation of the stochastic integral")
    backend: Literal["native", "torchsde"] = option(
        "native", "integrator; both use the same Brownian increments, torchsde waits for the device at every step"
    )


@dataclass(frozen=True)
class LatentSDE:
    """dz = mu(z) dt + sigma(z) dW with diagonal noise, Ito or Stratonovich."""

    name: str = "sde"
    summary: str = "SDE with diagonal noise, dz = mu(z) dt + sigma(z) dW, Ito or Stratonovich"
    api: str = "1.0"
    reference: str = "Gordon and Parde, Latent Neural Differential Equations for Video Generation (2021)"
    options: type = SDEOptions
    stochastic: bool = True
    can: frozenset[Ability] = frozenset({"between", "after"})

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the variants of mu and sigma: one layer, two as wide as the state, two with an equal parameter count."""
        return {"single": {"hidden": "none"}, "two-layer": {"hidden": "state"}, "equal": {"hidden": "equal"}}

    def refuses(self, spec: LatentSpec, options: SDEOptions) -> str | None:
        """Refuse a latent that is neither vector nor map, Milstein on torchsde, and ``equal`` if no width has that parameter count."""
        if len(spec.shape) not in (1, 3):
            return f"it takes a vector (d,) or a map (c, h, w), not a latent of shape {spec.shape}"
        if options.solver == "milstein" and options.backend == "torchsde":
            return (
                "torchsde's milstein uses the transposed Jacobian of sigma, which has another limit for a full network: "
                "leave backend=native, or set solver=euler"
            )
        if options.hidden == "equal":
            from vidgen_temporal.sde.network import width_of

            try:
                width_of(spec, options)
            except RequestError as error:
                return str(error)
        return None

    def build(self, spec: LatentSpec, options: SDEOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.sde.network import SDEGenerator, width_of

        return SDEGenerator(spec, options, width_of(spec, options))


@hookimpl
def vidgen_temporal() -> tuple[LatentSDE, ...]:
    """Return sde."""
    return (LatentSDE(),)
