"""Decodes a data set once (every listed video is resized, cropped and stored), or opens the existing store.

<cache>/stores/<key>              a finished store
<cache>/stores/<key>.verified     when every frame of it was verified, see :mod:`vidgen_bench.data.store_check`
<cache>/stores/<key>.partial      an unfinished store; the next process continues it
<cache>/stores/<key>.faults.json  videos whose decoding failed for a passing reason, see :mod:`vidgen_bench.data.faults`
<cache>/stores/<key>.lock         held by the process that writes the store
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from contextlib import closing
from pathlib import Path

from vidgen_bench.api import Report, VideoSource
from vidgen_bench.data.copies import warn_about_copies
from vidgen_bench.data.decoding.journal import JOURNAL_FILE, Journal
from vidgen_bench.data.decoding.stillness import mostly_still, warn_about_still
from vidgen_bench.data.decoding.workers import Job, Outcome, decode_all, default_workers
from vidgen_bench.data.faults import keep_faults, undecoded
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.index import DECODING, FORMAT, Index, Stored, content_hash
from vidgen_bench.data.store import INDEX_FILE, Store
from vidgen_bench.data.store_check import open_or_make
from vidgen_bench.data.ucf101.tree import Tree, read_tree
from vidgen_bench.errors import DataError
from vidgen_bench.system.files import disk_errors, sync_folder, write_text
from vidgen_bench.system.regular_files import require_folders

PARTS = "parts"


def prepare(
    source: VideoSource,
    *,
    split: int,
    geometry: FrameGeometry,
    clip_frames: int,
    cache: Path,
    allow_missing: int = 0,
    workers: int | None = None,
    timeout: float = 120.0,
    report: Report = lambda what, done, total: None,
) -> Store:
    """Return the decoded videos of a split; decode them first if necessary.

    After a kill the same call continues where it stopped. If two processes start at once, one decodes and the other waits.

    Args:
        source: folders of the videos and of the lists.
        split: N of trainlist0N.txt.
        geometry: resize and crop of the track.
        clip_frames: least number of frames of a video.
        cache: parent folder of the stores.
        allow_missing: how many listed videos may be absent, unreadable or truncated; ``Store.missing`` lists them. Videos on which
            the decoder died or took too long do not count as such.
        workers: decoding processes; None means one per processor.
        timeout: seconds allowed per video.
        report: called with progress.
    Raises:
        DataError: the layout is wrong (see ``read_tree``), or videos are bad or shorter than a clip.
        DecoderError: the decoder died or took too long; the next call tries again.
        VidgenBenchError: the cache cannot be written.
    """
    tree = read_tree(source, split, allow_missing)
    folder = _folder(source, tree, split, geometry, cache)
    for inside in (folder, folder.with_suffix(".partial")):
        require_folders(inside, cache)

    def make() -> None:
        _make(source, tree, split, geometry, folder, allow_missing, workers, timeout, report)

    store = open_or_make(folder, make, report)
    if len(store.missing) > allow_missing:
        raise DataError(
            f"{len(store.missing)} listed video(s) are missing or bad: {_some(store.missing)}. Replace them, or pass "
            f"--allow-missing {len(store.missing)} to continue without them. To try the same files again, delete {folder}."
        )
    _long_enough(store, clip_frames)
    return store


def store_folder(
    source: VideoSource, *, split: int, geometry: FrameGeometry, cache: Path, allow_missing: int = 0
) -> Path:
    """Return the folder in which :func:`prepare` keeps the store of these videos, whether or not it exists yet."""
    return _folder(source, read_tree(source, split, allow_missing), split, geometry, cache)


def _folder(source: VideoSource, tree: Tree, split: int, geometry: FrameGeometry, cache: Path) -> Path:
    """Return the folder named by a hash of everything the store depends on; files enter by path, size and time."""
    root = os.path.realpath(source.videos)
    content = {
        "format": FORMAT,
        "decoding": DECODING,
        "root": root,
        "split": split,
        "geometry": dataclasses.asdict(geometry),
        "classes": tree.classes,
        "missing": tree.missing,
        "videos": [
            [_stamp(root, v.path), v.label, kind]
            for kind, part in (("train", tree.train), ("test", tree.test))
            for v in part
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return cache / "stores" / digest[:24]


def _stamp(root: str, path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(f"{root}/{path}")
    except OSError as error:
        raise DataError(f"{root}/{path}: cannot be read ({error.strerror}).") from error
    return path, status.st_size, status.st_mtime_ns


def _make(
    source: VideoSource,
    tree: Tree,
    split: int,
    geometry: FrameGeometry,
    folder: Path,
    allow_missing: int,
    workers: int | None,
    timeout: float,
    report: Report,
) -> None:
    """Decode into ``<folder>.partial`` and rename it when it is complete."""
    partial = folder.with_suffix(".partial")
    paths = [video.path for video in tree.train + tree.test]
    parts = partial / PARTS
    with disk_errors(parts):
        shutil.rmtree(parts, ignore_errors=True)  # unfinished videos of a killed run
        parts.mkdir(parents=True)
    faults: dict[str, str] = {}
    passing: dict[str, str] = {}
    with Journal(partial, 3 * geometry.height * geometry.width) as journal:
        todo = [path for path in paths if path not in journal.lines]
        jobs = (Job(source.videos / path, parts / f"{number}.u8") for number, path in enumerate(todo))
        done = len(paths) - len(todo)
        report("decoding", done, len(paths))
        # closed explicitly: the traceback of an error in _take would keep the generator, and so the workers, alive
        with closing(
            decode_all(jobs, geometry, min(workers or default_workers(), max(len(todo), 1)), timeout)
        ) as outcomes:
            for path, outcome in zip(todo, outcomes, strict=True):
                done += 1
                _take(path, outcome, journal, passing if outcome.passing else faults)
                report("decoding", done, len(paths))
    if kept := keep_faults(folder, passing):
        raise undecoded(kept, partial)
    _tolerate(faults, tree, allow_missing)
    index = _index(tree, split, geometry, journal, set(faults))
    warn_about_still([v.path for v in index.videos if mostly_still(v.frames, v.repeats)], len(index.videos))
    warn_about_copies(index.videos)
    with disk_errors(folder):
        shutil.rmtree(parts)
        write_text(partial / INDEX_FILE, index.model_dump_json(indent=1) + "\n")
        sync_folder(partial)
        os.rename(partial, folder)
        sync_folder(folder.parent)
        (folder / JOURNAL_FILE).unlink()


def _take(path: str, outcome: Outcome, journal: Journal, faults: dict[str, str]) -> None:
    if outcome.fault is None:
        journal.append(path, outcome.job.part, outcome.frames, outcome.decoder, outcome.sha256, outcome.repeats)
        return
    faults[path] = outcome.fault
    with disk_errors(outcome.job.part):
        outcome.job.part.unlink(missing_ok=True)


def _tolerate(faults: dict[str, str], tree: Tree, allow_missing: int) -> None:
    total = len(faults) + len(tree.missing)
    if total > allow_missing:
        shown = "\n  ".join(list(faults.values())[:10])
        more = f"\n  and {len(faults) - 10} more" if len(faults) > 10 else ""
        absent = f" (In addition, {len(tree.missing)} listed video(s) are absent.)" if tree.missing else ""
        raise DataError(
            f"{len(faults)} video(s) cannot be used:\n  {shown}{more}\n"
            f"Replace them, or pass --allow-missing {total} to continue without them.{absent}"
        )


def _index(tree: Tree, split: int, geometry: FrameGeometry, journal: Journal, bad: set[str]) -> Index:
    videos: list[Stored] = []
    for kind, part in (("train", tree.train), ("test", tree.test)):
        for video in part:
            if video.path not in bad:
                line = journal.lines[video.path]
                videos.append(Stored.model_validate({**line.model_dump(), "split": kind, "label": video.label}))
    trained = {video.label for video in videos if video.split == "train"}
    if without := sorted(set(range(len(tree.classes))) - trained):
        raise DataError(f"Without the bad videos the class {tree.classes[without[0]]!r} has no training videos.")
    if not any(video.split == "test" for video in videos):
        raise DataError("Without the bad videos the test list is empty.")
    return Index(
        format=FORMAT,
        split=split,
        geometry=geometry,
        classes=tree.classes,
        missing=(*tree.missing, *sorted(bad)),
        content_sha256=content_hash(videos),
        videos=tuple(videos),
    )


def _long_enough(store: Store, clip_frames: int) -> None:
    short = [f"{e.path} ({e.frames} frames)" for e in store.train + store.test if e.frames < clip_frames]
    if short:
        raise DataError(
            f"{len(short)} video(s) are shorter than a clip of {clip_frames} frames: {_some(tuple(short))}. "
            "Remove them from the lists, or use a track with shorter clips."
        )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
