"""The real clips from which reference statistics are computed."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.api import Clip
from vidgen_bench.data.sampler import Augment
from vidgen_bench.data.store import Store
from vidgen_bench.measure.reference.manifest import Contents, Kind
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol

VERSION = 2
"""Version of the statistics; increase it when their definition changes, so that old cache files are ignored."""

SEED = 0
"""The seed of reference statistics and anchors: their clips belong to the track and do not depend on a run's seed."""


@dataclass(frozen=True)
class RealClips:
    """The training clips from which a protocol's reference statistics are computed."""

    store: Store
    wide: Store | None
    """The same videos with every column, if the protocol's augmentation moves crops sideways; else None."""
    clip: Clip

    def augment(self, resolved: ResolvedProtocol) -> Augment:
        """Return the protocol's augmentation, without "shift-x" if the track's crop already has every column."""
        return tuple(a for a in resolved.protocol.real.augment if a != "shift-x" or self.wide is not None)

    def contents(self, resolved: ResolvedProtocol) -> Contents:
        """Return everything that determines the statistics; protocols with equal rules share them, so the name is not included."""
        protocol, augment = resolved.protocol, self.augment(resolved)
        return Contents(
            version=VERSION,
            data=self.store.fingerprint,
            wide=self.wide.fingerprint if self.wide is not None and "shift-x" in augment else None,
            frames=self.clip.frames,
            passes=protocol.real.passes,
            clips=protocol.real.clips,
            augment=augment,
            seed=SEED,
            sha256=resolved.sha256,
            preprocessing=protocol.preprocessing,
            precision=protocol.precision,
        )

    def contents_hash(self, resolved: ResolvedProtocol) -> str:
        """Return the hash of the contents, for the protocol's stamp."""
        return self.contents(resolved).hash

    def clips(self, resolved: ResolvedProtocol, kind: Kind) -> int:
        """Return the number of clips behind the moments or the features."""
        return clips_behind(resolved, kind, len(self.store.train))

    def singles(self, resolved: ResolvedProtocol) -> int:
        """Return the number of clips whose features are stored: one per video, and at least one per sample of a batch."""
        return clips_behind(resolved, "features", len(self.store.train))


def clips_behind(resolved: ResolvedProtocol, kind: Kind, videos: int) -> int:
    """Return the number of real clips behind a protocol's moments or features, for this many training videos."""
    real = resolved.protocol.real
    if kind == "features":
        return max(videos, resolved.protocol.samples)
    return real.clips or (real.passes or 0) * videos
