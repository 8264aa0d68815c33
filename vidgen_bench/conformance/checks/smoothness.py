r"""A path that can go before the first frame goes through it smoothly, or no less so than through the frames after it.

The fourth difference of z at t, z(t - 2h) - 4 z(t - h) + 6 z(t) - 4 z(t + h) + z(t + 2h), falls like h^4 on a smooth path, like h on
one with a kink (a path mirrored at 0, or held there), and not at all on one that jumps. A network may bring kinks of its own (ReLU)
or swings that are faster than h; they are at any instant, and 0 is compared with others inside the clip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec
from vidgen_bench.compose.composition import Composition
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import start
from vidgen_bench.conformance.precision import ROUNDING, cast, noise_in
from vidgen_bench.conformance.subject import Subject

ROWS = tuple(range(32))
"""Many, so that kinks at instants of their own are about as many around one instant as around another."""

ORDER = 1.5
"""The least order of h that counts as smooth: a kink has 1, a path with a kinked derivative 2, a smooth one 4."""

WORSE = 3.0
"""The fourth difference at 0 stands out where it is more than so many times the largest inside the clip."""

STEPS, DENSER = (16, 64, 256), (4, 8, 16)
"""Steps in parts of the frame interval; where a path has no frames between, grids so many times as dense."""

WEIGHTS = (1.0, -4.0, 6.0, -4.0, 1.0)


@dataclass(frozen=True)
class Differences:
    """Fourth differences of one step: at 0, and the largest inside the clip."""

    step: float
    at_0: float
    inside: float


def built(composition: Composition, latent: LatentSpec, dtype: torch.dtype) -> nn.Module:
    """Return the temporal generator for a latent, in this precision and evaluation mode; one seed, so that widths that agree
    have the same weights.
    """
    module = replace(composition, latent=latent).build_temporal(0)
    assert module is not None
    return cast(module, dtype).eval()


def smooth(subject: Subject, dtype: torch.dtype) -> None:
    """Ask that the path has no kink and no jump at 0 that it does not have elsewhere."""
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
        "expected the path to pass smoothly from instants after 0 to those before, as `before` declares: the fourth difference "
        f"around 0 is {', '.join(f'{d.at_0:.3g}' for d in found)} as the step falls to {found[-1].step:.2g}, of order "
        f"{_order(found):.2g} where a smooth path has about 4 and a kink 1, and inside the clip at most "
        f"{', '.join(f'{d.inside:.3g}' for d in found)}. Integrate backwards (integrate.ode_path does), or do not declare 'before'.",
    )


def _is_smooth(found: Sequence[Differences], dtype: torch.dtype) -> bool:
    return found[-1].at_0 <= ROUNDING[dtype] or _order(found) >= ORDER


def _order(found: Sequence[Differences]) -> float:
    """Return the order in the step of the difference at 0, as it is towards the finest."""
    before, last = found[-2:]
    return math.log(max(before.at_0, 1e-300) / max(last.at_0, 1e-300)) / math.log(before.step / last.step)


def _between(
    composition: Composition, latent: LatentSpec, dtype: torch.dtype, centres: Sequence[float]
) -> list[Differences]:
    """Return what is found around these instants, the first of them 0."""
    module = built(composition, latent, dtype)
    found = []
    for n in STEPS:
        h = 1 / (n * (latent.frames - 1))
        path = _path(module, latent, [t + k * h for t in centres for k in (-2, -1, 0, 1, 2)], dtype)
        found.append(_differences(path.unflatten(1, (len(centres), len(WEIGHTS))), h))
    return found


def _on_grids(composition: Composition, latent: LatentSpec, dtype: torch.dtype) -> list[Differences]:
    """Return what is found on the frames of ever denser clips, where the path shows no others."""
    found = []
    for n in DENSER:
        last = n * (latent.frames - 1)
        spec = replace(latent, frames=last + 1)
        path = _path(built(composition, spec, dtype), spec, [k / last for k in range(-2, last + 1)], dtype)
        windows = path.unfold(1, len(WEIGHTS), 1).movedim(
            -1, 2
        )  # around 0, 1 ...; those around 1 and 2 see what is before 0
        found.append(_differences(torch.cat([windows[:, :1], windows[:, 3:]], dim=1), 1 / last))
    return found


@torch.no_grad()
def _path(module: nn.Module, latent: LatentSpec, times: Sequence[float], dtype: torch.dtype) -> Tensor:
    noise = noise_in(dtype, ROWS)
    path: Tensor = module(start(latent, noise), tuple(times), noise)
    return path.flatten(2)


def _differences(windows: Tensor, step: float) -> Differences:
    """Return the differences of windows [N, centres, 5, entries], the first around 0, against the size of the state."""
    size = max(float(windows.square().mean().sqrt()), 1e-300)
    fourth = torch.einsum("nckx,k->ncx", windows, torch.tensor(WEIGHTS, dtype=windows.dtype))
    sizes = (fourth.square().mean(dim=(0, 2)).sqrt() / size).tolist()
    return Differences(step, sizes[0], max(sizes[1:], default=0.0))
