"""The views of clips: as they are, with the frames of each clip in another order, or with one frame of each clip repeated.

The last two keep frames of the clip and remove its motion; a score that does not change under them does not measure motion.
"""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from vidgen_bench.api import View
from vidgen_bench.noise import sampling_noise

_SEED = 0


def viewed(clips: Tensor, view: View, first: int) -> Tensor:
    """Return clips [N, C, T, H, W] in a view.

    ``shuffled`` permutes the frames of each clip, ``frozen`` repeats one of them; the permutation and the frame depend only on the
    index of the clip: ``first`` for the first one.
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
