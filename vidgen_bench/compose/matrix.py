"""The grid of all pairs on a track: every backbone with every temporal generator, and the reason if they do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vidgen_bench.compose.pair import Misfit, fit
from vidgen_bench.config.spec import Spec
from vidgen_bench.config.track import Track
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.host.host import Host


@dataclass(frozen=True)
class Cell:
    """One pair: ``temporal`` is None for a backbone without a temporal generator, ``refusal`` is None if the pair fits."""

    backbone: str
    temporal: str | None
    own: bool
    """Whether it is the backbone's own temporal generator."""
    refusal: VidgenBenchError | None

    @property
    def reason(self) -> str | None:
        """The reason why the pair does not fit, without its spec."""
        if self.refusal is None:
            return None
        return self.refusal.reason if isinstance(self.refusal, Misfit) else str(self.refusal)

    @property
    def spec(self) -> str:
        """The spec, as passed to ``run``."""
        return str(Spec(self.backbone, self.temporal))


def matrix(track: Track, host: Host) -> list[Cell]:
    """Return every cell of the grid, backbone by backbone, from the declarations alone: no network is built."""
    return [
        Cell(spec.backbone, spec.temporal, own, _refusal(spec, track, host))
        for backbone in host.of("backbone")
        for spec, own in _specs(backbone.name, backbone.declaration.own, host)
    ]


def _specs(backbone: str, own: str | None, host: Host) -> Iterator[tuple[Spec, bool]]:
    if own is None:
        yield Spec(backbone), False
    for temporal in host.of("temporal"):
        yield Spec(backbone, temporal.name), temporal.name == own


def _refusal(spec: Spec, track: Track, host: Host) -> VidgenBenchError | None:
    try:
        fit(spec, track, {}, host, counted=False)
    except VidgenBenchError as error:
        return error
    return None
