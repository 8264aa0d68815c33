"""A gated recurrent unit on maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvGRUCell(nn.Module):
    """Gated recurrent unit with 3x3 convolutions.

    (r, u) = sigmoid(W * [x, h]); h' = (1 - u) h + u tanh(V * [x, r h]).

    Args:
        channels: c, of the input and of the state.
    Shape:
        x [N, c, H, W], h of the same shape or None for zeros -> the next h.
    Reference: Ballas et al., "Delving Deeper into Convolutional Networks for Learning Video Representations" (2016).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)
        self.candidate = nn.Conv2d(2 * channels, channels, 3, padding=1)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        h = torch.zeros_like(x) if h is None else h
        r, u = torch.sigmoid(self.gates(torch.cat([x, h], dim=1))).chunk(2, dim=1)
        candidate = torch.tanh(self.candidate(torch.cat([x, r * h], dim=1)))
        return (1.0 - u) * h + u * candidate
