"""The shapes, types and value ranges of paths and clips."""

from __future__ import annotations

import torch
from torch import Tensor

from vidgen_bench.conformance.checks.step import warm_up
from vidgen_bench.conformance.comparison import largest_difference
from vidgen_bench.conformance.game_inputs import PURPOSE, initial_latent, row_noise
from vidgen_bench.conformance.game_state import calibrate_batch_norm, sample_clips
from vidgen_bench.conformance.nonconformance import Nonconformance, demand, describe_exception
from vidgen_bench.conformance.outputs import TOLERANCE
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.noise import Noise, sampling_noise

ROWS = (0, 1)

MIXED = ("same device", "expected device")
"""Words of torch's errors about tensors on two devices."""

EDGE = 1.0 + 1e-5
"""The largest pixel value that evaluation accepts."""

WARMED = 1e-6
"""The minimum difference of two clips after a few iterations; they have barely diverged."""


def check_shapes(subject: Subject) -> None:
    """Check that paths [N, T, *shape] and clips [N, C, T, H, W] are finite float32, and that clips differ and lie in [-1, 1].

    A variant changes the path alone.
    """
    clip = subject.composition.clip
    if subject.composition.latent is not None:
        latent = subject.composition.latent
        found = path(subject, row_noise(ROWS))
        _check_tensor("the path of the temporal generator", found, (len(ROWS), clip.frames, *latent.shape))
        if subject.composition.resolved.spec.variant is not None:
            return
        _check_device(subject)
    clips = sample_clips(calibrate_batch_norm(subject.game(), clip), ROWS, clip.grid)
    _check_tensor("game.sample", clips, (len(ROWS), clip.channels, clip.frames, clip.size, clip.size))
    most = float(clips.abs().max())
    demand(most <= EDGE, f"expected pixels in [-1, 1]: the largest is {most:.3g}. End the renderer with a tanh.")
    apart, least = largest_difference(clips[0], clips[1]), TOLERANCE
    if apart <= least:  # weights that start at zero need a few iterations
        clips, least = sample_clips(calibrate_batch_norm(warm_up(subject), clip), ROWS, clip.grid), WARMED
        apart = largest_difference(clips[0], clips[1])
    demand(
        apart > least,
        "expected samples 0 and 1 to differ: they are the same in every frame. Draw z from the noise passed to sample().",
    )


@torch.no_grad()
def path(subject: Subject, noise: Noise) -> Tensor:
    """Return the path of the temporal generator on the training grid, computed on the device of the noise."""
    composition = subject.composition
    module, latent = composition.build_temporal(0), composition.latent
    assert module is not None
    assert latent is not None
    module.eval().to(noise.rows.device)
    return module(initial_latent(latent, noise), composition.clip.grid, noise)


def _check_device(subject: Subject) -> None:
    """Run on the meta device, which has no values, to find tensors that are created on another device; no accelerator is needed."""
    try:
        path(subject, sampling_noise(0, PURPOSE, torch.tensor(ROWS, device="meta")))
    except (RuntimeError, NotImplementedError) as error:
        text = " ".join(str(error).split())
        if not any(word in text for word in MIXED):
            return  # it reads a value (an adaptive solver's step), which the meta device does not have
        raise Nonconformance(
            f"expected the path to be computed on the device of z_0; on the meta device, {describe_exception(error, subject.packages)}. "
            "Create tensors with device=z0.device, or register them as buffers, which move with the module."
        ) from error


def _check_tensor(what: str, given: object, shape: tuple[int, ...]) -> None:
    demand(isinstance(given, Tensor), f"expected {what} to be a tensor, not {type(given).__name__}")
    assert isinstance(given, Tensor)
    demand(tuple(given.shape) == shape, f"expected {what} of shape {list(shape)}, not {list(given.shape)}")
    demand(given.dtype == torch.float32, f"expected {what} in float32, not {str(given.dtype).removeprefix('torch.')}")
    demand(bool(given.isfinite().all()), f"expected {what} to be finite: {_share(given)} of its values are not")


def _share(given: Tensor) -> str:
    return f"{float((~given.isfinite()).double().mean()):.1%}"
