"""Specs that differ in time alone start from one renderer and one critic: a backbone draws the same weights around any G_t."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from torch import Tensor, nn

from vidgen_bench.api import Game, LatentSpec, Temporal, Times
from vidgen_bench.compose.composition import Composition
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import listed, names, same
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.latent import Lift
from vidgen_bench.noise import Noise


class Still(nn.Module):
    """The plainest temporal generator: every frame is the lifted z_0."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        self.lift, self.shape = Lift(spec, affine=True), spec.shape

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.lift(z0)[:, None].expand(-1, len(times), *self.shape)


class _Kept:
    """As much of a declaration as building takes: it keeps what it built."""

    def __init__(self, declared: Temporal | None) -> None:
        self._declared, self.built = declared, cast(nn.Module, None)

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        self.built = self._declared.build(spec, options) if self._declared else Still(spec)
        return self.built


def has_path(subject: Subject) -> bool:
    """Whether there is a temporal generator to exchange."""
    return subject.composition.temporal is not None


def renderer(subject: Subject) -> None:
    """Ask that the backbone's own weights are the same around this temporal generator and around the plainest one."""
    composition = subject.composition
    mine, theirs = _own_weights(composition, composition.temporal), _own_weights(composition, None)
    odd = sorted(mine.keys() ^ theirs.keys())
    demand(
        not odd,
        f"expected the backbone to build the same modules around any temporal generator: {listed(odd)} are there with one only",
    )
    differing = [name for name, value in mine.items() if not same(value, theirs[name])]
    demand(
        not differing,
        "expected the backbone to draw the same weights around any temporal generator, so that specs differ in time alone: "
        f"{len(differing)} of {len(mine)} differ ({listed(differing)}). Initialise the backbone's own modules only; the temporal "
        "generator has initialised itself.",
    )


def around_still(composition: Composition) -> Game:
    """Return the game of a backbone around the plainest temporal generator."""
    return replace(composition, temporal=cast(Temporal, _Kept(None))).build(0)


def _own_weights(composition: Composition, temporal: Temporal | None) -> dict[str, Tensor]:
    """Return what a player may train beside the temporal generator; averages of weights are copies of it."""
    kept = _Kept(temporal)
    game = replace(composition, temporal=cast(Temporal, kept)).build(0)
    foreign, name_of = {id(p) for p in kept.built.parameters()}, names(game.parts)
    weights = {id(p): p for part in game.parts.values() for p in part.parameters() if p.requires_grad}
    return {name_of[key]: p.detach() for key, p in weights.items() if key not in foreign}
