"""What a score is read between: the real training clips as reference, held-out real clips above, plain grey and noise below.

Both are functions of (data, instrument, track), so they are computed once and kept in the cache, keyed by content and by nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import Clip, Moments
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.evaluation import CHUNK, Meter, Scorer
from vidgen_bench.files import write_text
from vidgen_bench.metrics.moments import load_moments, save_moments
from vidgen_bench.noise import sampling_noise
from vidgen_bench.records import Score
from vidgen_bench.track import EvaluationPart
from vidgen_bench.training.observer import Observer

VERSION = 1
"""Raised when what is computed here changes; old cache files are then left aside."""
Draw = Callable[[int, int], Tensor]
"""Gives the clips [stop - start, 3, T, H, W] with the indices start .. stop - 1."""
SEED = 0
"""Reference and anchors belong to the track, not to a run: their draws do not depend on the run's seed."""


def content_key(*parts: object) -> str:
    """Return a short hash of what a cached result depends on."""
    text = json.dumps([VERSION, *parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def reference_moments(
    meter: Meter, measured_by: list[str], store: Store, clip: Clip, passes: int, cache: Path, observer: Observer
) -> dict[str, Moments]:
    """Return {layer: moments} of the training list: ``passes`` times every video, each time at a fresh offset (facts: ten).

    Args:
        measured_by: the instrument's weights, and who brought instrument and metrics, with versions.
        cache: folder; files are named by the hash of (data, instrument, clip, passes, layers, torch version).
    """
    layers = sorted({m.layer for m in meter.metrics if m.needs_reference})
    if not layers:
        return {}
    key = content_key(
        "reference", store.fingerprint, measured_by, clip.frames, passes, meter.device.type, torch.__version__
    )
    files = {layer: cache / "reference" / f"{key}-{layer}.npz" for layer in layers}
    if not all(f.exists() for f in files.values()):
        total = passes * len(store.train)
        batches = ClipSampler(store, "train", SEED, meter.device).passes("reference", passes, clip.frames, CHUNK)
        counted = _counted((b.clips for b in batches), "reference statistics", total, observer)
        for layer, moments in meter.moments(counted).items():
            save_moments(files[layer], moments)
    return {layer: load_moments(path) for layer, path in files.items()}


def anchors(
    meter: Meter,
    measured_by: list[str],
    scorer: Scorer,
    store: Store,
    clip: Clip,
    rule: EvaluationPart,
    cache: Path,
    observer: Observer,
) -> dict[str, dict[str, Score]]:
    """Return {anchor: {metric: score}}: ``real`` (held-out clips, as many batches as the final scores), ``grey`` and ``noise`` (one).

    ``grey`` is the constant clip 0, ``noise`` has every pixel uniform in [-1, 1].
    """
    final = rule.final
    key = content_key(
        "anchors", store.fingerprint, measured_by, clip.frames, final.batches, final.samples, rule.reference.passes, list(rule.metrics),
        meter.device.type, torch.__version__,
    )  # fmt: skip
    path = cache / "anchors" / f"{key}.json"
    if path.exists():
        return _as_scores(json.loads(path.read_text()))
    table = {
        "real": _scored(
            meter, scorer, _held_out(store, clip, meter), final.samples, final.batches, "the real anchor", observer
        ),
        "grey": _scored(meter, scorer, _grey(clip), final.samples, 1, "the grey anchor", observer),
        "noise": _scored(meter, scorer, _noise(clip), final.samples, 1, "the noise anchor", observer),
    }
    write_text(path, json.dumps(table))
    return _as_scores(table)


def _scored(
    meter: Meter, scorer: Scorer, draw: Draw, samples: int, batches: int, what: str, observer: Observer
) -> dict[str, list[float]]:
    """Return {metric: one value a batch} of the clips that ``draw`` gives."""
    total = samples * batches
    stream = (draw(start, min(start + CHUNK, total)) for start in range(0, total, CHUNK))
    features = meter.features(_counted(stream, what, total, observer))
    scores = [scorer({k: v[b * samples : (b + 1) * samples] for k, v in features.items()}) for b in range(batches)]
    return {metric: [s[metric] for s in scores] for metric in scores[0]}


def _as_scores(table: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Score]]:
    return {anchor: {metric: Score.of(values) for metric, values in scores.items()} for anchor, scores in table.items()}


def _held_out(store: Store, clip: Clip, meter: Meter) -> Draw:
    sampler = ClipSampler(store, "test", SEED, meter.device)
    return lambda start, stop: sampler.evaluation("anchor", torch.arange(start, stop), clip.frames).clips


def _grey(clip: Clip) -> Draw:
    return lambda start, stop: torch.zeros(stop - start, clip.channels, clip.frames, clip.size, clip.size)


def _noise(clip: Clip) -> Draw:
    shape = (clip.channels, clip.frames, clip.size, clip.size)
    return lambda start, stop: (
        sampling_noise(SEED, "anchor-noise", torch.arange(start, stop)).uniform("pixels", *shape) * 2 - 1
    )


def _counted(batches: Iterable[Tensor], what: str, total: int, observer: Observer) -> Iterator[Tensor]:
    """Pass batches on, telling the observer how many clips went by."""
    done = 0
    observer.progress(what, done, total)
    for clips in batches:
        yield clips
        done += len(clips)
        observer.progress(what, done, total)
