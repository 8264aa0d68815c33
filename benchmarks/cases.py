"""The models whose iterations are measured: backbone x G_t, at the size of the first run and at the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidgen_bench.compose.composition import Composition, compose
from vidgen_bench.compose.pair import Misfit
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host

TRACKS = {"smoke": "shapes-smoke", "paper": "ucf101-64-paper"}
FIRST = ("tgan+ode1", "tgan+sde", "mocogan+ode1")
PAPER = ("tgan+conv1d", *FIRST, "mocogan+gru", "mocogan+sde")
BATCH = {"cpu": 8, "cuda": 32}
"""Clips per batch at the paper's size; its own batch, 32, takes too long on a CPU."""


@dataclass(frozen=True)
class Case:
    """One model at one size."""

    spec: str
    size: str
    batch: int | None = None
    """Clips per batch; the track's if None."""
    precision: Literal["fp32", "tf32"] = "fp32"

    def composed(self) -> Composition:
        """Return its composition."""
        given = {}
        if self.batch is not None:
            names = ("image_batch", "video_batch") if self.spec.startswith("mocogan") else ("batch",)
            given = {f"backbone.{name}": str(self.batch) for name in names}
        return compose(self.spec, load_track(TRACKS[self.size]), given, Host.of_environment())


def cases(device: str, quick: bool) -> list[Case]:
    """Return the cases: all pairs at the smoke size and the paper's models; with ``quick``, one and, on a GPU, the paper's."""
    if quick:
        return [Case("tgan+ode1", "smoke"), *(_paper(device) if device == "cuda" else [])]
    paper = _paper(device)
    return [*paper, *(case for spec in _specs() if _fits(case := Case(spec, "smoke")))]


def _paper(device: str) -> list[Case]:
    """Return the paper's models at its size; a GPU has room for more of them, and trains two in TF32 too."""
    found = [Case(spec, "paper", BATCH[device]) for spec in (FIRST if device == "cpu" else PAPER)]
    if device == "cuda":
        found += [Case(spec, "paper", BATCH[device], "tf32") for spec in ("tgan+ode1", "mocogan+sde")]
    return found


def _specs() -> list[str]:
    host = Host.of_environment()
    found = []
    for backbone in (f.declaration for f in host.of("backbone")):
        temporal = [f.declaration.name for f in host.of("temporal")] if backbone.own else []
        found += [f"{backbone.name}+{name}" for name in temporal] or [backbone.name]
    return found


def _fits(case: Case) -> bool:
    try:
        case.composed()
    except Misfit:
        return False
    return True
