"""Anchors to compare scores with: held-out real clips at one end, plain grey and noise at the other.

They depend only on the data and the protocol, so they are computed once and cached under a hash of both; those of the built-in first run
ship with the package.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidgen_bench.data.lock import hold
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.evaluator import Evaluator, scores_of
from vidgen_bench.measure.reference.clips import SEED, RealClips
from vidgen_bench.measure.reference.statistics import drawn
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.shipped import copy_shipped
from vidgen_bench.noise import sampling_noise
from vidgen_bench.records.anchors import ANCHORS, GREY, NOISE, REAL
from vidgen_bench.records.entries import Score
from vidgen_bench.system.hashed_files import read_hashed, write_hashed
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.observer import Observer
from vidgen_bench.system.regular_files import is_there, require_folders

VERSION = 2
"""Increment it when these computations change; older cache files are then ignored."""

FOLDER = "anchors"
"""The folder of all anchors, inside the cache folder."""

Anchors = dict[str, dict[str, Score]]


def score_anchors(evaluator: Evaluator, batches: int, cache: Path, observer: Observer) -> Anchors:
    """Return {anchor: {metric: score}}: ``real`` (held-out clips, in the number of final batches), ``grey`` and ``noise`` (one batch each).

    ``grey`` is the constant clip 0, measured once; ``noise`` has every pixel uniform in [-1, 1]. Neither has motion to remove, so
    neither is scored shuffled or frozen.
    """
    resolved, real = evaluator.resolved, evaluator.real
    device = evaluator.extractor.device
    path = anchors_file(resolved, real, device, batches, cache)
    require_folders(path.parent, cache)
    damaged = False
    if is_there(path) or copy_shipped(shipped_anchors(resolved, real, device, batches), path, observer):
        try:
            return read_anchors(path, evaluator)
        except RecordError as error:
            observer.progress(f"{error} They are computed again now.", 0, 0)
            damaged = True
    with hold(path, observer.progress, "waiting for another process that is scoring these anchors"):
        if is_there(path) and not damaged:  # it made them
            return read_anchors(path, evaluator)
        made = compute_anchors(evaluator, batches, observer)
        write_anchors(path, made)
    return made


def anchors_file(resolved: ResolvedProtocol, real: RealClips, device: torch.device, batches: int, cache: Path) -> Path:
    """Return the cache file of the anchors of a protocol, whether or not it exists yet."""
    return cache / FOLDER / _file_name([*_contents(resolved, real, device, batches), torch.__version__])


def shipped_anchors(resolved: ResolvedProtocol, real: RealClips, device: torch.device, batches: int) -> str:
    """Return the name of the file in which these anchors ship, if they do."""
    return f"{FOLDER}/{_file_name(_contents(resolved, real, device, batches))}"


def _contents(resolved: ResolvedProtocol, real: RealClips, device: torch.device, batches: int) -> list[Any]:
    """Return everything that anchors depend on, except for rounding."""
    # resized or trimmed clips have the same anchors as unchanged ones, so no change to clips is part of the stamps
    hashed = real.contents_hash(resolved)
    stamps = list(dict.fromkeys(resolved.stamp(hashed, chosen=c).id for c in (None, *resolved.metrics)))
    return [VERSION, stamps, resolved.measured_by, [c.plugin.name for c in resolved.metrics], batches, device.type]


def _file_name(key: list[Any]) -> str:
    return f"{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]}.json"


def compute_anchors(evaluator: Evaluator, batches: int, observer: Observer) -> Anchors:
    """Return the anchors, computed now, whatever the cache and the package have."""
    real, device = evaluator.real, evaluator.extractor.device
    shape = (real.clip.channels, real.clip.frames, real.clip.size, real.clip.size)
    held_out = ClipSampler(real.store, "test", SEED, device)

    def of_real(rows: Tensor) -> Tensor:
        return held_out.evaluation("anchor", rows, real.clip.frames).clips

    def of_noise(rows: Tensor) -> Tensor:
        return sampling_noise(SEED, "anchor-noise", rows.to(device)).uniform("pixels", *shape) * 2 - 1

    return {
        REAL: scores_of(evaluator.batches(partial(drawn, of_real), batches, "the real anchor", observer)),
        GREY: scores_of([evaluator.score_equal(torch.zeros(1, *shape, device=device))]),
        NOISE: scores_of(evaluator.batches(partial(drawn, of_noise), 1, "the noise anchor", observer, views=False)),
    }


def write_anchors(path: Path, anchors: Anchors) -> None:
    """Write a file of anchors atomically, with its hash.

    Raises:
        VidgenBenchError: the disk is full or the folder is not writable.
    """
    text = json.dumps({a: {m: s.model_dump(mode="json") for m, s in t.items()} for a, t in anchors.items()})
    write_hashed(path, lambda stream: stream.write(text.encode()))


def read_anchors(path: Path, evaluator: Evaluator) -> Anchors:
    """Return the anchors in a file.

    Raises:
        RecordError: the file is damaged, or an anchor lacks a metric that the track watches.
    """
    watched = {c.plugin.name for c in evaluator.resolved.watched}
    try:
        kept = json.loads(read_hashed(path))
        found = {a: {m: Score.model_validate(s) for m, s in scores.items()} for a, scores in kept.items()}
        if set(found) != set(ANCHORS) or any(watched - set(scores) for scores in found.values()):
            raise ValueError("an anchor or a metric is missing")
        return found
    except (FileNotFoundError, ValueError, AttributeError, RecursionError) as error:
        raise RecordError(f"{path} does not hold valid anchors: {reason(str(error).splitlines()[0])}.") from None
