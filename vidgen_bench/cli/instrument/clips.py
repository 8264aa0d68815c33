"""Clips to train and test instruments on: those of a track with a held-out list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.cli.console import say
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.api import Instrument
    from vidgen_bench.config.track import Track
    from vidgen_bench.data.store import Store


def store_with_held_out(
    track_name: str, data: Path | None, splits: Path | None, instrument: Instrument, report: Lines
) -> tuple[Track, Store]:
    """Return a track and the store of its clips; clips that are not prepared yet are prepared first.

    Raises:
        RequestError: there is no such track, the instrument refuses its clips, or the held-out list is empty.
        DataError: the videos or lists are not valid.
    """
    from vidgen_bench.config.track import load_track
    from vidgen_bench.data.geometry import FrameGeometry
    from vidgen_bench.data.locating import locate_videos
    from vidgen_bench.data.prepare import prepare
    from vidgen_bench.host.host import Host
    from vidgen_bench.system import places

    track = load_track(track_name)
    if reason := instrument.refuses(track.clip):
        raise RequestError(f"{instrument.name} refuses the clips of the track {track.name}: {reason}")
    source = locate_videos(Host.of_environment().find("data set", track.data.name), data, splits, report)
    store = prepare(
        source,
        split=track.data.split,
        geometry=FrameGeometry.of(track.data),
        clip_frames=track.clip.frames,
        cache=places.cache_folder(),
        report=report,
    )
    if not store.test:
        raise RequestError(
            "The held-out list is empty, so no accuracy can be measured. Give a split with test videos (--splits)."
        )
    return track, store


class Lines:
    """Progress as lines on standard error: at most one every five seconds, and the last line of each stage."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        import time

        if time.monotonic() >= self._next or done == total > 0:
            say(f"{what}: {done}/{total}" if total else f"{what}: {done}", error=True)
            self._next = time.monotonic() + 5.0
