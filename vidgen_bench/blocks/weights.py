"""Initialisation and normalisation of all weight layers of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import register_parametrization

FIRST_STEPS = 15
"""Steps of the power method when a weight is registered, as many as PyTorch takes."""


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


def spectral(network: nn.Module) -> None:
    """Divide every linear, convolution and embedding weight by an estimate of its largest singular value: :class:`SpectralNorm`.

    Inside ``torch.nn.utils.parametrize.cached()`` a weight that is used several times is computed once.

    Args:
        network: modified in place; afterwards ``weight`` is computed, and ``parametrizations.weight.original`` is trained. A weight of
            zeros has no largest singular value and becomes nan: normalise such a layer's network without it.
    """
    for layer in list(_weight_layers(network)):
        # unsafe: no trial runs, since the shape is known
        register_parametrization(layer, "weight", SpectralNorm(layer.weight), unsafe=True)


class SpectralNorm(nn.Module):
    """W / s with s = u^T W v, an estimate of the largest singular value of W read as a matrix (out, the rest).

    u and v are buffers. One step of the power method improves them at every use in training mode; in evaluation mode they stay. The law
    of PyTorch's ``spectral_norm``, which on the meta device takes half a second per layer for steps without numbers: a plan builds a
    game there to count its parameters.

    Args:
        weight: W, for its shape and the first steps.
    Shape:
        [out, ...] -> the same.
    Reference: Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018), algorithm 1.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        for name, length in zip("uv", matrix.shape, strict=True):
            self.register_buffer(name, _unit(matrix.new_empty(length).normal_()))
        self.improve(weight, 0 if matrix.is_meta else FIRST_STEPS)

    def forward(self, weight: Tensor) -> Tensor:
        if self.training:
            self.improve(weight, 1)
        with _all_digits(weight.device.type):
            # copies, since a second use before the gradient is taken changes the buffers
            return weight / torch.dot(self.u.clone(), torch.mv(weight.flatten(1), self.v.clone()))

    @torch.no_grad()
    def improve(self, weight: Tensor, steps: int) -> None:
        """Take this many steps of the power method with the weight W."""
        matrix = weight.detach().flatten(1)
        for _ in range(steps):
            self.u.copy_(_unit(torch.mv(matrix, self.v)))
            self.v.copy_(_unit(torch.mv(matrix.T, self.u)))


def _all_digits(device: str) -> AbstractContextManager[Any]:
    """Return a context without autocast, which would compute s in bfloat16."""
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


def _unit(vector: Tensor) -> Tensor:
    return vector * (torch.dot(vector, vector) + 1e-24).rsqrt()


def _weight_layers(network: nn.Module) -> Iterator[nn.Linear | _ConvNd | nn.Embedding]:
    for layer in network.modules():
        if isinstance(layer, nn.Linear | _ConvNd | nn.Embedding):
            yield layer
