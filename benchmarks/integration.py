"""Our integrator against torchdiffeq and torchsde, forward and backward, at the paper's sizes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.timing import alternate, report
from vidgen_bench.host import Host
from vidgen_bench.noise import key_of, training_noise
from vidgen_bench.track import load_track

FRAMES, BATCH = 16, 32


def _step(name: str, backend: str, hidden: str) -> Callable[[], object]:
    from vidgen_bench.compose import compose

    given = {"temporal.backend": backend, "temporal.hidden": hidden}
    composition = compose(f"tgan+{name}", load_track("ucf101-64-paper"), given, Host.of_environment())
    module = composition.build_temporal(0)
    assert module is not None
    parameters = tuple(module.parameters())
    noise = training_noise(torch.tensor(key_of(0)), BATCH)
    z: Tensor = 2 * noise.uniform("z", 100) - 1
    return lambda: torch.autograd.grad(module(z, composition.clip.grid, noise).square().sum(), parameters)


def main() -> None:
    """Print both tables."""
    for hidden in ("none", "equal"):
        for name, library in (("ode1", "torchdiffeq"), ("ode3", "torchdiffeq"), ("sde", "torchsde")):
            seconds = alternate({"native": _step(name, "native", hidden), library: _step(name, library, hidden)})
            report(
                f"tgan+{name}, hidden {hidden}, {BATCH} clips of {FRAMES} frames, forward and backward",
                seconds,
                "native",
            )
