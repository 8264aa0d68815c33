"""I3D weights in the pattern of the golden README, and files in the forms that users have."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.kit import golden
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.network import Layout
from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d

SLIM = Layout(eighths=1, classes=5)


def pattern_weights(layout: Layout) -> dict[str, Tensor]:
    """Return every tensor of a layout: its role follows from its name, its number from the order of the state dict."""
    return {name: tensor.clone() for name, tensor in _patterns(layout).items()}


@lru_cache(maxsize=1)
def _patterns(layout: Layout) -> dict[str, Tensor]:
    weights = {}
    for k, (name, shape) in enumerate(layout.shapes.items()):
        role = {"bn.weight": "bn_gamma", "bn.bias": "bn_beta", "running_mean": "bn_mean", "running_var": "bn_var"}
        kind = next((r for end, r in role.items() if name.endswith(end)), "weight" if len(shape) > 1 else "bias")
        fan_in = int(torch.Size(shape[1:]).numel())
        weights[name] = golden.tensor_of({"k": k, "shape": shape, "role": kind, "fan_in": fan_in})
    return weights


class LikeStyleGANV(nn.Module):
    """StyleGAN-V's treatment of pixels; in place of I3D, 400 numbers that depend on every frame and colour."""

    def __init__(self, classes: int = 400, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("matrix", torch.from_numpy(golden.base(1, 3 * 2 * classes)).float().view(6, classes))

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        """Return [N, classes]."""
        x = x.float()
        if resize:
            n, c, t, h, w = x.shape
            frames = x.permute(0, 2, 1, 3, 4).reshape(n * t, c, h, w)
            frames = F.interpolate(frames, size=(224, 224), mode="bilinear", align_corners=False)
            x = frames.view(n, t, c, 224, 224).permute(0, 2, 1, 3, 4)
        if rescale:
            x = 2 * x / 255 - 1
        seen = torch.cat([x.mean(dim=(2, 3, 4)), x[:, :, 0, 7, 11]], dim=1)
        logits = (seen @ self.matrix) * self.scale
        return logits if return_features else logits.softmax(dim=1)


def archive(path: Path, module: nn.Module) -> Path:
    """Write a module as a TorchScript archive."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module.eval()).save(str(path))
    return path


def saved(path: Path, content: object) -> Path:
    """Write an object with torch.save."""
    torch.save(content, path)
    return path


def refusal(source: Path, target: Path, layout: Layout = SLIM) -> str:
    """Return the message that refuses a file, trusted or not, after checking that nothing was written."""
    with pytest.raises(RecordError) as caught:
        import_i3d(source, target, layout, trusted=True)
    assert not target.exists()
    assert caught.value.exit_code == 2
    return str(caught.value)
