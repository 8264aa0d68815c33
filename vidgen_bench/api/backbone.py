"""The declaration of a video generator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from vidgen_bench.api.clip import Ability, Clip
from vidgen_bench.api.declaration import Named
from vidgen_bench.api.game import Game
from vidgen_bench.api.temporal import LatentSpec

if TYPE_CHECKING:
    from torch import nn


class Backbone(Named, Protocol):
    """A video generator, whose temporal generator can be swapped if it has one; hook ``vidgen_backbones``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""

    @property
    def own(self) -> str | None:
        """Name of its own temporal generator: the bare name ``tgan`` means ``tgan+<own>``. None if it has none."""

    @property
    def reconstruction(self) -> bool:
        """True if no published code exists, so that the plugin's author chose the constants."""

    @property
    def can(self) -> frozenset[Ability]:
        """The instants it supports besides the training frames; a pair supports those that both sides support."""

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """The reduced clip and options that checks and tests use on a CPU."""

    def refuses(self, clip: Clip, options: Any) -> str | None:
        """Return the reason why it does not support this clip or these options, or None."""

    def latent(self, clip: Clip, options: Any) -> LatentSpec | None:
        """Return the latent it requests from a temporal generator; None if there is no path of latents to swap."""

    def build(self, clip: Clip, options: Any, temporal: nn.Module | None) -> Game:
        """Return the game around this temporal generator, its weights drawn from torch's global generator, which is seeded."""
