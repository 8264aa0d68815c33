"""Time before the first frame, for temporal generators that declare it: smooth through 0, and a flow returns to its start."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec, Times
from vidgen_bench.conformance.checks.smoothness import build_in_precision, check_smoothness
from vidgen_bench.conformance.game_inputs import initial_latent
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.precision import ROUNDING, in_highest_precision, noise_in
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.noise import Noise

ROWS = (0, 1, 2)

WIDTH, FRAMES = 12, 9
"""The size of the latent for the return, a vector equal to z_0."""

NEAR = {torch.float64: 1e-4, torch.float32: 1e-3}
"""The largest distance from the start, relative to the path's length, within the tolerance of an adaptive solver."""

ORDER = 0.5
"""The minimum order of the return error in the frame interval."""


def goes_back(subject: Subject) -> bool:
    """Return whether the temporal generator declares ``before`` and is not stochastic (a stochastic path has kinks)."""
    temporal = subject.composition.temporal
    return temporal is not None and "before" in temporal.can and not temporal.stochastic


def check_reversal(subject: Subject) -> None:
    """Check that the path is smooth through 0, and that a flow returns to its start."""

    def check(dtype: torch.dtype) -> None:
        check_smoothness(subject, dtype)
        check_return(subject, dtype)

    in_highest_precision(check)


def check_return(subject: Subject, dtype: torch.dtype) -> None:
    """Check that a path returns to its start, if the start alone determines it (a flow)."""
    coarse, fine = vector_latent(FRAMES), vector_latent(2 * FRAMES - 1)
    if not (_takes(subject, coarse) and _takes(subject, fine)):
        return
    module = build_in_precision(subject.composition, coarse, dtype)
    noise = noise_in(dtype, ROWS)
    z0 = initial_latent(coarse, noise)
    if not _is_flow(module, z0, noise):
        return
    errors = [
        _return_error(module, z0, noise),
        _return_error(build_in_precision(subject.composition, fine, dtype), z0, noise),
    ]
    if errors[1] <= NEAR[dtype]:
        return
    order = math.log2(errors[0] / errors[1])
    demand(
        order >= ORDER,
        "expected the path to return to its start after going forward by 1 and back by 1 (it declares `before`), up to a solver "
        f"error that falls with the frame interval: it misses its start by {errors[0]:.3g} of the way with {FRAMES} frames and by "
        f"{errors[1]:.3g} with {2 * FRAMES - 1} (order {order:.2g}). Integrate the same equation backwards "
        "(integrate.ode_path does so), or do not declare 'before'.",
    )


def vector_latent(frames: int) -> LatentSpec:
    """Return a latent whose z(0) can be z_0 itself."""
    return LatentSpec((WIDTH,), frames, WIDTH, WIDTH, "normal")


def _takes(subject: Subject, latent: LatentSpec) -> bool:
    composition = subject.composition
    return composition.temporal is not None and not composition.temporal.refuses(latent, composition.temporal_options)


@torch.no_grad()
def _at(module: nn.Module, z0: Tensor, times: Times, noise: Noise) -> Tensor:
    return module(z0, times, noise)


def _is_flow(module: nn.Module, z0: Tensor, noise: Noise) -> bool:
    """Return whether z(0) is z_0 and a path that starts at z(s) continues the original path."""
    s, u = 2 / (FRAMES - 1), 3 / (FRAMES - 1)
    here, there, further = _at(module, z0, (0.0, s, s + u), noise).unbind(1)
    again = _at(module, there, (u,), noise)[:, 0]
    scale = float(z0.abs().max())
    return all(float((a - b).abs().max()) <= ROUNDING[z0.dtype] * scale for a, b in ((here, z0), (again, further)))


def _return_error(module: nn.Module, z0: Tensor, noise: Noise) -> float:
    """Return the distance from the start after going forward by 1 and back by 1, relative to the distance travelled."""
    forward = _at(module, z0, (1.0,), noise)[:, 0]
    back = _at(module, forward, (-1.0,), noise)[:, 0]
    went = float((forward - z0).square().mean().sqrt())
    missed = float((back - z0).square().mean().sqrt())
    return 0.0 if missed <= ROUNDING[z0.dtype] else missed / max(went, missed)
