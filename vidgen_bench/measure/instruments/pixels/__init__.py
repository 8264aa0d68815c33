"""``pixels``: the instrument of protocols whose metrics read pixels. It has no network and no weights, so every machine has it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidgen_bench.api import Clip, hookimpl

if TYPE_CHECKING:
    from torch import nn

_DEFINITION = "vidgen-bench pixels 1: mean-colour is the mean of each channel in each frame, in the range of the pixels"
"""What stands in place of weights; another text for another definition."""


@dataclass(frozen=True)
class Pixels:
    """The declaration; its one layer, ``mean-colour``, is the mean of each channel in each frame."""

    name: str = "pixels"
    summary: str = "No network: the mean colours of the frames, for protocols whose metrics read the pixels themselves."
    api: str = "1.3"
    reference: str = "vidgen-bench"
    layers: tuple[str, ...] = ("mean-colour",)
    preprocessings: tuple[str, ...] = ("none",)

    def refuses(self, clip: Clip) -> str | None:
        """Return None: it measures clips of any shape."""
        return None

    def sha256(self) -> str:
        """Return the hash of its definition."""
        return hashlib.sha256(_DEFINITION.encode()).hexdigest()

    def details(self) -> Mapping[str, str]:
        """Return its definition."""
        return {"definition": _DEFINITION}

    def build(self, preprocessing: str) -> nn.Module:
        """Return the module ``clips [N, 3, T, H, W] -> {"mean-colour": [N, 3 T]}``."""
        from vidgen_bench.measure.instruments.pixels.mean_colour import MeanColour

        return MeanColour()


@hookimpl
def vidgen_instruments() -> list[Pixels]:
    """Return the instrument."""
    return [Pixels()]
