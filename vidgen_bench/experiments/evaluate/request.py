"""The request and the result of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from vidgen_bench.config.protocol import Precision, Protocol
from vidgen_bench.config.track import Track
from vidgen_bench.data.external.fitting import checked_trim
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.experiments.evaluate.arguments import checked
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation, resolve_track
from vidgen_bench.records.record import Record

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True)
class EvaluationRequest:
    """What to score and how, checked when constructed; :func:`vidgen_bench.evaluate` describes each field.

    Raises:
        RequestError: ``samples`` is not positive, or ``precision`` or ``trim`` is unknown.
    """

    what: str | Path | np.ndarray | Tensor
    track: str | None = None
    protocol: str | None = None
    name: str | None = None
    videos: VideoLocation = field(default_factory=VideoLocation)
    samples: int | None = None
    precision: str | None = None
    resize: bool = False
    trim: str | None = None
    layout: str | None = None
    value_range: str | None = None
    follow_links: bool = False
    conditional: bool = False
    device: str = "auto"
    runs: Path = Path("runs")

    def __post_init__(self) -> None:
        checked_trim(self.trim)
        if self.samples is not None and self.samples < 1:
            raise RequestError(f"--samples {self.samples}: expected a positive whole number.")
        known = get_args(Precision)
        if self.precision is not None and self.precision not in known:
            raise RequestError(f"There is no precision {self.precision!r}.{did_you_mean(self.precision, known)}")

    @classmethod
    def of_arguments(cls, what: Any, **given: Any) -> EvaluationRequest:
        """Return the request for the arguments of :func:`vidgen_bench.evaluate`.

        Raises:
            RequestError: an argument has the wrong type, or an unknown value.
        """
        fields = checked(given)
        videos = VideoLocation(fields.pop("data"), fields.pop("splits"))
        return cls(what, videos=videos, device=fields.pop("device") or "auto", **fields)

    def resolve(self, track: Track, host: Host, protocol: Protocol | None = None) -> ResolvedTrack:
        """Return a track under ``protocol``, else under the requested protocol, else under the track's own protocols.

        Raises:
            RequestError: an unknown protocol, a sample count that the protocol does not allow, or weights that are not installed.
        """
        chosen = protocol or self.protocol
        changes = {"samples": self.samples, "precision": self.precision}
        return resolve_track(track, host, protocols=() if chosen is None else (chosen,), changes=changes)


@dataclass(frozen=True)
class EvaluationResult:
    """A record and its path, and which clips and protocols were left out."""

    path: Path
    record: Record
    already: bool
    """Whether all scores had been computed before."""
    left_over: int = 0
    """Clips that were not scored: too few for another batch, or more than the track takes."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Further protocols of the track that were not used, each with the reason."""

    def table(self) -> dict[str, Any]:
        """Return the result as a JSON table."""
        return {
            "path": str(self.path),
            "already": self.already,
            "left_over": self.left_over,
            "skipped": dict(self.skipped),
            "record": self.record.values(),
        }
