"""Reference statistics: what a measure knows of the real training clips, computed once and kept by content.

Moments are streamed in float64 over whole passes of the training list, each with fresh offsets (ten, as the paper's), or over as
many clips as the protocol says. The files are named by the hash of everything that they are of, never by a name or a path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidgen_bench.api import Clip, FeatureSet, Moments, Need, Reference
from vidgen_bench.batch_size import CHUNK
from vidgen_bench.data.sampler import Augment, ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.errors import RecordError
from vidgen_bench.evaluation import Meter
from vidgen_bench.files import write_text, write_whole
from vidgen_bench.measure import Measure
from vidgen_bench.metrics.moments import MomentAccumulator, load_moments, save_moments
from vidgen_bench.training.observer import Observer

VERSION = 2
"""Raised when what is computed here changes; old cache files are then left aside."""

SEED = 0
"""Reference and anchors belong to the track, not to a run: their draws do not depend on the run's seed."""

FOLDER = "reference"
MANIFEST = "manifest.json"


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

    def contents(self, measure: Measure) -> dict[str, Any]:
        """Return everything that the statistics are of; equal contents give equal statistics but for rounding."""
        protocol, augment = measure.protocol, self.augment(measure)
        return {
            "version": VERSION,
            "data": self.store.fingerprint,
            "wide": self.wide.fingerprint if self.wide is not None and "shift-x" in augment else None,
            "frames": self.clip.frames,
            "passes": protocol.real.passes,
            "clips": protocol.real.clips,
            "augment": list(augment),
            "seed": SEED,
            "sha256": measure.sha256,
            "preprocessing": protocol.preprocessing,
            "precision": protocol.precision,
        }

    def real(self, measure: Measure) -> str:
        """Return the hash of the contents, which goes into a stamp."""
        return hashlib.sha256(json.dumps(self.contents(measure), sort_keys=True).encode()).hexdigest()[:24]

    def singles(self, measure: Measure) -> int:
        """Return of how many single clips features are kept: one a video, and at least as many as a batch of samples has."""
        return max(len(self.store.train), measure.protocol.samples)


