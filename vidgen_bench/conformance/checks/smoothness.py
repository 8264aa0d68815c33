r"""A path that extends before the first frame is at least as smooth there as at the frames after it.

The fourth difference of z at t, z(t - 2h) - 4 z(t - h) + 6 z(t) - 4 z(t + h) + z(t + 2h), falls like h^4 on a smooth path, like h on
one with a kink (a path mirrored at 0, or held there), and not at all on one that jumps. A network may have kinks of its own (ReLU)
or oscillate faster than h, but equally at every instant; therefore 0 is compared with instants inside the clip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec
from vidgen_bench.compose.composition import Composition
from vidgen_bench.conformance.game_inputs import initial_latent
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.precision import ROUNDING, noise_in
from vidgen_bench.conformance.subject import Subject

ROWS = tuple(range(32))
"""Many rows, so that kinks at random instants are equally frequent everywhere."""

ORDER = 1.5
"""The minimum order in h of a smooth path: a kink has 1, a kinked derivative 2, a smooth path 4."""

WORSE = 3.0
"""The fourth difference at 0 is too large above this multiple of the largest inside the clip."""

STEPS, DENSER = (16, 64, 256), (4, 8, 16)
"""Steps as fractions of the frame interval; for a path without frames between, densities of the grid."""

WEIGHTS = (1.0, -4.0, 6.0, -4.0, 1.0)


@dataclass(frozen=True)
class Differences:
    """Fourth differences for one step: at 0, and the largest inside the clip."""

    step: float
    at_0: float
    inside: float


def build_in_precision(composition: Composition, latent: LatentSpec, dtype: torch.dtype) -> nn.Module:
    """Build the temporal generator for a latent in this precision and evaluation mode.

    The seed is fixed, so that generators of equal widths have equal weights.
    """
    module = replace(composition, latent=latent).build_temporal(0)
    assert module is not None
    # unlike to(dtype), these leave complex state unchanged
    return (module.double() if dtype == torch.float64 else module.float()).eval()


def check_smoothness(subject: Subject, dtype: torch.dtype) -> None:
    """Check that the path has no kink or jump at 0 that it does not have elsewhere."""
    composition = subject.composition
    assert composition.latent is not None
    if composition.temporal is not None and "between" in composition.temporal.can:
        found = _between(composition, composition.latent, dtype, [0.0])
        if _is_smooth(found, dtype):
            return
        last = 2 * (composition.latent.frames - 1)
        found = _between(composition, composition.latent, dtype, [i / last for i in range(last)])
    else:
        found = _on_grids(composition, composition.latent, dtype)
    demand(
        _is_smooth(found, dtype) or any(d.at_0 <= WORSE * d.inside for d in found[-2:]),
        "expected the path to be smooth through 0, as it declares `before`: the fourth difference "
        f"at 0 is {', '.join(f'{d.at_0:.3g}' for d in found)} as the step falls to {found[-1].step:.2g} (order "
        f"{_order(found):.2g}; a smooth path has about 4, a kink 1), and inside the clip at most "
        f"{', '.join(f'{d.inside:.3g}' for d in found)}. Integrate backwards (integrate.ode_path does so), or do not declare 'before'.",
    )


def _is_smooth(found: Sequence[Differences], dtype: torch.dtype) -> bool:
    return found[-1].at_0 <= ROUNDING[dtype] or _order(found) >= ORDER


def _order(found: Sequence[Differences]) -> float:
    """Return p for which the difference at 0 falls like step^p, from the two finest steps."""
    before, last = found[-2:]
    return math.log(max(before.at_0, 1e-300) / max(last.at_0, 1e-300)) / math.log(before.step / last.step)


def _between(
    composition: Composition, latent: LatentSpec, dtype: torch.dtype, centres: Sequence[float]
) -> list[Differences]:
    """Return the differences around these instants; the first is 0."""
    module = build_in_precision(composition, latent, dtype)
    found = []
    for n in STEPS:
        h = 1 / (n * (latent.frames - 1))
        path = _path(module, latent, [t + k * h for t in centres for k in (-2, -1, 0, 1, 2)], dtype)
        found.append(_differences(path.unflatten(1, (len(centres), len(WEIGHTS))), h))
    return found


def _on_grids(composition: Composition, latent: LatentSpec, dtype: torch.dtype) -> list[Differences]:
    """Return the differences on the frames of denser and denser clips, for a path that is not defined between frames."""
    found = []
    for n in DENSER:
        last = n * (latent.frames - 1)
        spec = replace(latent, frames=last + 1)
        path = _path(build_in_precision(composition, spec, dtype), spec, [k / last for k in range(-2, last + 1)], dtype)
        windows = path.unfold(1, len(WEIGHTS), 1).movedim(-1, 2)  # around 0, 1 ...; those around 1 and 2 reach before 0
        found.append(_differences(torch.cat([windows[:, :1], windows[:, 3:]], dim=1), 1 / last))
    return found


@torch.no_grad()
def _path(module: nn.Module, latent: LatentSpec, times: Sequence[float], dtype: torch.dtype) -> Tensor:
    noise = noise_in(dtype, ROWS)
    path: Tensor = module(initial_latent(latent, noise), tuple(times), noise)
    return path.flatten(2)


def _differences(windows: Tensor, step: float) -> Differences:
    """Return the differences of windows [N, centres, 5, entries], the first around 0, relative to the size of the state."""
    size = max(float(windows.square().mean().sqrt()), 1e-300)
    fourth = torch.einsum("nckx,k->ncx", windows, torch.tensor(WEIGHTS, dtype=windows.dtype))
    sizes = (fourth.square().mean(dim=(0, 2)).sqrt() / size).tolist()
    return Differences(step, sizes[0], max(sizes[1:], default=0.0))
