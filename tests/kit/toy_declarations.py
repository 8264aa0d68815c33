"""A backbone and a temporal generator that fit each other, made up for tests of composition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from tests.kit import toy_game
from vidgen_bench.api import Clip, Game, LatentSpec, NoOptions, option
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host, LoadedPlugin, Origin

TRACK = load_track("shapes-smoke")


@dataclass(frozen=True)
class WalkOptions:
    hidden: int = option(4, "width of the hidden layer", at_least=1)
    scale: float = option(1.0, "factor on every step")


@dataclass(frozen=True)
class Walk:
    name: str = "walk"
    summary: str = "a walk"
    api: str = "1.0"
    reference: str = "none"
    options: type = WalkOptions
    sets: dict = field(default_factory=dict)
    variants: dict = field(default_factory=lambda: {"wide": {"hidden": 32}, "plain": {}})
    stochastic: bool = False
    can: frozenset = frozenset({"between", "after"})

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return "feature maps are not served" if len(spec.shape) > 1 else None

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        return nn.Sequential(nn.Linear(spec.source, options.hidden), nn.Linear(options.hidden, spec.shape[0]))


@dataclass(frozen=True)
class Painter:
    name: str = "painter"
    summary: str = "a backbone"
    api: str = "1.0"
    reference: str = "none"
    options: type = NoOptions
    own: str | None = "walk"
    reconstruction: bool = False
    can: frozenset = frozenset({"between", "before"})
    small: tuple = (Clip(4, 4, 2), {})
    shape: tuple | None = (3,)
    refusal: str | None = None
    game: Any = None

    def refuses(self, clip: Clip, options: Any) -> str | None:
        return self.refusal

    def latent(self, clip: Clip, options: Any) -> LatentSpec | None:
        return None if self.shape is None else LatentSpec(self.shape, clip.frames, 5, 5, "normal")

    def build(self, clip: Clip, options: Any, temporal: nn.Module | None) -> Game:
        game = self.game() if self.game else toy_game.game(int(torch.randint(0, 1000, ())))
        if temporal is not None:
            game.parts["generator"].temporal = temporal
        return game


class Table(Host):
    """A host of given declarations."""

    def __init__(self, **kinds: list) -> None:
        super().__init__(())
        origin = Origin("test", "test-plugins", "1.0")
        names = {"data_set": "data set"}
        self.__dict__["_loaded"] = (
            [
                LoadedPlugin(names.get(k, k), getattr(d, "spec", None) or d.name, d, origin)
                for k, ds in kinds.items()
                for d in ds
            ],  # type: ignore[arg-type]
            [],
        )
