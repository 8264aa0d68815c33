"""Reference statistics: moments and features of the real training clips, computed once and cached by content.

Moments are accumulated in float64 over whole passes of the training list, each with new offsets (ten passes, as in the paper), or over
the protocol's number of clips. Files are found by a hash of everything that determines them, not by the names of data sets or protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import Moments, Reference
from vidgen_bench.data.lock import hold
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.errors import RecordError, VidgenBenchError
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.clips import SEED, RealClips
from vidgen_bench.measure.reference.folder import ReferenceFolder, save_features
from vidgen_bench.measure.reference.moments import MomentAccumulator, save_moments
from vidgen_bench.system.batch_size import CHUNK
from vidgen_bench.system.observer import Observer


def reference_statistics(
    extractor: FeatureExtractor, clips: RealClips, cache: Path, observer: Observer, *, shipped: bool = True
) -> dict[str, Reference]:
    """Return {layer: the statistics that the protocol's metrics need}, from the cache or the package if they have them.

    Files in the cache that are damaged are made again, with a notice.

    Args:
        shipped: whether a cold cache starts from the statistics that ship with the package.
    Raises:
        RecordError: a file is damaged right after it was written.
        VidgenBenchError: the instrument or a metric returns features that are not finite, or the disk is full.
    """
    folder = ReferenceFolder(cache, extractor.resolved, clips, extractor.device)
    if shipped:
        folder.start_from_package(observer)
    _compute_missing(folder, extractor, clips, observer)
    try:
        return {layer: folder.load(layer) for layer in extractor.resolved.layers}
    except RecordError:
        for wrong in folder.discard_damaged():
            observer.progress(f"{wrong} It is computed again now.", 0, 0)
        _compute_missing(folder, extractor, clips, observer)
        return {layer: folder.load(layer) for layer in extractor.resolved.layers}


def _compute_missing(
    folder: ReferenceFolder, extractor: FeatureExtractor, clips: RealClips, observer: Observer
) -> None:
    if folder.missing("moments") or folder.missing("features"):
        with hold(folder.path, observer.progress, "waiting for another process that is computing these statistics"):
            _compute(folder, extractor, clips, observer)
    if extractor.resolved.layers:
        folder.describe()


def _compute(folder: ReferenceFolder, extractor: FeatureExtractor, clips: RealClips, observer: Observer) -> None:
    """Compute what is missing now: another process may have made all of it."""
    moments, features = folder.missing("moments"), folder.missing("features")
    if moments or features:
        sampler = ClipSampler(clips.store, "train", SEED, extractor.device, clips.wide)
        if moments:
            for layer, found in _moments(extractor, sampler, clips, moments, observer):
                save_moments(folder.file(layer, "moments"), found)
        if features:
            for layer, rows in _single_clips(extractor, sampler, clips, features, observer):
                save_features(folder.file(layer, "features"), rows.cpu().numpy())


def _moments(
    extractor: FeatureExtractor, sampler: ClipSampler, clips: RealClips, layers: list[str], observer: Observer
) -> Iterator[tuple[str, Moments]]:
    passes, total = extractor.resolved.protocol.real.passes, clips.clips(extractor.resolved, "moments")
    frames, augment = clips.clip.frames, clips.augment(extractor.resolved)
    if passes is not None:
        batches = sampler.passes("reference", passes, frames, extractor.rows, augment)
        stream: Iterator[Tensor] = (batch.clips for batch in batches)
    else:
        stream = drawn(
            lambda rows: sampler.evaluation("reference", rows, frames, augment).clips, range(total), extractor.rows
        )
    sums = {layer: MomentAccumulator() for layer in layers}
    for batch in counted(stream, "reference statistics", total, observer):
        for layer, out in extractor.outputs(batch, layers).items():
            sums[layer].add(out)
    for layer, accumulator in sums.items():
        found = accumulator.result()
        _check_finite(extractor, layer, found.covariance)
        yield layer, found


def _single_clips(
    extractor: FeatureExtractor, sampler: ClipSampler, clips: RealClips, layers: list[str], observer: Observer
) -> Iterator[tuple[str, Tensor]]:
    total, frames, augment = clips.singles(extractor.resolved), clips.clip.frames, clips.augment(extractor.resolved)
    stream = drawn(
        lambda rows: sampler.evaluation("features", rows, frames, augment).clips, range(total), extractor.rows
    )
    batches = counted(stream, "features of training clips", total, observer)
    parts = [extractor.outputs(batch, layers) for batch in batches]
    for layer in layers:
        found = torch.cat([p[layer] for p in parts])
        _check_finite(extractor, layer, found)
        yield layer, found


def _check_finite(extractor: FeatureExtractor, layer: str, values: Tensor) -> None:
    if not bool(values.isfinite().all()):
        resolved = extractor.resolved
        if layer in resolved.pixel_layers:
            plugin = resolved.pixel_layers[layer].plugin
            raise VidgenBenchError(
                f"The metric {plugin.name!r} of {plugin.origin} computes features that are not finite, for real clips."
            )
        raise VidgenBenchError(
            f"The instrument {resolved.instrument_plugin.name} returns features in {layer!r} that are not finite, for real clips and in "
            f"{resolved.protocol.precision}. Import its weights again, or use a protocol with precision float32."
        )


def drawn(draw: Callable[[Tensor], Tensor], numbers: range, rows: int = CHUNK) -> Iterator[Tensor]:
    """Yield ``draw(numbers)``, for ``rows`` clip numbers at a time."""
    for start in range(numbers.start, numbers.stop, rows):
        yield draw(torch.arange(start, min(start + rows, numbers.stop)))


def counted(batches: Iterator[Tensor], what: str, total: int, observer: Observer) -> Iterator[Tensor]:
    """Yield the batches, and report the number of clips to the observer."""
    done = 0
    observer.progress(what, done, total)
    for clips in batches:
        yield clips
        done += len(clips)
        observer.progress(what, done, total)
