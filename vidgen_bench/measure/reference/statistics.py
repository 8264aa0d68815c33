"""Reference statistics: what a measure knows of the real training clips, computed once and kept by content.

Moments are streamed in float64 over whole passes of the training list, each with fresh offsets (ten, as the paper's), or over as
many clips as the protocol says. The files are named by the hash of everything that they are of, never by a name or a path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import Reference
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.measure.feature_extractor import Meter
from vidgen_bench.measure.reference.clips import SEED, RealClips
from vidgen_bench.measure.reference.folder import ReferenceFolder, _save_features
from vidgen_bench.measure.reference.moments import MomentAccumulator, save_moments
from vidgen_bench.system.batch_size import CHUNK
from vidgen_bench.system.observer import Observer


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
