"""The classes of the samples of a class-conditional game."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from vidgen_bench.api import Clip
from vidgen_bench.errors import PluginError
from vidgen_bench.noise import Noise

LabelLaw = Literal["training-list", "uniform"]
"""How often each class is drawn: as in the training list, or all classes equally often."""


class Labels(nn.Module):
    """Draws a class for each sample: P(class k) is its share of the training videos, or 1 / classes.

    The shares are a buffer, so a checkpoint holds them and a finished run samples without its data. Keep it in a part of the game.

    Args:
        clip: gives ``classes`` and ``class_videos``; without the latter, all classes are equally likely.
        law: ``training-list`` or ``uniform``.
    Raises:
        PluginError: an unknown law, or as many counts as there are not classes.
    Shape:
        noise of N rows -> [N], int64, 0 .. classes - 1. Sample i depends on row i only.
    """

    until: Tensor
    """[classes - 1]: the probability of the classes 0 .. k, for every k but the last."""

    def __init__(self, clip: Clip, law: LabelLaw = "training-list") -> None:
        super().__init__()
        if law not in get_args(LabelLaw):
            raise PluginError(f"there is no law of labels {law!r}; expected training-list or uniform")
        counts = clip.class_videos if law == "training-list" and clip.class_videos else (1,) * clip.classes
        if len(counts) != clip.classes or min(counts) < 0 or sum(counts) == 0:
            raise PluginError(
                f"class_videos has {len(counts)} counts with the sum {sum(counts)}; expected one per class ({clip.classes}), "
                "none of them negative and not all of them 0"
            )
        shares = torch.tensor(counts, dtype=torch.float64) / sum(counts)
        self.register_buffer("until", shares.cumsum(0)[:-1].to(torch.float32))

    def forward(self, noise: Noise) -> Tensor:
        return torch.searchsorted(self.until, noise.uniform("label"), right=True)
