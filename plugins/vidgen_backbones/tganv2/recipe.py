"""The two published ways to train TGANv2, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Recipe:
    """The settings in which the two published programs differ."""

    subsampling: int
    """From one level to the next, one in every ``factor`` frames is kept."""
    last_relu: bool
    """Whether a ReLU precedes the discriminator's sum over positions."""
    batch: int
    """Clips per batch, over all processes."""
    augment: tuple[Literal["flip", "shift-x"], ...]
    """Augmentations of real clips; shift-x is a crop at a random column."""
    epsilon: float
    """Epsilon of Adam."""
    simultaneous: bool
    """Whether both sides step on the same fakes; the generator then uses the discriminator before its step."""


RECIPES: Mapping[str, Recipe] = {
    "paper": Recipe(subsampling=4, last_relu=False, batch=32, augment=(), epsilon=1e-8, simultaneous=False),
    "official": Recipe(
        subsampling=2, last_relu=True, batch=128, augment=("flip", "shift-x"), epsilon=8e-8, simultaneous=True
    ),
}
"""``paper``: Gordon and Parde's program for their TGANv2-ODE row. ``official``: Saito et al.'s own."""
