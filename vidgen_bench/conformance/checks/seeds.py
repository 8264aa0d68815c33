"""A seed decides the weights, and building leaves the generator that it seeded to the next who draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Temporal
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import listed, same, states
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.watch import Watch

INIT = "Draw weights by torch's own initialisers, whose generator the harness seeds."
SEED = 20240229


def seeds(subject: Subject, game: Game, twin: Game, other: Game) -> None:
    """Ask that games of one seed have one set of weights, that another seed gives others, and that building seeds nothing."""
    again, another = states(twin), states(other)
    for part, state in states(game).items():
        changed = [name for name, value in state.items() if not _has(again[part], name, value)]
        demand(
            not changed,
            f"expected one seed to build the same weights twice: {len(changed)} of the {len(state)} tensors of {part!r} differ "
            f"({listed(changed)}). {INIT}",
        )
        trained = [name for name, p in game.parts[part].named_parameters() if p.requires_grad]
        _ask_other(repr(part), {name: state[name] for name in trained}, another[part])
    _ask_temporal(subject)
    _ask_builds(subject)


def _has(state: Mapping[str, Tensor], name: str, value: Tensor) -> bool:
    return name in state and same(state[name], value)


def _ask_other(what: str, trained: Mapping[str, Tensor], another: Mapping[str, Tensor]) -> None:
    demand(
        not trained or any(not _has(another, name, value) for name, value in trained.items()),
        f"expected another seed to build other weights: all {len(trained)} of {what} are the same. {INIT}",
    )


def _ask_temporal(subject: Subject) -> None:
    """The temporal generator by itself: among a renderer's weights its own would not be missed."""
    with Watch() as watch:
        module = subject.composition.build_temporal(0)
    other = subject.composition.build_temporal(1)
    if module is None or other is None or not watch.global_random:
        return  # frequencies on a grid, a gate at zero: what nobody drew is the same under every seed
    trained = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    _ask_other("the temporal generator", trained, dict(other.state_dict()))


def _ask_builds(subject: Subject) -> None:
    composition = subject.composition
    temporal = cast(Temporal, composition.temporal)
    module: nn.Module | None = None
    if composition.latent is not None and temporal is not None:
        latent = composition.latent
        module = _ask_build(temporal, lambda: temporal.build(latent, composition.temporal_options))
    _ask_build(
        composition.backbone,
        lambda: composition.backbone.build(composition.clip, composition.backbone_options, module),
    )


def _ask_build(side: Any, build: Callable[[], Any]) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        made = build()
        demand(
            torch.initial_seed() == SEED,
            f"expected build of {side.name!r} to leave torch's global generator as it is seeded: its seed has become "
            f"{torch.initial_seed()}. Seed nothing; the harness has done so.",
        )
    return made
