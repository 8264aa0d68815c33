"""The models whose iterations are measured: backbone x G_t, at the size of the first run and at the paper's."""

from __future__ import annotations

from dataclasses import dataclass

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
        paper = [Case(spec, "paper", BATCH[device]) for spec in PAPER] if device == "cuda" else []
        return [Case("tgan+ode1", "smoke"), *paper]
    paper = [Case(spec, "paper", BATCH[device]) for spec in (FIRST if device == "cpu" else PAPER)]
    return [*paper, *(case for spec in _specs() if _fits(case := Case(spec, "smoke")))]


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
