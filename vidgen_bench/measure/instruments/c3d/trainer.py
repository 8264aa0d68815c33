"""Trains C3D for ``vidgen-bench instrument train``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import Report, TrainingRequest
from vidgen_bench.measure.instruments.c3d.location import target_of


@dataclass(frozen=True)
class C3DTrainer:
    """Trains a slim C3D (channels / 8) and writes it in float16."""

    kind: str
    size: int | None
    """Rows and columns of the clips, if the network reads them without a resize; None for the 112 pixels of the published C3D."""
    motion: bool = False
    """Whether the network is also trained to recognise shuffled and frozen clips."""

    def target(self, name: str) -> Path:
        """Return the path of the weights file; raises ``RequestError`` for the name of an instrument that ships."""
        return target_of(name)

    def write(self, request: TrainingRequest, target: Path, report: Report) -> str:
        """Train on the request's clips, write ``target`` and return a line with the held-out accuracy."""
        from vidgen_bench.measure.instruments.c3d.training import train_instrument, write_trained

        trained = train_instrument(request, report, size=self.size, motion=self.motion)
        sha256 = write_trained(target, trained, request)
        altered = "".join(f", {n} of {trained.clips} recognised when {view}" for view, n in trained.recognised.items())
        return (
            f"{target}: {trained.correct} of {trained.clips} held-out clips classified correctly ({trained.accuracy:.1%}){altered}; "
            f"sha256 {sha256}"
        )
