"""Decoding a data set into the clip store, against one process that only decodes and resizes, once per worker.

``python -m benchmarks.preparation VIDEOS SPLITS`` measures videos of your own, prepared as for ``ucf101-64-paper``.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.tables import Table
from benchmarks.timing import spread
from vidgen_bench.api import VideoSource
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.data.decoding.video import read
from vidgen_bench.data.decoding.workers import default_workers
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.locating import locate_videos
from vidgen_bench.data.prepare import prepare
from vidgen_bench.data.ucf101.tree import read_tree
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import resolve_track

GOAL = 0.9
"""The share of the summed rate that ``prepare`` should reach."""
TIMES = 3
COLUMNS = ("", "videos/s (range)", "share of the summed rate", "processor ms per video")


def tables(quick: bool) -> Iterator[Table]:
    """Yield one table, for the videos of ``shapes``."""
    track = load_track("shapes-smoke")
    data_set = resolve_track(track, Host.of_environment()).data_set
    source = locate_videos(data_set, None, None, lambda what, done, total: None)
    yield table(track, source, "videos of shapes, 160 x 120", 1 if quick else TIMES)


def table(track: Track, source: VideoSource, what: str, times: int) -> Table:
    """Return the table of some videos; ``prepare`` also starts its workers, hashes every frame, and writes and syncs the store."""
    workers = default_workers()
    tree, geometry = read_tree(source, track.data.split, 0), FrameGeometry.of(track.data)
    videos = [source.videos / video.path for video in tree.train + tree.test]
    alone, whole = _Rate(len(videos)), _Rate(len(videos))
    for _ in range(times):
        alone.time(lambda: [read(video, lambda frames: geometry.apply(frames).tobytes()) for video in videos])
        whole.time(lambda: _prepared(source, track.data.split, geometry, track.clip.frames, workers))
    share = [fast / (workers * slow) for fast, slow in zip(whole.rates, alone.rates, strict=True)]
    rows = [
        ("one process, decoding and resizing only", spread(alone.rates), None, alone.processor),
        (f"prepare, {workers} workers", spread(whole.rates), statistics.median(share), whole.processor),
    ]
    note = f"{len(videos)} {what}. Summed rate: that of one process, times {workers}. Goal: {GOAL}."
    return Table("Data preparation", COLUMNS, rows, note)


def _prepared(source: VideoSource, split: int, geometry: FrameGeometry, frames: int, workers: int) -> None:
    with tempfile.TemporaryDirectory() as cache:
        prepare(source, split=split, geometry=geometry, clip_frames=frames, cache=Path(cache), workers=workers)


class _Rate:
    """Videos per second of each repetition, and the processor milliseconds per video, those of child processes included."""

    def __init__(self, videos: int) -> None:
        self._videos, self.rates, self._processor = videos, list[float](), list[float]()

    def time(self, work: Callable[[], object]) -> None:
        """Time one repetition."""
        since, processor = time.perf_counter(), _processor_seconds()
        work()
        self.rates.append(self._videos / (time.perf_counter() - since))
        self._processor.append((_processor_seconds() - processor) / self._videos)

    @property
    def processor(self) -> float:
        """The median."""
        return 1e3 * statistics.median(self._processor)


def _processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    given = VideoSource(Path(sys.argv[1]), Path(sys.argv[2]))
    print(table(load_track("ucf101-64-paper"), given, f"videos of {sys.argv[1]}", TIMES).markdown())
