"""Initialisation and normalisation of all weight layers of a network."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrizations import spectral_norm


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
    """Divide every linear, convolution and embedding weight by an estimate of its largest singular value.

    W / s with s = u^T W v; u and v are buffers that one step of the power method improves at every use in training mode, and that
    stay in evaluation mode. A weight is read as a matrix (out, the rest). PyTorch's ``spectral_norm`` does the work. Inside
    ``torch.nn.utils.parametrize.cached()`` a weight that is used several times is computed once.

    Args:
        network: modified in place; afterwards ``weight`` is computed, and ``parametrizations.weight.original`` is trained.
    Reference: Miyato et al., "Spectral Normalization for Generative Adversarial Networks" (2018), algorithm 1.
    """
    for layer in list(_weight_layers(network)):
        spectral_norm(layer)


def _weight_layers(network: nn.Module) -> Iterator[nn.Linear | _ConvNd | nn.Embedding]:
    for layer in network.modules():
        if isinstance(layer, nn.Linear | _ConvNd | nn.Embedding):
            yield layer
