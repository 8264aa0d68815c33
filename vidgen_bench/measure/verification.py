"""Compares the statistics and anchors of real clips that ship with the package, and those in the cache, with ones computed now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.anchors import anchors_file, compute_anchors, read_anchors, shipped_anchors, write_anchors
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.folder import KINDS, ReferenceFolder, load_features
from vidgen_bench.measure.reference.manifest import MANIFEST, Kind
from vidgen_bench.measure.reference.moments import load_moments
from vidgen_bench.measure.reference.statistics import reference_statistics
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.shipped import read_shipped, ships
from vidgen_bench.system.hashed_files import write_hashed
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.regular_files import is_there, read_file

ALLOWED = 1e-4
"""The largest relative difference of statistics that counts as rounding; other thread counts and processors stay below it."""

ALLOWED_ANCHORS = 1e-2
"""The same for the scores of anchors: a metric that counts clips, such as precision, changes by whole clips."""


@dataclass(frozen=True)
class Comparison:
    """The statistics of one file compared with those computed now."""

    what: str
    """``"fc7 moments"``, ``"anchors"``."""
    place: str
    """``"package"`` or ``"cache"``."""
    difference: float
    """The largest difference, relative to the largest value; of anchors, relative to the score or to 1."""
    allowed: float
    fault: str = ""
    """Why the file cannot be read, or ""."""

    @property
    def agrees(self) -> bool:
        """Whether the file holds what is computed now, up to rounding."""
        return not self.fault and self.difference <= self.allowed


@dataclass(frozen=True)
class _Item:
    """One file of statistics: its place in a cache and in the package, and how two of them are compared."""

    what: str
    shipped: str
    path: Callable[[Path], Path]
    """``(cache folder) -> file``."""
    difference: Callable[[Path, Path], float]
    allowed: float


class Verification:
    """Statistics and anchors of one protocol, computed now in a folder of their own; the package and the cache are left alone."""

    def __init__(
        self, resolved: ResolvedProtocol, real: RealClips, device: torch.device, now: Path, observer: Observer
    ) -> None:
        """Take the protocol, the real clips, and an empty folder for what is computed now."""
        self._resolved, self._real, self._device, self._now, self._observer = resolved, real, device, now, observer
        self._items = [self._statistics(layer, need) for need in KINDS for layer in self._folder(now).layers(need)]

    def kept(self, cache: Path) -> bool:
        """Return whether the package or the cache has statistics to compare."""
        return any(is_there(i.path(cache)) or ships(i.shipped) for i in self._items)

    def compute(self, batches: int) -> None:
        """Compute the statistics and the anchors, in so many batches of real clips.

        Raises:
            VidgenBenchError: the disk is full.
        """
        extractor = FeatureExtractor(self._resolved, self._real.clip, self._device)
        reference_statistics(extractor, self._real, self._now, self._observer, shipped=False)
        evaluator = Evaluator(self._resolved, self._real, self._device, self._now, self._observer)
        key = (self._resolved, self._real, self._device, batches)
        path = partial(anchors_file, *key)
        write_anchors(path(self._now), compute_anchors(evaluator, batches, self._observer))
        difference = partial(_of_anchors, evaluator)
        self._items.append(_Item("anchors", shipped_anchors(*key), path, difference, ALLOWED_ANCHORS))

    def comparisons(self, cache: Path, spare: Path) -> Iterator[Comparison]:
        """Yield the comparisons of what the package and the cache have; ``spare`` is an empty folder."""
        for item in self._items:
            for place, folder in (("package", spare), ("cache", cache)):
                path = item.path(folder)
                try:
                    if place == "package" and (content := read_shipped(item.shipped)) is not None:
                        write_hashed(path, partial(_write, content))
                    if is_there(path):
                        difference = item.difference(path, item.path(self._now))
                        yield Comparison(item.what, place, difference, item.allowed)
                except RecordError as error:
                    yield Comparison(item.what, place, math.inf, item.allowed, str(error))

    def write(self, folder: Path) -> None:
        """Write what was computed to a folder, in the form in which it ships with the package.

        Raises:
            VidgenBenchError: the disk is full or the folder is not writable.
        """
        files = {item.shipped: item.path(self._now) for item in self._items}
        reference = self._folder(self._now)
        files[f"{reference.shipped}/{MANIFEST}"] = reference.path / MANIFEST
        for name, path in files.items():
            write_hashed(folder / name, partial(_write, read_file(path)))

    def _folder(self, cache: Path) -> ReferenceFolder:
        return ReferenceFolder(cache, self._resolved, self._real, self._device)

    def _statistics(self, layer: str, need: Kind) -> _Item:
        def path(cache: Path) -> Path:
            return self._folder(cache).file(layer, need)

        name = f"{self._folder(self._now).shipped}/{path(self._now).name}"
        count = self._real.clips(self._resolved, need)
        as_kept = partial(load_features, count=count, dtype=self._folder(self._now).dtype(layer))
        difference = _of_moments if need == "moments" else partial(_of_features, as_kept)
        return _Item(f"{layer} {need}", name, path, difference, ALLOWED)


def _write(content: bytes, stream: BinaryIO) -> None:
    stream.write(content)


def _of_moments(kept: Path, now: Path) -> float:
    one, other = load_moments(kept), load_moments(now)
    if one.count != other.count:
        return math.inf
    return max(_relative(one.mean, other.mean), _relative(one.covariance, other.covariance))


def _of_features(load: Callable[[Path], Tensor], kept: Path, now: Path) -> float:
    return _relative(load(kept), load(now))


def _relative(kept: Tensor, now: Tensor) -> float:
    if kept.shape != now.shape:
        return math.inf
    return float((kept - now).abs().max() / now.abs().max().clamp(min=1e-30))


def _of_anchors(evaluator: Evaluator, kept: Path, now: Path) -> float:
    one, other = read_anchors(kept, evaluator), read_anchors(now, evaluator)
    if {a: s.keys() for a, s in one.items()} != {a: s.keys() for a, s in other.items()}:
        return math.inf
    return max(
        abs(a - b) / max(1.0, abs(b))
        for anchor, scores in other.items()
        for metric, score in scores.items()
        for a, b in zip(one[anchor][metric].values, score.values, strict=True)
    )
