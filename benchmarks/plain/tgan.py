"""TGAN, plain: the losses of Saito et al. and clipping by the singular value decomposition."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.plain.training import Plain
from vidgen_bench.api import Batch
from vidgen_bench.noise import Noise


class PlainTGAN(Plain):
    """A Wasserstein critic and a generator, one step each; every fifth iteration the critic is clipped."""

    def losses(self, name: str, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return E[D(G(z))] - E[D(x)], or -E[D(G(z))]."""
        if name == "generator":
            return {"fake": -self._critic(self._clips(noise)).mean()}
        assert batch is not None
        real = self._critic(batch.clips).mean()
        return {"real": -real, "fake": self._critic(self._clips(noise).detach()).mean()}

    def _clips(self, noise: Noise) -> Tensor:
        frame = self.parts["generator"].frame
        z = 2.0 * noise.uniform("z", 100) - 1.0
        path = self.path(z, noise)
        n, t = path.shape[:2]
        slow = frame.slow(z).view(n, 1, frame.code, 4, 4).expand(-1, t, -1, -1, -1)
        fast = frame.fast(path.flatten(0, 1)).view(n, t, frame.code, 4, 4)
        frames = frame.render(torch.cat([slow, fast], dim=2).flatten(0, 1))
        return frames.unflatten(0, (n, t)).transpose(1, 2)

    def _critic(self, clips: Tensor) -> Tensor:
        critic = self.parts["discriminator"]
        return critic.score(critic.layers(clips).squeeze(2)).flatten()

    def after(self, iteration: int) -> None:
        """Clip the critic."""
        if iteration % self.composition.backbone_options.clip_every == 0:
            clip_by_svd(self.parts["discriminator"])


@torch.no_grad()
def clip_by_svd(critic: nn.Module) -> None:
    """Clip the singular values of every convolution to at most 1, and the scale of every batch normalisation."""
    for layer in critic.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            u, s, v = torch.linalg.svd(layer.weight.flatten(1), full_matrices=False)
            layer.weight.copy_(((u * s.clamp(max=1.0)) @ v).view_as(layer.weight))
        elif isinstance(layer, nn.BatchNorm3d):
            deviation = layer.running_var.sqrt()
            layer.weight.copy_(torch.minimum(torch.maximum(layer.weight, 0.01 * deviation), deviation))
