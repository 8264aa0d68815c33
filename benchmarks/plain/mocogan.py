"""MoCoGAN, plain: binary cross-entropies, and single images from the whole pool of clips."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F
from vidgen_backbones.mocogan import latents

from benchmarks.plain.training import Plain
from vidgen_bench.api import Batch
from vidgen_bench.noise import Noise


class PlainMoCoGAN(Plain):
    """An image discriminator, a video discriminator and a generator, one step each; without class labels."""

    def losses(self, name: str, batch: Batch | None, noise: Noise) -> dict[str, Tensor]:
        """Return the terms of a player: BCE(D(x), 1) + BCE(D(G(z)), 0), or BCE(D_V(G(z)), 1) + BCE(D_I(G(z')), 1)."""
        if name == "generator":
            clips, images = self._clips(noise), self._images(noise)
            return {"video": _bce(self._video(clips), 1.0), "image": _bce(self._image(images), 1.0)}
        assert batch is not None
        if name == "image_discriminator":
            real, fake = self._image(batch.clips.squeeze(2)), self._image(self._images(noise).detach())
        else:
            real, fake = self._video(batch.clips), self._video(self._clips(noise).detach())
        return {"real": _bce(real, 1.0), "fake": _bce(fake, 0.0)}

    def after(self, iteration: int) -> None:
        """Nothing follows an iteration of MoCoGAN."""

    def _codes(self, noise: Noise) -> Tensor:
        """Return the vectors of all frames [N, T, F + D]."""
        options = self.composition.backbone_options
        fixed, motion = latents.fixed(options, noise), self.path(latents.start(options, noise), noise)
        return torch.cat([fixed[:, None].expand(-1, motion.shape[1], -1), motion], dim=2)

    def _render(self, codes: Tensor) -> Tensor:
        frame = self.parts["generator"].frame
        return frame.render(frame.map(codes[:, :, None, None]))

    def _clips(self, noise: Noise) -> Tensor:
        codes = self._codes(noise)
        return self._render(codes.flatten(0, 1)).unflatten(0, codes.shape[:2]).transpose(1, 2)

    def _images(self, noise: Noise) -> Tensor:
        options = self.composition.backbone_options
        pool = replace(noise, rows=options.video_batch + torch.arange(2 * options.image_batch * self.frames))
        pool = replace(pool, rows=pool.rows.to(noise.rows.device))
        videos, frames = latents.picks(noise, options.image_batch, self.frames)
        return self._render(self._codes(pool)[videos, frames])

    def _image(self, images: Tensor) -> Tensor:
        return _scores(self.parts["image_discriminator"], images)

    def _video(self, clips: Tensor) -> Tensor:
        return _scores(self.parts["video_discriminator"], clips)


def _scores(discriminator: torch.nn.Module, x: Tensor) -> Tensor:
    for layer in discriminator.layers:
        x = layer(x)
    return x[:, :1]


def _bce(logits: Tensor, truth: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
