"""A backbone draws the same weights with any temporal generator, so that specs differ in G_t alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from torch import Tensor, nn

from vidgen_bench.api import Game, LatentSpec, Temporal, Times
from vidgen_bench.compose.composition import Composition
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal
from vidgen_bench.conformance.game_state import parameter_names
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.latent import Lift
from vidgen_bench.noise import Noise


class ConstantPath(nn.Module):
    """The simplest temporal generator: every frame is the lifted z_0."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        self.lift, self.shape = Lift(spec, affine=True), spec.shape

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.lift(z0)[:, None].expand(-1, len(times), *self.shape)


class _BuildRecorder:
    """A declaration with only the method ``build``, which records the module it builds."""

    def __init__(self, declared: Temporal | None) -> None:
        self._declared, self.built = declared, cast(nn.Module, None)

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        self.built = self._declared.build(spec, options) if self._declared else ConstantPath(spec)
        return self.built


def has_path(subject: Subject) -> bool:
    """Return whether the pair has a temporal generator."""
    return subject.composition.temporal is not None


def check_renderer(subject: Subject) -> None:
    """Check that the backbone's own weights are the same with this temporal generator and with the simplest one."""
    composition = subject.composition
    mine, theirs = _own_weights(composition, composition.temporal), _own_weights(composition, None)
    odd = sorted(mine.keys() ^ theirs.keys())
    demand(
        not odd,
        f"expected the backbone to build the same modules with any temporal generator: {abbreviated(odd)} exist with one only",
    )
    differing = [name for name, value in mine.items() if not bitwise_equal(value, theirs[name])]
    demand(
        not differing,
        "expected the backbone to draw the same weights with any temporal generator: "
        f"{len(differing)} of {len(mine)} differ ({abbreviated(differing)}). Initialise only the backbone's own modules; the temporal "
        "generator initialises itself.",
    )


def build_with_constant_path(composition: Composition) -> Game:
    """Return the game of a backbone with the simplest temporal generator."""
    return replace(composition, temporal=cast(Temporal, _BuildRecorder(None))).build(0)


def _own_weights(composition: Composition, temporal: Temporal | None) -> dict[str, Tensor]:
    """Return the trainable weights outside the temporal generator (averages of weights are excluded)."""
    kept = _BuildRecorder(temporal)
    game = replace(composition, temporal=cast(Temporal, kept)).build(0)
    foreign, name_of = {id(p) for p in kept.built.parameters()}, parameter_names(game.parts)
    weights = {id(p): p for part in game.parts.values() for p in part.parameters() if p.requires_grad}
    return {name_of[key]: p.detach() for key, p in weights.items() if key not in foreign}
