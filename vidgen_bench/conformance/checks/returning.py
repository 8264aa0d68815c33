"""A flow that goes forward and back returns to where it began, up to its solver's error."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.conformance.checks.smoothness import built
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import start
from vidgen_bench.conformance.precision import ROUNDING, noise_in
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.noise import Noise

ROWS = (0, 1, 2)

WIDTH, FRAMES = 12, 9
"""Of the plain latent, a vector that is z_0 itself."""

NEAR = {torch.float64: 1e-4, torch.float32: 1e-3}
"""A return this near, against how far the path went, is within what an adaptive solver promises."""

ORDER = 0.5
"""The least order of the return in the frame interval."""


def returns(subject: Subject, dtype: torch.dtype) -> None:
    """Ask a path that is a flow of its own start to come back to it."""
    coarse, fine = plain(FRAMES), plain(2 * FRAMES - 1)
    if not (_takes(subject, coarse) and _takes(subject, fine)):
        return
    module = built(subject.composition, coarse, dtype)
    noise = noise_in(dtype, ROWS)
    z0 = start(coarse, noise)
    if not _is_flow(module, z0, noise):
        return
    errors = [_error(module, z0, noise), _error(built(subject.composition, fine, dtype), z0, noise)]
    if errors[1] <= NEAR[dtype]:
        return
    order = math.log2(errors[0] / errors[1])
    demand(
        order >= ORDER,
        "expected the path to return when it goes forward by 1 and back by 1, as `before` declares, up to the solver's error, "
        f"which falls as frames come closer: it misses its start by {errors[0]:.3g} of the way with {FRAMES} frames and by "
        f"{errors[1]:.3g} with {2 * FRAMES - 1} (order {order:.2g}). Integrate backwards with the same equation "
        "(integrate.ode_path does), or do not declare 'before'.",
    )


def plain(frames: int) -> LatentSpec:
    """Return a latent that nothing stands before: z(0) can be z_0."""
    return LatentSpec((WIDTH,), frames, WIDTH, WIDTH, "normal")


def _takes(subject: Subject, latent: LatentSpec) -> bool:
    composition = subject.composition
    return composition.temporal is not None and not composition.temporal.refuses(latent, composition.temporal_options)


@torch.no_grad()
def _at(module: nn.Module, z0: Tensor, times: Times, noise: Noise) -> Tensor:
    return module(z0, times, noise)


def _is_flow(module: nn.Module, z0: Tensor, noise: Noise) -> bool:
    """Return whether z(0) is z_0, and a path that starts at z(s) is the rest of the path."""
    s, u = 2 / (FRAMES - 1), 3 / (FRAMES - 1)
    here, there, further = _at(module, z0, (0.0, s, s + u), noise).unbind(1)
    again = _at(module, there, (u,), noise)[:, 0]
    scale = float(z0.abs().max())
    return all(float((a - b).abs().max()) <= ROUNDING[z0.dtype] * scale for a, b in ((here, z0), (again, further)))


def _error(module: nn.Module, z0: Tensor, noise: Noise) -> float:
    """Return how far a path forward by 1 and back by 1 ends from its start, against how far it went."""
    forward = _at(module, z0, (1.0,), noise)[:, 0]
    back = _at(module, forward, (-1.0,), noise)[:, 0]
    went = float((forward - z0).square().mean().sqrt())
    missed = float((back - z0).square().mean().sqrt())
    return 0.0 if missed <= ROUNDING[z0.dtype] else missed / max(went, missed)
