"""Sizes shared by the declarations of TGAN and their networks: the latent, and the clips that the networks can serve."""

from __future__ import annotations

from typing import Literal

from vidgen_bench.api import Clip, LatentSpec

Lipschitz = Literal["svc", "spectral-norm"]
"""How the discriminator is kept Lipschitz: singular value clipping every few iterations, or spectral normalisation."""

LATENT = 100
"""Width of z_0 and of each z_t."""


def misfit(clip: Clip) -> str | None:
    """Return why the networks cannot serve clips of this shape, or None.

    Frame sizes other than 4 * 2^k do not fit, nor do lengths that the discriminator cannot halve down to one.
    """
    if clip.size < 8 or clip.size & (clip.size - 1):
        return f"its frames are a 4 x 4 map doubled repeatedly: 8, 16, 32, 64 ... pixels, not {clip.size}"
    if clip.frames < 2 or clip.frames & (clip.frames - 1) or clip.frames > clip.size // 4:
        return (
            "its discriminator halves the length with every halving of the rows down to 4: "
            f"at {clip.size} pixels it needs clips of 2, 4 ... {clip.size // 4} frames (powers of two), not {clip.frames}"
        )
    return None


def latent_of(clip: Clip) -> LatentSpec:
    """Return the latent: vectors of width 100 from a uniform z_0 of width 100."""
    return LatentSpec(
        shape=(LATENT,),
        frames=clip.frames,
        source=LATENT,
        noise=LATENT,
        prior="uniform",
        embedding=(512, 512, 512),
        init="xavier-sqrt2",
    )
