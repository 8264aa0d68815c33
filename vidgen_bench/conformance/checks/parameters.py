"""The parameter count: known on the meta device, the same for every seed, and what ``:equal`` says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import nn

from vidgen_bench.api import LatentSpec, Temporal
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import listed, names
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import RequestError
from vidgen_bench.host.options import checked
from vidgen_bench.latent import count, on_meta, solve_width

APART = 0.1
"""How far an ``equal`` count may be where no width can be solved for."""


def parameters(subject: Subject) -> None:
    """Ask that options alone decide the count, and that ``:equal`` is equal."""
    if subject.composition.resolved.spec.variant is None:
        _ask_game(subject)
    composition = subject.composition
    temporal, latent, options = composition.temporal, composition.latent, composition.temporal_options
    if temporal is None or latent is None:
        return
    module = composition.build_temporal(0)
    assert module is not None
    known, seen = count(on_meta(lambda: temporal.build(latent, options))), count(module)
    demand(
        known == seen,
        f"expected the temporal generator to have as many parameters on the meta device, where the harness counts, as when it is "
        f"built: {known:,} and {seen:,}. Let options and latent alone decide every width.",
    )
    if composition.resolved.spec.variant == "equal" and latent.parameters is not None:
        _ask_equal(temporal, latent, options, seen)


def _ask_game(subject: Subject) -> None:
    games = [subject.game(seed) for seed in (0, 1)]
    first, second = ({n: p.numel() for n, p in _sizes(game.parts).items()} for game in games)
    changed = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    demand(
        not changed,
        f"expected every seed to build parameters of the same sizes: {len(changed)} differ ({listed(sorted(changed))}). Let options, "
        "clip and latent alone decide every width.",
    )


def _sizes(parts: Mapping[str, Any]) -> dict[str, Any]:
    by_id = names(parts)
    return {by_id[id(p)]: p for part in parts.values() for p in part.parameters()}


def _ask_equal(temporal: Temporal, latent: LatentSpec, options: Any, seen: int) -> None:
    assert latent.parameters is not None
    nearest = _nearest(temporal, latent, options)
    if nearest is not None:
        demand(
            abs(seen - latent.parameters) <= abs(nearest - latent.parameters),
            f"expected the variant 'equal' to come as near to the backbone's own {latent.parameters:,} parameters as one hidden unit "
            f"can: it has {seen:,}, and {nearest:,} is possible. Solve the width with vidgen_bench.latent.hidden_width.",
        )
        return
    demand(
        abs(seen - latent.parameters) <= APART * latent.parameters,
        f"expected the variant 'equal' within {APART:.0%} of the backbone's own {latent.parameters:,} parameters: it has {seen:,}. "
        "Solve the width with vidgen_bench.latent.solve_width.",
    )


def _nearest(temporal: Temporal, latent: LatentSpec, options: Any) -> int | None:
    """Return the count nearest to the own one that some number in place of what ``equal`` sets has; None where none can stand."""
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
