"""Initialisation and normalisation of all weight layers of a network."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import register_parametrization


def orthogonal(network: nn.Module) -> None:
    """Draw every linear, convolution and embedding weight as an orthogonal matrix (out, the rest), and set biases to 0.

    Call it before :func:`spectral`.

    Args:
        network: modified in place.
    Reference: Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning" (2014); Brock et al. 2019, section 3.
    """
    for layer in _weight_layers(network):
        nn.init.orthogonal_(layer.weight)
        if isinstance(bias := getattr(layer, "bias", None), nn.Parameter):
            nn.init.zeros_(bias)


class SpectralNorm(nn.Module):
    """W / s with s = u^T W v, an estimate of the largest singular value of W read as a matrix (out, the rest).

    u and v are buffers. One step of the power method improves them at every use in training mode; in evaluation mode they stay. The
    first step, when a weight is registered, finds s = 1 for an orthogonal matrix. PyTorch's ``spectral_norm`` takes 15 more then,
    which is most of the time to build a small network, and minutes on the meta device.

    Args:
        weight: W, for its shape.
    Shape:
        [out, ...] -> the same.
    Reference: Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018), algorithm 1.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        for name, size in zip("uv", weight.flatten(1).shape, strict=True):
            self.register_buffer(name, normalize(weight.new_empty(size).normal_(), dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        matrix = weight.flatten(1)
        if self.training:
            with torch.no_grad():
                self.v.copy_(normalize(matrix.mT @ self.u, dim=0))
                self.u.copy_(normalize(matrix @ self.v, dim=0))
        u, v = self.u.clone(), self.v.clone()  # a later use may change the buffers before the gradient is computed
        return weight / (u * (matrix @ v)).sum()


def spectral(network: nn.Module) -> None:
    """Divide every linear, convolution and embedding weight by an estimate of its largest singular value, see :class:`SpectralNorm`.

    Inside ``torch.nn.utils.parametrize.cached()`` a weight that is used several times is computed once.

    Args:
        network: modified in place; afterwards ``weight`` is computed, and ``parametrizations.weight.original`` is trained.
    """
    for layer in list(_weight_layers(network)):
        register_parametrization(layer, "weight", SpectralNorm(layer.weight))


def _weight_layers(network: nn.Module) -> Iterator[nn.Linear | _ConvNd | nn.Embedding]:
    for layer in network.modules():
        if isinstance(layer, nn.Linear | _ConvNd | nn.Embedding):
            yield layer