class ReferenceFolder:
    """Where the statistics of one measure and its real clips lie.

    Their last digits depend on torch and the kind of device, so that each of those has a folder of its own.
    """

    def __init__(self, cache: Path, measure: Measure, clips: RealClips, device: torch.device) -> None:
        self._measure, self._clips, self._device = measure, clips, device
        self.path = cache / FOLDER / f"{clips.real(measure)}-{device.type}-torch{torch.__version__}"

    def file(self, layer: str, need: Need) -> Path:
        """Return the file of one layer's moments or features."""
        size = f"-{self._clips.singles(self._measure)}.npy" if need == "features" else ".npz"
        return self.path / f"{layer}-{need}{size}"

    def layers(self, need: Need) -> list[str]:
        """Return the layers of which some metric needs this."""
        return sorted({c.metric.layer for c in self._measure.metrics if need in c.metric.needs})

    def missing(self, need: Need) -> list[str]:
        """Return those of the layers that have not been computed."""
        return [layer for layer in self.layers(need) if not self.file(layer, need).exists()]

    def describe(self) -> None:
        """Write down what the files are of, for people; their name is its hash."""
        about = {
            **self._clips.contents(self._measure),
            "protocol": self._measure.protocol.name,
            "instrument": self._measure.found.name,
            "train_videos": len(self._clips.store.train),
            "layers": {need: self.layers(need) for need in get_args(Need)},
            "torch": torch.__version__,
            "device": self._device.type,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_text(self.path / MANIFEST, json.dumps(about, indent=2) + "\n")

    def load(self, layer: str) -> Reference:
        """Return what is kept of a layer, on the device."""
        moments, clips = None, None
        if layer in self.layers("moments"):
            kept = load_moments(self.file(layer, "moments"))
            moments = Moments(kept.count, kept.mean.to(self._device), kept.covariance.to(self._device))
        if layer in self.layers("features"):
            clips = FeatureSet(_features(self.file(layer, "features")).to(self._device, torch.float64))
        return Reference(moments, clips)


def reference_statistics(meter: Meter, clips: RealClips, cache: Path, observer: Observer) -> dict[str, Reference]:
    """Return {layer: what the measure's metrics need}; what has been computed before is read from the cache.

    Raises:
        RecordError: a damaged file; the text says to delete it.
    """
    measure = meter.measure
    folder = ReferenceFolder(cache, measure, clips, meter.device)
    moments, features = folder.missing("moments"), folder.missing("features")
    if moments or features:
        sampler = ClipSampler(clips.store, "train", SEED, meter.device, clips.wide)
        if moments:
            _moments(meter, sampler, clips, folder, moments, observer)
        if features:
            _single_clips(meter, sampler, clips, folder, features, observer)
        folder.describe()
    return {layer: folder.load(layer) for layer in measure.layers}


def _moments(
    meter: Meter, sampler: ClipSampler, clips: RealClips, folder: ReferenceFolder, layers: list[str], observer: Observer
) -> None:
    real, frames, augment = meter.measure.protocol.real, clips.clip.frames, clips.augment(meter.measure)
    if real.passes is not None:
        total = real.passes * sampler.videos
        stream: Iterator[Tensor] = (b.clips for b in sampler.passes("reference", real.passes, frames, meter.rows, augment))
    else:
        total = real.clips or 0
        stream = drawn(
            lambda rows: sampler.evaluation("reference", rows, frames, augment).clips, range(total), meter.rows
        )
    sums = {layer: MomentAccumulator() for layer in layers}
    for batch in counted(stream, "reference statistics", total, observer):
        for layer, out in meter.outputs(batch, layers).items():
            sums[layer].add(out)
    for layer, accumulator in sums.items():
        save_moments(folder.file(layer, "moments"), accumulator.result())


def _single_clips(
    meter: Meter, sampler: ClipSampler, clips: RealClips, folder: ReferenceFolder, layers: list[str], observer: Observer
) -> None:
    total, frames, augment = clips.singles(meter.measure), clips.clip.frames, clips.augment(meter.measure)
    stream = drawn(lambda rows: sampler.evaluation("features", rows, frames, augment).clips, range(total), meter.rows)
    parts = [meter.outputs(batch, layers) for batch in counted(stream, "features of training clips", total, observer)]
    for layer in layers:
        _save_features(folder.file(layer, "features"), torch.cat([p[layer] for p in parts]).cpu().numpy())


def drawn(draw: Callable[[Tensor], Tensor], numbers: range, rows: int = CHUNK) -> Iterator[Tensor]:
    """Yield the clips that ``draw`` gives for their numbers [n], so many at a time."""
    for start in range(numbers.start, numbers.stop, rows):
        yield draw(torch.arange(start, min(start + rows, numbers.stop)))


def counted(batches: Iterator[Tensor], what: str, total: int, observer: Observer) -> Iterator[Tensor]:
    """Pass batches on, telling the observer how many clips went by."""
    done = 0
    observer.progress(what, done, total)
    for clips in batches:
        yield clips
        done += len(clips)
        observer.progress(what, done, total)


def _save_features(path: Path, array: NDArray[np.float32]) -> None:
    write_whole(path, lambda stream: np.save(stream, array, allow_pickle=False))


def _features(path: Path) -> Tensor:
    fix = f"Delete the folder {path.parent}: it is computed again when needed."
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RecordError(f"{path} holds no features: {error}. {fix}") from None
    if array.ndim != 2 or array.dtype != np.float32:
        raise RecordError(
            f"{path}: expected features [n, D] in float32; found {array.dtype} {list(array.shape)}. {fix}"
        )
    return torch.from_numpy(array)
