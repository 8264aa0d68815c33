"""The declaration of a temporal generator, and the latent that a backbone requests from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from vidgen_bench.api.clip import Ability
from vidgen_bench.api.declaration import Named

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LatentSpec:
    """The latent a backbone requests from its temporal generator: ``(z_0 [N, source], times) -> z_t [N, T, *shape]``."""

    shape: tuple[int, ...]
    """Shape of one z_t: ``(d,)`` for a vector, ``(c, h, w)`` for feature maps."""
    frames: int
    """Frames of a training clip; integration is anchored to their grid."""
    source: int
    """Width of z_0, always a vector."""
    noise: int
    """Number of leading entries of z_0 that are noise; the rest is a condition. ``iid`` redraws only the noise."""
    prior: Literal["normal", "uniform"]
    """Distribution of the noise entries: N(0, 1) or U(-1, 1)."""
    embedding: tuple[int, ...] = ()
    """Hidden widths of the fully connected network that gives all temporal generators the same nonlinearity; () if there is none."""
    init: Literal["framework", "xavier-sqrt2"] = "framework"
    """How this backbone initialises G_t: PyTorch's defaults, or weights from Xavier uniform with gain sqrt 2."""
    parameters: int | None = None
    """Trainable parameters of the backbone's own G_t, filled in by vidgen-bench; the target of ``:equal``.

    None if the backbone has no G_t of its own, or has none for these clips. A generator that needs the number refuses such a latent.
    """


class Temporal(Named, Protocol):
    """A temporal generator G_t; hook ``vidgen_temporal``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""

    @property
    def sets(self) -> Mapping[str, Any]:
        """Options fixed by the name (``ode2`` is order 2), which ``--set`` may not change. Default: none."""
        return {}

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Named sets of defaults: ``{"equal": {"hidden": "equal"}}`` for the spec ``ode1:equal``. Default: none."""
        return {}

    @property
    def stochastic(self) -> bool:
        """Whether two paths from the same z_0 differ."""

    @property
    def null(self) -> bool:
        """True for a null model, whose latents carry no motion by construction: other generators must do better. Default: False."""

    @property
    def can(self) -> frozenset[Ability]:
        """The instants it supports besides the training frames."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        """Return the reason why it does not support this latent or these options, or None."""

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        """Return the module ``forward(z0 [N, source], times: Times, noise: Noise) -> [N, T, *spec.shape]``."""
