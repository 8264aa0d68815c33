"""The convolutional LSTM, called like torch's LSTM cell with an input and a state; None stands for zeros."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvLSTMCell(nn.Module):
    """Long short-term memory with convolutions, without peepholes.

    (i, f, o, g) = W_x * x + b + W_h * h; c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c').

    Args:
        channels: c, of the input and of the state.
    Shape:
        x [N, c, H, W] or None, state (h, c) of the same shape or None -> the next (h, c). At least one is required.
    Reference: Shi et al. 2015, eq. 3, without the products with c; as in TGANv2 (Saito et al. 2020).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.w_x = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.w_h = nn.Conv2d(channels, 4 * channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor | None, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        # the convolution of zeros is its bias, at the border too
        gates = _bias(self.w_x) if x is None else self.w_x(x)
        if state is not None:
            gates = gates + self.w_h(state[0])
        i, f, o, g = gates.chunk(4, dim=1)
        c = torch.sigmoid(i) * torch.tanh(g)
        if state is not None:
            c = torch.addcmul(c, torch.sigmoid(f), state[1])
        return torch.sigmoid(o) * torch.tanh(c), c


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias[:, None, None][None]
