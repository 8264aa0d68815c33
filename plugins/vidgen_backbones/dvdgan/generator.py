"""DVD-GAN's generator: the code of a clip, its path of maps, and the frames rendered from them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from vidgen_backbones.dvdgan.sizes import EMBEDDING, NOISE, generator_widths
from vidgen_backbones.dvdgan.stage import Stage
from vidgen_bench.api import Clip, Times

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise


class FrameGenerator(nn.Module):
    """A stage per doubling from 4 x 4 to the frame, then BN, ReLU, 3x3, tanh.

    Args:
        clip: frames, size and channels of a training clip.
        condition: D, the width of the code.
        channels: the width, ch.
    Shape:
        path [N, T, 8 ch, 4, 4], code [N, D] -> [N, C, T, H, W] in (-1, 1).
    Reference: Clark et al. 2019, section 3.1.
    """

    def __init__(self, clip: Clip, condition: int, channels: int) -> None:
        super().__init__()
        widths = generator_widths(clip.size, channels)
        last = len(widths) - 2
        self.stages = nn.ModuleList(
            Stage(before, after, condition, recurrent=i > 0, attended=clip.frames if i == last else None)
            for i, (before, after) in enumerate(pairwise(widths))
        )
        self.norm = nn.BatchNorm2d(widths[-1])
        self.render = nn.Conv2d(widths[-1], clip.channels, 3, padding=1)

    def forward(self, path: Tensor, code: Tensor) -> Tensor:
        maps = path
        for stage in self.stages:
            maps = stage(maps, code)
        frames = torch.tanh(self.render(relu(self.norm(maps.flatten(0, 1)))))
        return frames.unflatten(0, path.shape[:2]).transpose(1, 2)


class Generator(nn.Module):
    """The temporal generator and the frame generator, both given the code [z; e(y)] of the clip.

    Args:
        temporal: code [N, D] -> maps [N, T, 8 ch, 4, 4].
        clip: the training clip.
        classes: number of classes, 0 for no class: the code is z.
        channels: the width, ch.
    Shape:
        z [N, 120], labels [N] or None -> [N, C, T, H, W] in (-1, 1).
    """

    def __init__(self, temporal: nn.Module, clip: Clip, classes: int, channels: int) -> None:
        super().__init__()
        self.temporal = temporal
        self.last = clip.frames - 1
        self.embedding = nn.Embedding(classes, EMBEDDING) if classes else None
        self.frames = FrameGenerator(clip, NOISE + EMBEDDING if classes else NOISE, channels)

    def code(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return [z; e(y)], [N, 240], or z without classes."""
        return z if self.embedding is None else torch.cat([z, self.embedding(labels)], dim=1)

    def forward(self, z: Tensor, labels: Tensor | None, times: Times, noise: Noise) -> Tensor:
        wanted = [round(t * self.last) for t in times]
        # a frame depends on those before it, and on all training frames through the attention
        steps = range(max(self.last, *wanted) + 1)
        code = self.code(z, labels)
        clips = self.frames(self.temporal(code, tuple(k / self.last for k in steps), noise), code)
        return clips if wanted == list(steps) else torch.stack([clips[:, :, k] for k in wanted], dim=2)
