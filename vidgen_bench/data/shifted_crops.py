"""Crops that move sideways: each clip of a store with every column is cut at its own column."""

from __future__ import annotations

import torch
from torch import Tensor

_MARGIN = 16  # 1 / 16 of the spare columns stays unused on either side, as TGANv2's 4 of 64


def first_columns(spare: int, bits: Tensor) -> Tensor:
    """Return each clip's first column, uniform between the margins, from its random bits.

    Reference: pfnet-research/tgan2, dataset code: with 64 spare columns the first column is one of 4 .. 60.
    """
    margin = spare // _MARGIN
    return margin + ((((bits >> 33) & 0x7FFFFFFF) * (spare - 2 * margin + 1)) >> 31)


def cut(clips: Tensor, left: Tensor, width: int) -> Tensor:
    """Return [N, T, 3, H, width], each clip from its own first column ``left`` [N] on."""
    columns = left[:, None] + torch.arange(width, dtype=torch.int64, device=left.device)
    return clips.gather(-1, columns[:, None, None, None, :].expand(*clips.shape[:-1], width))
