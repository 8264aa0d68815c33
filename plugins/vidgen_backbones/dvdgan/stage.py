"""One resolution of DVD-GAN's generator: a recurrence over the frames, two residual blocks, attention between them at the last."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from vidgen_bench.blocks import ConvGRUCell, ResidualUp, SelfAttention


class Recurrence(nn.Module):
    """A ConvGRU unrolled over the frames: h_t = cell(x_t, h_{t-1}) from h = 0; the states are the output.

    A convolution of [x, h] is the sum of two: that of x is computed for all frames at once.

    Args:
        channels: c.
    Shape:
        [N, T, c, H, W] -> the same; frame t depends on the frames 0 .. t only.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cell = ConvGRUCell(channels)

    def forward(self, maps: Tensor) -> Tensor:
        gates, candidate, channels = self.cell.gates, self.cell.candidate, maps.shape[2]
        x_gates, h_gates = map(_channels_last, gates.weight.split(channels, dim=1))
        x_candidate, h_candidate = map(_channels_last, candidate.weight.split(channels, dim=1))
        frames = _channels_last(maps.flatten(0, 1))
        of_gates = conv2d(frames, x_gates, gates.bias, padding=1).unflatten(0, maps.shape[:2]).unbind(1)
        of_candidate = conv2d(frames, x_candidate, candidate.bias, padding=1).unflatten(0, maps.shape[:2]).unbind(1)
        state = torch.sigmoid(of_gates[0][:, channels:]) * torch.tanh(of_candidate[0])  # h is 0
        states = [state]
        for x_g, x_c in zip(of_gates[1:], of_candidate[1:], strict=True):
            reset, update = torch.sigmoid(x_g + conv2d(state, h_gates, padding=1)).chunk(2, dim=1)
            found = torch.tanh(x_c + conv2d(reset * state, h_candidate, padding=1))
            state = torch.lerp(state, found, update)
            states.append(state)
        return torch.stack(states, dim=1)


class SeparableAttention(nn.Module):
    """Self-attention over rows, then over columns, then over frames: O(T H W (T + H + W)) instead of O((T H W)^2).

    Frames after the training clip attend to the training frames only, so they do not change those.

    Args:
        channels: C.
        frames: T, the frames of a training clip.
    Shape:
        [N, C, T or more, H, W] -> the same.
    Reference: Clark et al. 2019 (v1), section 3.1.
    """

    def __init__(self, channels: int, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.rows, self.columns, self.time = (SelfAttention(channels, (axis,)) for axis in (3, 4, 2))

    def forward(self, clips: Tensor) -> Tensor:
        return self.time(self.columns(self.rows(clips)), self.frames)


class Stage(nn.Module):
    """A recurrence over the frames, then two residual blocks on each frame by itself, of which the second doubles the map.

    Args:
        before: channels of the input.
        after: channels of the output.
        condition: D, the width of the code of a clip, on which every normalisation is conditioned.
        recurrent: False where the input comes from the temporal generator, which is the recurrence of this stage.
        attended: frames of a training clip, for attention between the two blocks; None for none.
    Shape:
        maps [N, T, before, H, W], code [N, D] -> [N, T, after, 2H, 2W].
    """

    def __init__(self, before: int, after: int, condition: int, *, recurrent: bool, attended: int | None) -> None:
        super().__init__()
        self.recurrence = Recurrence(before) if recurrent else None
        self.first = ResidualUp(before, before, condition, up=False)
        self.attention = SeparableAttention(before, attended) if attended is not None else None
        self.second = ResidualUp(before, after, condition, up=True)

    def forward(self, maps: Tensor, code: Tensor) -> Tensor:
        clips = maps.shape[:2]
        # rows are ordered clip by clip, and so are the codes: every frame gets that of its own clip
        codes = code[:, None].expand(*clips, -1).flatten(0, 1)
        if self.recurrence is not None:
            maps = self.recurrence(maps)
        frames = self.first(_channels_last(maps.flatten(0, 1)), codes)
        if self.attention is not None:
            found = self.attention(frames.unflatten(0, clips).transpose(1, 2))
            frames = _channels_last(found.transpose(1, 2).flatten(0, 1))
        return self.second(frames, codes).unflatten(0, clips)


def _channels_last(maps: Tensor) -> Tensor:
    """Return maps or kernels [N, C, H, W] in the fastest layout for convolutions."""
    return maps.contiguous(memory_format=torch.channels_last)
