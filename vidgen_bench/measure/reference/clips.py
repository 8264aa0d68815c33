"""The real clips that reference statistics are computed from."""

from __future__ import annotations

from dataclasses import dataclass

from vidgen_bench.api import Clip, Need
from vidgen_bench.data.sampler import Augment
from vidgen_bench.data.store import Store
from vidgen_bench.measure.reference.manifest import (
    Contents,
)
from vidgen_bench.measure.resolved_protocol import Measure

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

    def augment(self, measure: Measure) -> Augment:
        """Return the protocol's augmentation; crops cannot move where the track's takes every column."""
        return tuple(a for a in measure.protocol.real.augment if a != "shift-x" or self.wide is not None)

    def contents(self, measure: Measure) -> Contents:
        """Return everything that the statistics are of. A protocol's name is not among it: equal rules share their statistics."""
        protocol, augment = measure.protocol, self.augment(measure)
        return Contents(
            version=VERSION,
            data=self.store.fingerprint,
            wide=self.wide.fingerprint if self.wide is not None and "shift-x" in augment else None,
            frames=self.clip.frames,
            passes=protocol.real.passes,
            clips=protocol.real.clips,
            augment=augment,
            seed=SEED,
            sha256=measure.sha256,
            preprocessing=protocol.preprocessing,
            precision=protocol.precision,
        )

    def real(self, measure: Measure) -> str:
        """Return the hash of the contents, which goes into a stamp."""
        return self.contents(measure).hash

    def clips(self, measure: Measure, kind: Need) -> int:
        """Return of how many clips the moments, or the features, are."""
        real = measure.protocol.real
        if kind == "features":
            return self.singles(measure)
        return real.clips or (real.passes or 0) * len(self.store.train)

    def singles(self, measure: Measure) -> int:
        """Return of how many single clips features are kept: one a video, and at least as many as a batch of samples has."""
        return max(len(self.store.train), measure.protocol.samples)
