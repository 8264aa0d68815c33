"""``vidgen-bench data``: decode a track's videos in advance, describe the decoded frames, and verify them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, output, print_json, say
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.cli.run_options import TRACK, Splits, Workers
from vidgen_bench.config.defaults import DEFAULT_TRACK

if TYPE_CHECKING:
    from vidgen_bench.api import Report, VideoSource
    from vidgen_bench.config.track import Track
    from vidgen_bench.data.store import Store

app = typer.Typer(
    cls=QuickGroup,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="Decode the videos of a track (prepare), describe the decoded frames (info), or check them (verify).",
)

_Track = Annotated[str, TRACK]
_Data = Annotated[Path | None, typer.Option("--data", help="Folder of videos, with one folder per class.")]
_Missing = Annotated[
    int, typer.Option("--allow-missing", min=0, help="Tolerate up to this many missing or unreadable videos.")
]
_Timeout = Annotated[float, typer.Option("--timeout", min=1.0, help="Seconds to decode one video before it fails.")]


@app.command()
def prepare(
    track: _Track = DEFAULT_TRACK,
    data: _Data = None,
    splits: Splits = None,
    allow_missing: _Missing = 0,
    workers: Workers = None,
    timeout: _Timeout = 120.0,
    as_json: AsJson = False,
) -> None:
    """Decode every video of the track and keep the frames. Run the same command again to resume."""
    from vidgen_bench.config.track import load_track
    from vidgen_bench.data.geometry import FrameGeometry
    from vidgen_bench.data.prepare import prepare as decode
    from vidgen_bench.system.places import cache_folder

    loaded = load_track(track)
    with _progress() as report:
        store = decode(
            _located(loaded, data, splits, report),
            split=loaded.data.split,
            geometry=FrameGeometry.of(loaded.data),
            clip_frames=loaded.clip.frames,
            cache=cache_folder(),
            allow_missing=allow_missing,
            workers=workers,
            timeout=timeout,
            report=report,
        )
    _show(store, as_json)


@app.command()
def info(
    track: _Track = DEFAULT_TRACK,
    data: _Data = None,
    splits: Splits = None,
    allow_missing: _Missing = 0,
    as_json: AsJson = False,
) -> None:
    """Describe the decoded videos of the track: counts, size, hashes, decoder, and missing videos."""
    _show(_opened(track, data, splits, allow_missing), as_json)


@app.command()
def verify(
    track: _Track = DEFAULT_TRACK, data: _Data = None, splits: Splits = None, allow_missing: _Missing = 0
) -> None:
    """Check that the decoded frames are unchanged, by their hashes."""
    from vidgen_bench.data.store_check import verify_store

    store = _opened(track, data, splits, allow_missing)
    with _progress() as report:
        verify_store(store, report)
    output().print(f"All {store.index.frames:,} frames in {store.folder} are unchanged.", soft_wrap=True)


def _located(track: Track, data: Path | None, splits: Path | None, report: Report) -> VideoSource:
    from vidgen_bench.data.locating import locate_videos
    from vidgen_bench.host.host import Host

    return locate_videos(Host.of_environment().find("data set", track.data.name), data, splits, report)


def _opened(track: str, data: Path | None, splits: Path | None, allow_missing: int) -> Store:
    """Return the decoded videos of the track.

    Raises:
        DataError: the videos are not decoded yet.
    """
    from vidgen_bench.config.track import load_track
    from vidgen_bench.data.geometry import FrameGeometry
    from vidgen_bench.data.prepare import store_folder
    from vidgen_bench.data.store import Store
    from vidgen_bench.errors import DataError
    from vidgen_bench.system.places import cache_folder

    loaded = load_track(track)
    with _progress() as report:
        source = _located(loaded, data, splits, report)
    part = loaded.data
    folder = store_folder(
        source, split=part.split, geometry=FrameGeometry.of(part), cache=cache_folder(), allow_missing=allow_missing
    )
    if not folder.is_dir():
        raise DataError(
            f"The videos in {source.videos} are not decoded yet for the track {loaded.name}. Run `vidgen-bench data "
            "prepare` with the same options; the first run on the track decodes them too."
        )
    return Store.open(folder)


def _show(store: Store, as_json: bool) -> None:
    index, geometry = store.index, store.geometry
    facts = {
        "folder": str(store.folder),
        "split": index.split,
        "classes": len(index.classes),
        "train_videos": len(store.train),
        "test_videos": len(store.test),
        "frames": index.frames,
        "shortest": min(entry.frames for entry in store.train + store.test),
        "frame": [index.geometry.height, index.geometry.width],
        "bytes": index.bytes,
        "decoders": dict(index.decoders),
        "missing": list(index.missing),
        "content_sha256": index.content_sha256,
        "fingerprint": store.fingerprint,
    }
    if as_json:
        print_json(facts)
        return
    top, left, height, width = geometry.crop
    lines = {
        "videos": f"{len(store.train)} to train on, {len(store.test)} held out, {len(index.classes)} classes "
        f"(split {index.split})",
        "frames": f"{index.frames:,} of {height} x {width}, {index.bytes / 1e6:,.1f} MB; the shortest video has "
        f"{facts['shortest']} frames",
        "geometry": f"{geometry.rule} to {geometry.rows} x {geometry.columns}, rows {top}:{top + height}, columns "
        f"{left}:{left + width}",
        "decoded by": ", ".join(f"{name} ({count})" for name, count in index.decoders.items()),
        "missing": ", ".join(index.missing) or "none",
        "content": index.content_sha256,
        "fingerprint": store.fingerprint,
        "folder": str(store.folder),
    }
    console = output()
    for name, value in lines.items():
        console.print(f"{name:<12}{value}", soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Report]:
    """Yield a report to standard error: a bar on a terminal, otherwise a line at every tenth of the work."""
    import sys

    if sys.stderr.isatty():
        with _bars() as report:
            yield report
        return
    reported: dict[str, int] = {}

    def line(what: str, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if reported.get(what) != tenth:
            reported[what] = tenth
            say(f"{what}: {done} of {total}" if total else what, error=True)

    yield line


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from vidgen_bench.cli.literal_console import LiteralConsole

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=LiteralConsole(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if not total:  # a notice, which stays
                progress.console.print(what, highlight=False, markup=False, soft_wrap=True)
                return
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield report
