"""The training form of C3D: batch norm after every convolution, dropout after fc6 and fc7; folded into a plain C3D afterwards."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidgen_bench.measure.instruments.c3d.network import C3D, CONVOLUTIONS, POOLED, Layout


class NormalisedC3D(nn.Module):
    """C3D with batch norm: convolution, pooling, batch norm without a learned scale, ReLU; it returns logits.

    The released C3D has no batch norm; it was pretrained on Sports-1M. Training from scratch in minutes needs it. Batch
    norm here scales by 1 / s > 0 (the next layer can learn any other scale), so it commutes with max pooling and folds exactly.
    """

    def __init__(self, layout: Layout, dropout: float = 0.3) -> None:
        super().__init__()
        self.plain = C3D(layout)
        self.norms = nn.ModuleDict(
            {name: nn.BatchNorm3d(outs * layout.width) for name, (_, outs) in CONVOLUTIONS.items()}
        )
        for norm in self.norms.values():
            norm.get_parameter("weight").requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        for name in (*CONVOLUTIONS, "fc6", "fc7"):
            nn.init.kaiming_normal_(self.plain.get_parameter(f"{name}.weight"), nonlinearity="relu")
            nn.init.zeros_(self.plain.get_parameter(f"{name}.bias"))

    def forward(self, clips: Tensor) -> Tensor:
        """Return logits [N, K] for preprocessed clips [N, 3 BGR, 16, S, S], S the size of the layout."""
        x = clips
        for name in CONVOLUTIONS:
            layer = self.plain.get_submodule(name)
            assert isinstance(layer, nn.Conv3d)
            if x is clips:
                x = F.conv3d(_four_channels(x), _four_channels(layer.weight), layer.bias, padding=1)
            else:
                x = layer(x)
            if name in POOLED:
                x = F.max_pool3d(x, POOLED[name], ceil_mode=True)
            x = F.relu(self.norms[name](x))
        x = x.contiguous().flatten(1)
        x = self.dropout(F.relu(self.plain.fc6(x)))
        return self.plain.fc8(self.dropout(F.relu(self.plain.fc7(x))))

    @torch.no_grad()
    def folded(self) -> dict[str, Tensor]:
        """Return the weights of the plain C3D that equals this network in eval mode.

        (W x + b - m) / s + beta = (1 / s) W x + (b - m) / s + beta, with s = sqrt(v + eps)
        """
        state = {name: tensor.clone() for name, tensor in self.plain.state_dict().items()}
        for name in CONVOLUTIONS:
            norm = self.norms[name]
            assert isinstance(norm, nn.BatchNorm3d)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            scale = torch.rsqrt(norm.running_var + norm.eps)
            state[f"{name}.weight"] *= scale.view(-1, 1, 1, 1, 1)
            state[f"{name}.bias"] = (state[f"{name}.bias"] - norm.running_mean) * scale + norm.bias
        return state


def _four_channels(x: Tensor) -> Tensor:
    """Append a channel of zeros to the 3 colours: oneDNN's gradient for kernels with 3 channels is 4.5 times slower."""
    return F.pad(x, (0, 0, 0, 0, 0, 0, 0, 1)).contiguous(memory_format=torch.channels_last_3d)
