"""The hinge loss of a GAN (Lim and Ye, "Geometric GAN", 2017, eq. 1; Miyato et al. 2018, eqs. 16 and 17)."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import relu


def hinge_real(scores: Tensor) -> Tensor:
    """Return the discriminator's mean max(0, 1 - D(x)) for the scores of real rows, [...] -> scalar."""
    return relu(1.0 - scores).mean()


def hinge_fake(scores: Tensor) -> Tensor:
    """Return the discriminator's mean max(0, 1 + D(G(z))) for the scores of generated rows, [...] -> scalar."""
    return relu(1.0 + scores).mean()


def hinge_generator(scores: Tensor) -> Tensor:
    """Return the generator's mean -D(G(z)) for the scores of generated rows, [...] -> scalar."""
    return -scores.mean()
