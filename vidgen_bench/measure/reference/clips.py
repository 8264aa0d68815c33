"""The real clips that reference statistics are computed from."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.api import Clip, Need
from vidgen_bench.data.sampler import Augment
from vidgen_bench.data.store import Store
from vidgen_bench.measure.reference.manifest import (
    Contents,
)
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol

VERSION = 2
"""Raised when what is computed here changes; old cache files are then left aside."""


SEED = 0
"""Reference and anchors belong to the track, not to a run: their draws do not depend on the run's seed."""


@dataclass(frozen=True)
class RealClips:
    """The training clips that a measure's statistics are of."""

    store: Store
    wide: Store | None
    """The same videos with every column, where the protocol's crops move sideways."""
    clip: Clip

    def augment(self, resolved: ResolvedProtocol) -> Augment:
        """Return the protocol's augmentation; crops cannot move where the track's takes every column."""
        return tuple(a for a in resolved.protocol.real.augment if a != "shift-x" or self.wide is not None)

    def contents(self, resolved: ResolvedProtocol) -> Contents:
        """Return everything that the statistics are of. A protocol's name is not among it: equal rules share their statistics."""
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
        """Return the hash of the contents, which goes into a stamp."""
        return self.contents(resolved).hash

    def clips(self, resolved: ResolvedProtocol, kind: Need) -> int:
        """Return of how many clips the moments, or the features, are."""
        real = resolved.protocol.real
        if kind == "features":
            return self.singles(resolved)
        return real.clips or (real.passes or 0) * len(self.store.train)

    def singles(self, resolved: ResolvedProtocol) -> int:
        """Return of how many single clips features are kept: one a video, and at least as many as a batch of samples has."""
        return max(len(self.store.train), resolved.protocol.samples)
