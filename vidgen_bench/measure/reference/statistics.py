"""Reference statistics: what a measure knows of the real training clips, computed once and kept by content.

Moments are streamed in float64 over whole passes of the training list, each with fresh offsets (ten, as the paper's), or over as
many clips as the protocol says. The files are named by the hash of everything that they are of, never by a name or a path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vidgen_bench.api import Clip, FeatureSet, Moments, Need, Reference
from vidgen_bench.batch_size import CHUNK
from vidgen_bench.data.sampler import Augment, ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.errors import RecordError, VidgenBenchError
from vidgen_bench.evaluation import Meter
from vidgen_bench.files import write_whole
from vidgen_bench.measure import Measure
from vidgen_bench.metrics.moments import MomentAccumulator, load_moments, save_moments
from vidgen_bench.npy_header import DAMAGES
from vidgen_bench.reference_manifest import FOLDER, Contents, Manifest, Statistics, read_manifest, write_manifest
from vidgen_bench.training.observer import Observer

VERSION = 2
"""Raised when what is computed here changes; old cache files are then left aside."""

KINDS: tuple[Need, ...] = ("moments", "features")

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


class ReferenceFolder:
    """Where the statistics of one measure and its real clips lie.

    Their last digits depend on torch and the kind of device, and on the code of the instrument, so that each of those has a folder
    of its own. Every file is written whole and counts for itself; the manifest, which is for people, comes last.
    """

    def __init__(self, cache: Path, measure: Measure, clips: RealClips, device: torch.device) -> None:
        self._measure, self._clips, self._device = measure, clips, device
        by = measure.found.origin
        made_by = f"{device.type}-torch{torch.__version__}-{by.distribution}{by.version}"
        self.path = cache / FOLDER / f"{clips.real(measure)}-{made_by}"

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

    @property
    def statistics(self) -> list[Statistics]:
        """What the measure's metrics need, computed or not."""
        return [
            Statistics(
                file=self.file(layer, kind).name, layer=layer, kind=kind, clips=self._clips.clips(self._measure, kind)
            )
            for kind in KINDS
            for layer in self.layers(kind)
        ]

    def describe(self) -> None:
        """Write the manifest, after the files, unless it describes them; what it says of other files that are there stays."""
        files, protocols = {s.file: s for s in self.statistics}, {self._measure.protocol.name}
        try:
            before = read_manifest(self.path)
        except RecordError:  # there is none, or none to go on with
            pass
        else:
            others = {s.file: s for s in before.statistics if (self.path / s.file).exists()}
            if files.keys() <= others.keys():
                return
            files, protocols = others | files, protocols | set(before.protocols)
        by = self._measure.found.origin
        write_manifest(
            self.path,
            Manifest(
                contents=self._clips.contents(self._measure),
                statistics=tuple(files[name] for name in sorted(files)),
                instrument=self._measure.found.name,
                by=f"{by.distribution} {by.version}",
                protocols=tuple(sorted(protocols)),
                train_videos=len(self._clips.store.train),
                torch=torch.__version__,
                device=self._device.type,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )

    def load(self, layer: str) -> Reference:
        """Return what is kept of a layer, on the device."""
        moments, clips = None, None
        if layer in self.layers("moments"):
            kept = load_moments(self.file(layer, "moments"))
            moments = Moments(kept.count, kept.mean.to(self._device), kept.covariance.to(self._device))
        if layer in self.layers("features"):
            path, count = self.file(layer, "features"), self._clips.singles(self._measure)
            clips = FeatureSet(_features(path, count).to(self._device, torch.float64))
        return Reference(moments, clips)


def reference_statistics(meter: Meter, clips: RealClips, cache: Path, observer: Observer) -> dict[str, Reference]:
    """Return {layer: what the measure's metrics need}; what has been computed before is read from the cache.

    Raises:
        RecordError: a damaged file; the text says to delete it.
        VidgenBenchError: the instrument gives features that are not finite, or the disk is full.
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
    if measure.layers:
        folder.describe()
    return {layer: folder.load(layer) for layer in measure.layers}


def _moments(
    meter: Meter, sampler: ClipSampler, clips: RealClips, folder: ReferenceFolder, layers: list[str], observer: Observer
) -> None:
    real, frames, augment = meter.measure.protocol.real, clips.clip.frames, clips.augment(meter.measure)
    if real.passes is not None:
        total = real.passes * sampler.videos
        stream: Iterator[Tensor] = (
            b.clips for b in sampler.passes("reference", real.passes, frames, meter.rows, augment)
        )
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
        found = accumulator.result()
        _check_finite(meter, layer, found.covariance)
        save_moments(folder.file(layer, "moments"), found)


def _single_clips(
    meter: Meter, sampler: ClipSampler, clips: RealClips, folder: ReferenceFolder, layers: list[str], observer: Observer
) -> None:
    total, frames, augment = clips.singles(meter.measure), clips.clip.frames, clips.augment(meter.measure)
    stream = drawn(lambda rows: sampler.evaluation("features", rows, frames, augment).clips, range(total), meter.rows)
    parts = [meter.outputs(batch, layers) for batch in counted(stream, "features of training clips", total, observer)]
    for layer in layers:
        found = torch.cat([p[layer] for p in parts])
        _check_finite(meter, layer, found)
        _save_features(folder.file(layer, "features"), found.cpu().numpy())


def _check_finite(meter: Meter, layer: str, values: Tensor) -> None:
    if not bool(values.isfinite().all()):
        measure = meter.measure
        raise VidgenBenchError(
            f"The instrument {measure.found.name} gives features in {layer!r} that are not finite, for real clips and in "
            f"{measure.protocol.precision}. Import its weights again, or measure in float32."
        )


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


def _features(path: Path, count: int) -> Tensor:
    fix = f"Delete the folder {path.parent}: it is computed again when needed."
    try:
        with path.open("rb") as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
    except DAMAGES as error:
        raise RecordError(f"{path} holds no features: {error}. {fix}") from None
    if array.ndim != 2 or len(array) != count or array.dtype != np.float32:
        raise RecordError(
            f"{path}: expected features [{count}, D] in float32; found {array.dtype} {list(array.shape)}. {fix}"
        )
    return torch.from_numpy(array)
