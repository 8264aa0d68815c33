"""The first null hypothesis, a constant latent: the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.latent import Embedding, Lift, initialise

if TYPE_CHECKING:
    from vidgen_bench.noise import Noise
    from vidgen_temporal.nulls import NullOptions


class ConstantGenerator(nn.Module):
    """A constant latent path: z_t = Lift(Embedding(z_0)) for all t.

    Args:
        spec: the backbone's latent.
        options: the declaration's options; without ``embedding``, only the Lift, the identity for vectors of equal width.
    Shape:
        z0 [N, source], T times -> [N, T, *spec.shape].
    """

    def __init__(self, spec: LatentSpec, options: NullOptions) -> None:
        super().__init__()
        self.embedding = Embedding(spec) if options.embedding else nn.Identity()
        self.lift = Lift(spec)
        # the embedding is initialised as the backbone requires; the Lift, which only adapts shapes, keeps PyTorch's default
        initialise(self.embedding, spec.init)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        state = self.lift(self.embedding(z0))
        return state[:, None].expand(-1, len(times), *state.shape[1:])
