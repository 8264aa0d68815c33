"""Our integrator against torchdiffeq and torchsde, forward and backward, at the paper's sizes."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.solvers import BATCH, step
from benchmarks.timing import alternate, report


def _step(name: str, backend: str, hidden: str) -> Callable[[], object]:
    return step(f"tgan+{name}", {"temporal.backend": backend, "temporal.hidden": hidden})


def main() -> None:
    """Print both tables."""
    for hidden in ("none", "equal"):
        for name, library in (("ode1", "torchdiffeq"), ("ode3", "torchdiffeq"), ("sde", "torchsde")):
            seconds = alternate({"native": _step(name, "native", hidden), library: _step(name, library, hidden)})
            report(
                f"tgan+{name}, hidden {hidden}, {BATCH} clips, forward and backward",
                seconds,
                "native",
            )
