r"""A path that can go before the first frame goes through it smoothly.

The fourth difference of z at 0, z(-2h) - 4 z(-h) + 6 z(0) - 4 z(h) + z(2h), falls like h^4 on a smooth path, like h on one with a
kink (a path mirrored at 0, or held there), and not at all on one that jumps.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from vidgen_bench.api import LatentSpec
from vidgen_bench.compose import Composition
from vidgen_bench.conformance.draws import DoubleNoise, drawn_by
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.play import row_noise, start
from vidgen_bench.conformance.subject import Subject

ROWS = (0, 1, 2)

ORDER = 1.5
"""The least order of h that counts as smooth: a kink has 1, a path with a kinked derivative 2, a smooth one 4."""

ROUNDING = 1e-9
"""A difference this small, against the state, is rounding in float64."""


def built(composition: Composition, latent: LatentSpec) -> nn.Module:
    """Return the temporal generator for a latent, in float64 and evaluation mode; one seed, so that widths that agree have
    the same weights.
    """
    module = replace(composition, latent=latent).build_temporal(0)
    assert module is not None
    return module.double().eval()


def smooth(subject: Subject) -> None:
    """Ask that the path has no kink and no jump at 0."""
    composition = subject.composition
    assert composition.latent is not None
    steps = (4, 8, 16)  # parts of the first frame interval
    if composition.temporal is not None and "between" in composition.temporal.can:
        module = built(composition, composition.latent)
        found = [
            _fourth_difference(module, composition.latent, 1 / (n * (composition.latent.frames - 1))) for n in steps
        ]
    else:
        finer = [replace(composition.latent, frames=n * (composition.latent.frames - 1) + 1) for n in (1, 2, 4)]
        found = [_fourth_difference(built(composition, spec), spec, 1 / (spec.frames - 1)) for spec in finer]
    if found[-1] <= ROUNDING:
        return
    order = math.log2(max(found[0], 1e-300) / found[-1]) / 2
    demand(
        order >= ORDER,
        "expected the path to pass smoothly from instants after 0 to those before, as `before` declares: the fourth difference "
        f"around 0 is {', '.join(f'{d:.3g}' for d in found)} as the step is halved, of order {order:.2g} where a smooth path has "
        f"about 4 and a kink 1. Integrate backwards (integrate.ode_path does), or do not declare 'before'.",
    )


@torch.no_grad()
def _fourth_difference(module: nn.Module, latent: LatentSpec, h: float) -> float:
    """Return the largest fourth difference around 0, against the size of the state."""
    noise = drawn_by(DoubleNoise, row_noise(ROWS))
    path: Tensor = module(start(latent, noise), tuple(k * h for k in (-2, -1, 0, 1, 2)), noise)
    weights = torch.tensor([1.0, -4.0, 6.0, -4.0, 1.0], dtype=path.dtype)
    size = float(path.square().mean().sqrt())
    return float(torch.einsum("ntx,t->nx", path.flatten(2), weights).square().mean().sqrt()) / max(size, 1e-300)
