"""Every installed pair at the backbone's reduced size, for tests that go beyond what the conformance kit asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from vidgen_bench.api import Backbone, Batch, Clip, Game, LatentSpec, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count, on_meta

HOST = Host.of_environment()
BACKBONES: list[Backbone] = [f.declaration for f in HOST.of("backbone")]
TEMPORAL: list[Temporal] = [f.declaration for f in HOST.of("temporal")]

Pair = tuple[str, Backbone, Temporal | None, dict[str, Any]]


def small(backbone: Backbone) -> tuple[Clip, Any, LatentSpec | None]:
    """The reduced clip, its options, and what is then asked of a temporal generator."""
    clip, chosen = backbone.small
    options = backbone.options(**chosen)
    assert backbone.refuses(clip, options) is None
    spec = backbone.latent(clip, options)
    if spec is not None and backbone.own is not None:
        asked = spec
        own: Temporal = HOST.find("temporal", backbone.own).declaration
        if own.refuses(asked, own.options(**own.sets)) is None:
            spec = replace(spec, parameters=count(on_meta(lambda: own.build(asked, own.options(**own.sets)))))
    return clip, options, spec


def pairs() -> list[Pair]:
    """Every backbone with every temporal generator that takes its latent; alone where it has no latent path."""
    found: list[Pair] = []
    for backbone in BACKBONES:
        _, _, spec = small(backbone)
        if spec is None:
            found.append((backbone.name, backbone, None, {}))
            continue
        for temporal in TEMPORAL:
            if temporal.refuses(spec, temporal.options(**temporal.sets)) is None:
                found.append((f"{backbone.name}+{temporal.name}", backbone, temporal, dict(temporal.sets)))
    return found


def able(backbone: Backbone, temporal: Temporal | None) -> frozenset[str]:
    """What a pair can do beyond the training frames."""
    return backbone.can if temporal is None else backbone.can & temporal.can


ABLE = [pair for pair in pairs() if able(pair[1], pair[2])]
LATENT = [b for b in BACKBONES if small(b)[2] is not None]


BEYOND = ("tgan-f", "dvd-gan", "moflowgan")
"""Backbones that the paper did not train: their pairs with temporal generators that are not their own are slow tests."""


REPRESENTATIVES = ("ode1", "sde", "constant")
"""Temporal generators that stand for the others beside a backbone that the paper did not train."""


def is_representative(spec: str) -> bool:
    """Return whether a pair stands for others: any of the paper's backbones, or one with its own or a representative generator."""
    backbone, _, temporal = spec.partition(":")[0].partition("+")
    own = {b.name: b.own for b in BACKBONES if b.name in BEYOND}
    return backbone not in own or not temporal or temporal in (own[backbone], *REPRESENTATIVES)


def slow_beyond_the_paper(spec: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return ``slow`` for a pair of such a backbone with a temporal generator that is not its own."""
    backbone, _, temporal = spec.partition("+")
    own = {b.name: b.own for b in BACKBONES if b.name in BEYOND}
    return (pytest.mark.slow,) if temporal and own.get(backbone, temporal) != temporal else ()


def each(found: list[Pair]) -> pytest.MarkDecorator:
    """Parametrise a test over pairs."""
    return pytest.mark.parametrize(
        ("backbone", "temporal", "chosen"),
        [pytest.param(*p[1:], id=p[0], marks=slow_beyond_the_paper(p[0])) for p in found],
    )


def real(clip: Clip, frames: int, rows: int) -> Batch:
    """Clips of uniform noise, and their classes."""
    generator = torch.Generator().manual_seed(5)
    shape = (rows, clip.channels, frames, clip.size, clip.size)
    return Batch(torch.rand(shape, generator=generator) * 2 - 1, torch.arange(rows) % clip.classes)


def evaluating(game: Game) -> Game:
    """The game, its parts in evaluation mode."""
    for part in game.parts.values():
        part.eval()
    return game
