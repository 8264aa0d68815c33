"""A seed determines the weights, and building does not reseed the generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from vidgen_bench.api import Game, Temporal
from vidgen_bench.conformance.comparison import abbreviated, bitwise_equal
from vidgen_bench.conformance.game_state import copy_states
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.training.watch import Watch

INIT = "Draw weights with torch's initialisers, whose generator vidgen-bench seeds."
SEED = 20240229


def check_seeds(subject: Subject, game: Game, twin: Game, other: Game) -> None:
    """Check that one seed gives one set of weights, that another seed gives others, and that building does not seed."""
    again, another = copy_states(twin), copy_states(other)
    for part, state in copy_states(game).items():
        changed = [name for name, value in state.items() if not _has(again[part], name, value)]
        demand(
            not changed,
            f"expected one seed to build the same weights twice: {len(changed)} of the {len(state)} tensors of {part!r} differ "
            f"({abbreviated(changed)}). {INIT}",
        )
        trained = [name for name, p in game.parts[part].named_parameters() if p.requires_grad]
        _check_other(repr(part), {name: state[name] for name in trained}, another[part])
    _check_temporal(subject)
    _check_builds(subject)


def _has(state: Mapping[str, Tensor], name: str, value: Tensor) -> bool:
    return name in state and bitwise_equal(state[name], value)


def _check_other(what: str, trained: Mapping[str, Tensor], another: Mapping[str, Tensor]) -> None:
    demand(
        not trained or any(not _has(another, name, value) for name, value in trained.items()),
        f"expected another seed to build other weights: all {len(trained)} of {what} are the same. {INIT}",
    )


def _check_temporal(subject: Subject) -> None:
    """Check the temporal generator by itself: in a game, the renderer's weights differ and would hide equal ones."""
    with Watch() as watch:
        module = subject.composition.build_temporal(0)
    other = subject.composition.build_temporal(1)
    if module is None or other is None or not watch.global_random:
        return  # nothing was drawn: frequencies on a grid or a gate at zero are the same for every seed
    trained = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    _check_other("the temporal generator", trained, dict(other.state_dict()))


def _check_builds(subject: Subject) -> None:
    composition = subject.composition
    temporal = cast(Temporal, composition.temporal)
    module: nn.Module | None = None
    if composition.latent is not None and temporal is not None:
        latent = composition.latent
        module = _check_build(temporal, lambda: temporal.build(latent, composition.temporal_options))
    _check_build(
        composition.backbone, lambda: composition.backbone.build(composition.clip, composition.backbone_options, module)
    )


def _check_build(side: Any, build: Callable[[], Any]) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        made = build()
        demand(
            torch.initial_seed() == SEED,
            f"expected build of {side.name!r} not to seed torch's global generator: its seed is now "
            f"{torch.initial_seed()}. Do not seed in build(); vidgen-bench does so.",
        )
    return made
