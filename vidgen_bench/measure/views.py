"""How a metric sees clips: as they are, with their frames in another order, or with one frame repeated.

The last two keep every picture and take the motion away; a score that does not change does not see motion.
"""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from vidgen_bench.api import View
from vidgen_bench.noise import sampling_noise

_SEED = 0


def viewed(clips: Tensor, view: View, first: int) -> Tensor:
    """Return clips [N, C, T, H, W] as a view shows them.

    ``shuffled`` puts the frames of each clip into an order of its own, ``frozen`` repeats one frame of each; both are functions
    of the clip's number, ``first`` and following, and of nothing else.
    """
    if view == "as-is":
        return clips
    rows = torch.arange(first, first + clips.shape[0], dtype=torch.int64, device=clips.device)
    noise, frames = sampling_noise(_SEED, view, rows), clips.shape[2]
    if view == "shuffled":
        order = noise.uniform("frames", frames).argsort(dim=1)
    elif view == "frozen":
        order = noise.integers("frame", frames)[:, None].expand(-1, frames)
    else:
        assert_never(view)
    return clips.gather(2, order[:, None, :, None, None].expand_as(clips))
