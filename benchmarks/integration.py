"""Our integrator against torchdiffeq and torchsde, forward and backward, at the paper's sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.solvers import BATCH, step
from benchmarks.tables import Table
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, alternate, ratios


def _step(name: str, backend: str, hidden: str) -> Callable[[], object]:
    return step(f"tgan+{name}", {"temporal.backend": backend, "temporal.hidden": hidden})


def tables(quick: bool) -> Iterator[Table]:
    """Yield a table per library and width of the equation's network."""
    for hidden in ("none",) if quick else ("none", "equal"):
        for name, library in (("ode1", "torchdiffeq"), ("ode3", "torchdiffeq"), ("sde", "torchsde")):
            pair = {"native": _step(name, "native", hidden), library: _step(name, library, hidden)}
            times = alternate(pair, QUICK_ROUNDS if quick else ROUNDS)
            yield ratios(f"tgan+{name}, hidden {hidden}, {BATCH} clips, forward and backward", times, "native")
