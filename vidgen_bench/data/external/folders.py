"""A folder of clips: one video file per clip, or one subfolder of pictures per clip."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.api import Report
from vidgen_bench.data.decoding.guarded import GuardedDecoder
from vidgen_bench.data.decoding.stillness import mostly_still, warn_about_still
from vidgen_bench.data.external.pictures import animation, animation_shape, still, still_size
from vidgen_bench.data.external.source import ClipShape, Source, hash_files, natural
from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.records.record import RUN_FILES

FILMS, ANIMATIONS, STILLS = (".mp4", ".avi"), (".gif", ".webp"), (".png", ".jpg", ".jpeg")
VIDEOS = (*FILMS, *ANIMATIONS)


def open_folder(root: Path, report: Report, *, follow_links: bool = False) -> Source:
    """Return the clips of a folder, in natural order of their names; hidden files are skipped.

    Raises:
        RequestError: the folder is empty, is a run folder, contains something that is not a clip, or, without ``follow_links``,
            a link that leads out of it; the text names it.
        DataError: a file is damaged.
    """
    inside = None if follow_links else Path(os.path.realpath(root))
    entries = _entries(root, inside)
    if any(e.name in RUN_FILES for e in entries):
        raise RequestError(f"{root} is a run folder, not a folder of clips.")
    folders = [e for e in entries if e.is_dir()]
    if folders and len(folders) < len(entries):
        other = next(e for e in entries if not e.is_dir())
        raise RequestError(
            f"{root} contains both folders ({folders[0].name}) and files ({other.name}); expected either one video per clip "
            "or one folder of pictures per clip."
        )
    if not folders:
        return VideoFiles(root, entries, report)
    return FrameFolders(root, folders, [_pictures(folder, inside) for folder in folders], report)


class VideoFiles(Source):
    """One clip per file: MP4, AVI, GIF or WebP, which may be mixed."""

    def __init__(self, root: Path, paths: Sequence[Path], report: Report) -> None:
        for path in paths:
            _check_video(root, path)
        self._root, self._paths, self._decoder = root, tuple(paths), GuardedDecoder()
        shapes, still_names = [], []
        for number, path in enumerate(paths):
            report("checking videos", number, len(paths))
            if path.suffix.lower() in ANIMATIONS:
                shapes.append(animation_shape(path))
                continue
            found = self._decoder.survey(path)
            shapes.append(ClipShape(found.frames, found.height, found.width))
            if mostly_still(found.frames, found.repeats):
                still_names.append(path.name)
        warn_about_still(still_names, len(paths))
        super().__init__("videos", [p.name for p in paths], shapes)

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        hash_files(self._root, self._paths, update)

    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8]:
        path = self._paths[index]
        if path.suffix.lower() in ANIMATIONS:
            return animation(path, start, stop)
        return self._decoder.frames(path, start, stop)


class FrameFolders(Source):
    """One clip per subfolder of PNG or JPEG pictures, in natural order of their names."""

    def __init__(self, root: Path, folders: Sequence[Path], clips: Sequence[Sequence[Path]], report: Report) -> None:
        self._root, self._clips, shapes = root, clips, []
        for number, paths in enumerate(clips):
            report("checking pictures", number, len(clips))
            sizes = [still_size(p) for p in paths]
            if odd := next((i for i, s in enumerate(sizes) if s != sizes[0]), None):
                raise DataError(
                    f"{paths[odd]} is {sizes[odd][0]}x{sizes[odd][1]}, the frames before it {sizes[0][0]}x{sizes[0][1]}; "
                    "expected the same size in the whole clip."
                )
            shapes.append(ClipShape(len(paths), *sizes[0]))
        super().__init__("frames", [f.name for f in folders], shapes)

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        for paths in self._clips:
            hash_files(self._root, paths, update)

    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8]:
        paths = self._clips[index][start:stop]
        frames = [still(path) for path in paths]
        if odd := next(
            (path for path, frame in zip(paths, frames, strict=True) if frame.shape != frames[0].shape), None
        ):
            raise DataError(
                f"{odd} has another size than when it was opened. Do not change clips while they are measured."
            )
        return np.stack(frames)


def _entries(folder: Path, inside: Path | None) -> list[Path]:
    """Return the entries of a folder that are not hidden, in natural order of their names; links must lead to somewhere ``inside``."""
    try:
        entries = [e for e in folder.iterdir() if not e.name.startswith(".")]
    except OSError as error:
        raise RequestError(f"The folder {folder} cannot be read: {error.strerror or error}.") from None
    if not entries:
        raise RequestError(
            f"The folder {folder} is empty; expected {', '.join(VIDEOS)}, or one folder of pictures per clip."
        )
    if gone := next((e for e in entries if not e.exists()), None):
        raise RequestError(f"{gone} is a broken link. Restore its target, or delete the link.")
    for entry in entries:
        if inside is not None and entry.is_symlink() and not Path(os.path.realpath(entry)).is_relative_to(inside):
            raise RequestError(
                f"{entry} is a link that leads out of {inside}. Replace it with what it leads to, or pass --follow-links."
            )
    return sorted(entries, key=lambda e: natural(e.name))


def _check_video(root: Path, path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in VIDEOS and path.is_file():
        return
    if suffix in STILLS:
        raise RequestError(
            f"{path} is a picture; a single picture is not read as a clip, not even a strip of frames. Put the frames of each "
            f"clip into their own folder in {root}, one picture per frame."
        )
    instead = " To pass several arrays, pack them into one .zip file." if suffix == ".npy" else ""
    raise RequestError(
        f"{path} is not a clip; expected {', '.join(VIDEOS)}, or folders of pictures, and nothing else.{instead}"
    )


def _pictures(folder: Path, inside: Path | None) -> list[Path]:
    paths = _entries(folder, inside)
    for path in paths:
        if path.suffix.lower() in VIDEOS:
            raise RequestError(
                f"{path} is a video in a subfolder; expected all videos in one folder, without subfolders. Pass {folder}, or move the "
                "videos of all subfolders into one folder."
            )
        if path.suffix.lower() not in STILLS or not path.is_file():
            raise RequestError(
                f"{path} is not a picture; expected a clip's frames as .png or .jpg, and nothing else in its folder."
            )
    kinds = sorted({p.suffix.lower() for p in paths})
    if len(kinds) > 1:
        raise RequestError(
            f"{folder} contains frames as {' and '.join(kinds)}, perhaps from two clips. Keep one format per folder."
        )
    return paths
