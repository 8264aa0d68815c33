"""What is asked of an evaluation, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from vidgen_bench.config.protocol import Precision, Protocol
from vidgen_bench.config.track import Track
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation, resolve_track
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class EvaluationRequest:
    """What a person asks for beside the clips."""

    protocol: str | None = None
    """Instead of the track's own."""
    samples: int | None = None
    precision: str | None = None
    videos: VideoLocation = field(default_factory=VideoLocation)
    device: str = "auto"

    def resolved_track(self, track: Track, host: Host, own: Protocol | None = None) -> ResolvedTrack:
        """Return the bench of a track under the protocol that is asked for.

        Args:
            own: instead, as it was read already.
        Raises:
            RequestError: a protocol or precision that is unknown, a number of samples that it does not take, or weights that are
                not here.
        """
        if self.samples is not None and self.samples < 1:
            raise RequestError(f"--samples {self.samples}: expected a positive whole number.")
        if self.precision is not None and self.precision not in get_args(Precision):
            raise RequestError(
                f"The precision {self.precision!r} is unknown.{did_you_mean(self.precision, get_args(Precision))}"
            )
        protocol = own or self.protocol
        protocols = (protocol,) if protocol is not None else ()
        return resolve_track(
            track, host, protocols=protocols, changes={"samples": self.samples, "precision": self.precision}
        )


@dataclass(frozen=True)
class EvaluationResult:
    """A record, where it lies, and what there is to say of how it came about."""

    path: Path
    record: Record
    already: bool
    """Whether all of it had been measured before."""
    left_over: int = 0
    """Clips that fill no further batch, or that the track does not ask for."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Protocols that the track also asks for, and why they were not measured."""

    def table(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "path": str(self.path),
            "already": self.already,
            "left_over": self.left_over,
            "skipped": dict(self.skipped),
            "record": self.record.model_dump(mode="json", by_alias=True),
        }
