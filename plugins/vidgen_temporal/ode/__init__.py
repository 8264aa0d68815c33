"""Latent ordinary differential equations of order 1, 2 and 3: the declarations."""

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
class ODEOptions:
    """The options of ode1, ode2 and ode3."""

    order: int = option(1, "order of the equation; fixed by the name", at_least=1)
    hidden: int | Literal["none", "state", "equal"] = option(
        "none", "width of f's hidden layer; equal: the parameter count nearest to the backbone's own", at_least=1
    )
    embedding: bool = option(True, "put the backbone's fully connected network, if it has one, before the equation")
    form: Literal["code", "physics"] = option(
        "code", "input of f; code: the highest derivative only; physics: position and all derivatives (order 2 and up)"
    )
    solver: Literal["rk4", "rk4-classic", "euler", "dopri5"] = option(
        "rk4",
        "one step per frame interval with rk4 (the 3/8 rule), rk4-classic or euler; dopri5: adaptive, with steps shared by "
        "the batch, so a sample depends on its batch within the tolerance, and every step waits for the device",
    )
    backend: Literal["auto", "native", "torchdiffeq"] = option(
        "auto",
        "integrator; auto: torchdiffeq for dopri5, native for all others; torchdiffeq waits for the device at every step",
    )
    rtol: float = option(1e-5, "relative tolerance of dopri5", at_least=0.0)
    atol: float = option(1e-6, "absolute tolerance of dopri5", at_least=0.0)


@dataclass(frozen=True)
class LatentODE:
    """z^(n) = f(z^(n-1)): the input of f is the highest derivative in the state (physics form: the whole state); the output is z."""

    name: str
    summary: str
    sets: Mapping[str, Any]
    api: str = "1.0"
    reference: str = "Gordon and Parde, Latent Neural Differential Equations for Video Generation (2021)"
    options: type = ODEOptions
    stochastic: bool = False
    can: frozenset[Ability] = frozenset({"between", "before", "after"})

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the variants: one layer, two as wide as the state, two with an equal parameter count, and the physics form."""
        widths = {"single": {"hidden": "none"}, "two-layer": {"hidden": "state"}, "equal": {"hidden": "equal"}}
        return widths if self.sets["order"] == 1 else {**widths, "physics": {"form": "physics"}}

    def refuses(self, spec: LatentSpec, options: ODEOptions) -> str | None:
        """Refuse latents that are neither vector nor map, and invalid combinations of solver, backend, tolerance and width."""
        if len(spec.shape) not in (1, 3):
            return f"it takes a vector (d,) or a map (c, h, w), not a latent of shape {spec.shape}"
        if spec.frames < 2:
            return f"it needs clips of at least 2 frames, not {spec.frames}"
        if options.solver == "dopri5" and options.backend == "native":
            return "solver=dopri5 runs on torchdiffeq only: leave backend=auto, or set backend=torchdiffeq"
        if options.solver == "rk4-classic" and options.backend == "torchdiffeq":
            return "torchdiffeq has no classic rk4 (its rk4 is the 3/8 rule): leave backend=auto, set backend=native, or set solver=rk4"
        if options.solver == "dopri5" and options.rtol == options.atol == 0.0:
            return "dopri5 has no step small enough for rtol=0 and atol=0: set one of them above 0 (atol=1e-6)"
        if options.form == "physics" and options.order == 1:
            return "form=physics is the same equation at order 1, z' = f(z): leave form=code, or use a higher order"
        if options.hidden == "equal":
            from vidgen_temporal.ode.network import width_of

            try:
                width_of(spec, options)
            except RequestError as error:
                return str(error)
        return None

    def build(self, spec: LatentSpec, options: ODEOptions) -> nn.Module:
        """Return the network."""
        from vidgen_temporal.ode.network import ODEGenerator, width_of

        return ODEGenerator(spec, options, width_of(spec, options))


@hookimpl
def vidgen_temporal() -> tuple[LatentODE, ...]:
    """Return ode1, ode2 and ode3."""
    return (
        LatentODE("ode1", "first-order ODE, z' = f(z)", {"order": 1}),
        LatentODE("ode2", "second-order ODE, z'' = f(z')", {"order": 2}),
        LatentODE("ode3", "third-order ODE, z''' = f(z'')", {"order": 3}),
    )
