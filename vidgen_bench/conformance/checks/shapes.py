"""Shapes, types and ranges of a path of latents and of clips."""

from __future__ import annotations

import torch
from torch import Tensor

from vidgen_bench.conformance.nonconformance import Nonconformance, demand, told
from vidgen_bench.conformance.play import PURPOSE, difference, lively, row_noise, sample, start
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.conformance.views import TOLERANCE
from vidgen_bench.conformance.warming import warmed
from vidgen_bench.noise import sampling_noise

ROWS = (0, 1)

MIXED = ("same device", "expected device")
"""What torch says of tensors on two devices."""

EDGE = 1.0 + 1e-5
"""The largest pixel that the evaluation lets pass."""

WARMED = 1e-6
"""How far apart two clips are at least after a few iterations; they have hardly begun."""


def shapes(subject: Subject) -> None:
    """Ask for a path [N, T, *shape] and clips [N, C, T, H, W], float32, finite, clips within [-1, 1] and not all the same.

    A variant changes the path alone.
    """
    clip = subject.composition.clip
    if subject.composition.latent is not None:
        latent = subject.composition.latent
        _ask_tensor("the path of the temporal generator", path(subject), (len(ROWS), clip.frames, *latent.shape))
        if subject.composition.resolved.spec.variant is not None:
            return
        _ask_device(subject)
    clips = sample(lively(subject.game(), clip), ROWS, clip.grid)
    _ask_tensor("game.sample", clips, (len(ROWS), clip.channels, clip.frames, clip.size, clip.size))
    most = float(clips.abs().max())
    demand(most <= EDGE, f"expected pixels in [-1, 1]: the largest is {most:.3g}. End the renderer with a tanh.")
    apart, least = difference(clips[0], clips[1]), TOLERANCE
    if apart <= least:  # weights that start at zero get a few iterations
        clips, least = sample(lively(warmed(subject), clip), ROWS, clip.grid), WARMED
        apart = difference(clips[0], clips[1])
    demand(
        apart > least,
        "expected samples 0 and 1 to differ: they are the same picture by picture. Draw z from the noise that sample() is given.",
    )


@torch.no_grad()
def path(subject: Subject) -> Tensor:
    """Return what the temporal generator alone makes of z_0 on the training grid."""
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    assert module is not None
    assert latent is not None
    noise = row_noise(ROWS)
    return module.eval()(start(latent, noise), composition.clip.grid, noise)


@torch.no_grad()
def _ask_device(subject: Subject) -> None:
    """On the meta device, which has shapes and no numbers, a tensor that is made on another device shows without an accelerator."""
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    assert module is not None
    assert latent is not None
    noise = sampling_noise(0, PURPOSE, torch.tensor(ROWS, device="meta"))
    try:
        module.eval().to("meta")(start(latent, noise), composition.clip.grid, noise)
    except (RuntimeError, NotImplementedError) as error:
        text = " ".join(str(error).split())
        if not any(word in text for word in MIXED):
            return  # it asks for a number (an adaptive solver's step): the device of nothing can be seen here
        raise Nonconformance(
            f"expected the path to be computed on the device of z_0: on the meta device {told(error, subject.packages)}. "
            "Make tensors with device=z0.device, or keep them as buffers of the module, which move with it."
        ) from error


def _ask_tensor(what: str, given: object, shape: tuple[int, ...]) -> None:
    demand(isinstance(given, Tensor), f"expected {what} to be a tensor, not {type(given).__name__}")
    assert isinstance(given, Tensor)
    demand(tuple(given.shape) == shape, f"expected {what} of shape {list(shape)}, not {list(given.shape)}")
    demand(given.dtype == torch.float32, f"expected {what} in float32, not {str(given.dtype).removeprefix('torch.')}")
    demand(bool(given.isfinite().all()), f"expected {what} to be finite: {_share(given)} of it is not")


def _share(given: Tensor) -> str:
    return f"{float((~given.isfinite()).double().mean()):.1%}"
