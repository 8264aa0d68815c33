"""The null hypotheses, a constant latent and an independent latent per frame: the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
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


class IIDGenerator(nn.Module):
    """A latent path without memory: z_k = Lift(Embedding([e_k, y])), [e_0, y] = z_0; each e_k is drawn like e_0.

    e is the leading ``spec.noise`` entries, drawn by ``spec.prior``; the condition y is kept at every frame.

    Args:
        spec: the backbone's latent.
        options: the declaration's options; without ``embedding``, only the Lift, the identity for vectors of equal width.
    Shape:
        z0 [N, source], T times on or after the training grid -> [N, T, *spec.shape]; later frames do not change earlier ones.
    """

    def __init__(self, spec: LatentSpec, options: NullOptions) -> None:
        super().__init__()
        self.frames, self.noise, self.prior = spec.frames, spec.noise, spec.prior
        self.embedding = Embedding(spec) if options.embedding else nn.Identity()
        self.lift = Lift(spec)
        # the embedding is initialised as the backbone requires; the Lift, which only adapts shapes, keeps PyTorch's default
        initialise(self.embedding, spec.init)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        frames = [round(t * (self.frames - 1)) for t in times]
        fresh, condition = self._draw(noise, max(frames) + 1), z0[:, self.noise :]
        z = torch.stack([torch.cat([fresh[:, k], condition], dim=1) if k else z0 for k in frames], dim=1)
        return self.lift(self.embedding(z.flatten(0, 1))).unflatten(0, z.shape[:2])

    def _draw(self, noise: Noise, steps: int) -> Tensor:
        """Return [N, steps, noise] from the prior; more steps do not change the first ones, and step 0 is unused."""
        if self.prior == "normal":
            return noise.normal("iid", steps, self.noise)
        return 2.0 * noise.uniform("iid", steps, self.noise) - 1.0
