"""C3D as it is trained here: batch norm after every convolution, dropout after fc6 and fc7; folded into a plain C3D afterwards."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidgen_bench.instruments.c3d.network import C3D, CONVOLUTIONS, POOLED, Layout


class NormalisedC3D(nn.Module):
    """The training form of a C3D: conv, batch norm, ReLU, pool; logits at the end.

    The released C3D has no batch norm and was trained from Sports-1M. From nothing, and in minutes, it needs one.
    """

    def __init__(self, layout: Layout, dropout: float = 0.3) -> None:
        super().__init__()
        self.plain = C3D(layout)
        self.norms = nn.ModuleDict({name: nn.BatchNorm3d(outs * layout.width) for name, (_, outs) in CONVOLUTIONS.items()})
        self.dropout = nn.Dropout(dropout)
        for module in self.plain.modules():
            if isinstance(module, nn.Conv3d | nn.Linear) and module.bias is not None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, clips: Tensor) -> Tensor:
        """Return logits [N, K] of preprocessed clips [N, 3 BGR, 16, 112, 112]."""
        x = clips
        for name in CONVOLUTIONS:
            x = self.norms[name](self.plain.get_submodule(name)(x))
            if name in POOLED:
                x = F.max_pool3d(x, POOLED[name], ceil_mode=True)
            x = F.relu(x)
        x = x.contiguous().flatten(1)
        x = self.dropout(F.relu(self.plain.fc6(x)))
        return self.plain.fc8(self.dropout(F.relu(self.plain.fc7(x))))

    @torch.no_grad()
    def folded(self) -> dict[str, Tensor]:
        """Return the weights of the plain C3D that computes what this one computes in eval mode.

        gamma (W x + b - m) / s + beta = (gamma / s) W x + (gamma / s) (b - m) + beta, with s = sqrt(v + eps)
        """
        state = {name: tensor.clone() for name, tensor in self.plain.state_dict().items()}
        for name in CONVOLUTIONS:
            norm = self.norms[name]
            assert isinstance(norm, nn.BatchNorm3d)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            state[f"{name}.weight"] *= scale.view(-1, 1, 1, 1, 1)
            state[f"{name}.bias"] = (state[f"{name}.bias"] - norm.running_mean) * scale + norm.bias
        return state
