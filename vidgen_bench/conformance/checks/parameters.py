"""The parameter count: known on the meta device, the same for every seed, and matched by ``:equal``."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from torch import nn

from vidgen_bench.api import Game, LatentSpec, Temporal
from vidgen_bench.conformance.comparison import abbreviated
from vidgen_bench.conformance.game_state import parameter_names
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import RequestError
from vidgen_bench.host.options import checked
from vidgen_bench.latent import count, on_meta, solve_width

APART = 0.1
"""The largest relative difference of an ``equal`` count if no width can be solved for."""


def check_parameters(subject: Subject) -> None:
    """Check that options alone determine the count, and that ``:equal`` matches it."""
    if subject.composition.resolved.spec.variant is None:
        _check_game(subject)
    composition = subject.composition
    temporal, latent, options = composition.temporal, composition.latent, composition.temporal_options
    if temporal is None or latent is None:
        return
    module = composition.build_temporal(0)
    assert module is not None
    known, seen = count(on_meta(lambda: temporal.build(latent, options))), count(module)
    demand(
        known == seen,
        f"expected the temporal generator to have one parameter count on the meta device and when built: "
        f"{known:,} and {seen:,}. Derive every width from options and latent alone.",
    )
    if composition.resolved.spec.variant == "equal" and latent.parameters is not None:
        _check_equal(temporal, latent, options, seen)


def _check_game(subject: Subject) -> None:
    first, second = (_sizes(subject.game(seed)) for seed in (0, 1))
    changed = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    demand(
        not changed,
        f"expected every seed to build parameters of the same sizes: {len(changed)} differ ({abbreviated(sorted(changed))}). Derive "
        "every width from options, clip and latent alone.",
    )


def _sizes(game: Game) -> dict[str, int]:
    name_of = parameter_names(game.parts)
    return {name_of[id(p)]: p.numel() for part in game.parts.values() for p in part.parameters()}


def _check_equal(temporal: Temporal, latent: LatentSpec, options: Any, seen: int) -> None:
    assert latent.parameters is not None
    nearest = _nearest(temporal, latent, options)
    if nearest is not None:
        demand(
            abs(seen - latent.parameters) <= abs(nearest - latent.parameters),
            f"expected the variant 'equal' to match the backbone's own {latent.parameters:,} parameters to the nearest hidden unit: "
            f"it has {seen:,}, and {nearest:,} is possible. Solve the width with vidgen_bench.latent.hidden_width.",
        )
        return
    demand(
        abs(seen - latent.parameters) <= APART * latent.parameters,
        f"expected the variant 'equal' within {APART:.0%} of the backbone's own {latent.parameters:,} parameters: it has {seen:,}. "
        "Solve the width with vidgen_bench.latent.solve_width.",
    )


def _nearest(temporal: Temporal, latent: LatentSpec, options: Any) -> int | None:
    """Return the count nearest to the target over the integer options that ``equal`` sets; None if it sets none."""
    for name, chosen in temporal.variants["equal"].items():

        def at(width: int, name: str = name) -> nn.Module:
            return temporal.build(latent, dataclasses.replace(options, **{name: width}))

        try:
            checked(temporal.options, name, 1, where=name)
            if not isinstance(chosen, bool):
                width = solve_width(at, latent.parameters or 0)
                return count(on_meta(partial(at, width)))
        except RequestError:
            continue
    return None
