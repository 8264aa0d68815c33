"""The videos of a track before a run: how many there are, whether they are decoded, and how long it takes to decode one."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import Report, VideoSource
from vidgen_bench.data.decoding.workers import Job, Outcome, decode_all
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.prepare import store_folder
from vidgen_bench.data.store import Store
from vidgen_bench.data.ucf101.tree import read_tree
from vidgen_bench.errors import DamagedStoreError, DataError
from vidgen_bench.system.regular_files import require_folders

SAMPLED = 8
"""Videos that the probe decodes."""

_TIMEOUT = 120.0


@dataclass(frozen=True)
class Videos:
    """The videos of one split under one geometry."""

    class_videos: tuple[int, ...]
    """Training videos of each class, by label."""
    test: int
    store: Store | None
    """The decoded videos, if the cache has them."""
    frames: float
    """Frames per video; of a few videos, unless all are decoded."""
    seconds: float
    """Seconds of one decoding process per video; 0 if all are decoded."""
    geometry: FrameGeometry

    @property
    def train(self) -> int:
        """Training videos."""
        return sum(self.class_videos)

    @property
    def bytes(self) -> int:
        """Bytes of decoded frames."""
        return round((self.train + self.test) * self.frames) * 3 * self.geometry.height * self.geometry.width


def find_videos(
    source: VideoSource,
    *,
    split: int,
    geometry: FrameGeometry,
    cache: Path,
    allow_missing: int,
    report: Report,
    clock: Callable[[], float] = time.perf_counter,
) -> Videos:
    """Return the videos of a split; a few are decoded into a temporary folder unless the cache has all of them.

    Raises:
        DataError: the layout is wrong, or more of the few videos than may be missing cannot be decoded.
    """
    tree = read_tree(source, split, allow_missing)
    folder = store_folder(source, split=split, geometry=geometry, cache=cache, allow_missing=allow_missing)
    require_folders(folder, cache)
    if (store := _opened(folder)) is not None:
        videos = len(store.train) + len(store.test)
        return Videos(store.class_videos, len(store.test), store, store.index.frames / videos, 0.0, geometry)
    every = [v.path for v in tree.train + tree.test]
    few = every[:: max(1, len(every) // SAMPLED)][:SAMPLED]
    tolerated = allow_missing - len(tree.missing)
    seconds, frames = _decode([source.videos / path for path in few], geometry, tolerated, report, clock)
    of_class = Counter(video.label for video in tree.train)
    class_videos = tuple(of_class[label] for label in range(len(tree.classes)))
    return Videos(class_videos, len(tree.test), None, frames, seconds, geometry)


def _opened(folder: Path) -> Store | None:
    try:
        return Store.open(folder) if folder.is_dir() else None
    except DamagedStoreError:  # a run decodes them again
        return None


def _decode(
    videos: list[Path], geometry: FrameGeometry, tolerated: int, report: Report, clock: Callable[[], float]
) -> tuple[float, float]:
    """Return the seconds and the frames per video; the first video is not timed, because its process starts then."""
    with tempfile.TemporaryDirectory(prefix="vidgen-bench-estimate-") as folder:
        jobs = [Job(video, Path(folder) / f"{number}.u8") for number, video in enumerate([videos[0], *videos])]
        outcomes: list[Outcome] = []
        times: list[float] = []
        with closing(decode_all(jobs, geometry, 1, _TIMEOUT)) as decoded:
            for outcome in decoded:
                times.append(clock())
                outcomes.append(outcome)
                outcome.job.part.unlink(missing_ok=True)
                report("probe: decoding", len(outcomes), len(jobs))
    good = [outcome.frames for outcome in outcomes[1:] if outcome.fault is None]
    faults = [str(outcome.fault) for outcome in outcomes[1:] if outcome.fault is not None]
    if len(faults) > tolerated or not good:
        shown = "\n  ".join(faults)
        raise DataError(
            f"{len(faults)} of {len(videos)} videos cannot be used:\n  {shown}\n"
            "Replace them; if others can be used, --allow-missing N continues without up to N of them."
        )
    return (times[-1] - times[0]) / len(videos), sum(good) / len(good)
