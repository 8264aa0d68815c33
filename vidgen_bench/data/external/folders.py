"""A folder of clips: one video a file, or one subfolder of pictures a clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from vidgen_bench.api import Report
from vidgen_bench.data.decoding.video import Frames, header_frames
from vidgen_bench.data.decoding.video import read as read_video
from vidgen_bench.data.external.pictures import animation, animation_shape, still, still_size
from vidgen_bench.data.external.source import CLIP_BYTES, ClipShape, Source, hash_files, natural
from vidgen_bench.errors import DataError, RequestError
from vidgen_bench.records.record import RUN_FILES

FILMS, ANIMATIONS, STILLS = (".mp4", ".avi"), (".gif", ".webp"), (".png", ".jpg", ".jpeg")
VIDEOS = (*FILMS, *ANIMATIONS)


def open_folder(root: Path, report: Report) -> Source:
    """Return the clips of a folder, in natural order of their names; hidden files are left aside.

    Raises:
        RequestError: the folder is empty, a run folder, or holds anything that is no clip; the text names the first such file.
        DataError: a file is damaged.
    """
    entries = _entries(root)
    if any(e.name in RUN_FILES for e in entries):
        raise RequestError(f"{root} is a run folder, not a folder of clips.")
    folders = [e for e in entries if e.is_dir()]
    if folders and len(folders) < len(entries):
        other = next(e for e in entries if not e.is_dir())
        raise RequestError(
            f"{root} holds both folders ({folders[0].name}) and files ({other.name}); expected either one video a clip "
            "or one folder of pictures a clip."
        )
    return FrameFolders(root, folders, report) if folders else VideoFiles(root, entries, report)


class VideoFiles(Source):
    """One clip a file: MP4, AVI, GIF or WebP, mixed as they come."""

    def __init__(self, root: Path, paths: Sequence[Path], report: Report) -> None:
        for path in paths:
            _check_video(root, path)
        shapes = []
        for number, path in enumerate(paths):
            report("looking at the videos", number, len(paths))
            shapes.append(_video_shape(path))
        super().__init__("videos", [p.name for p in paths], shapes)
        self._root, self._paths = root, tuple(paths)

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        hash_files(self._root, self._paths, update)

    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8]:
        path, shape = self._paths[index], self.shapes[index]
        if path.suffix.lower() in ANIMATIONS:
            frames = animation(path, start, stop)
        else:
            frames = _film(path, shape, start, stop)
        if frames.shape != (stop - start, shape.height, shape.width, 3):
            raise DataError(
                f"{path}: frames {start} to {stop - 1} decode to {len(frames)} of {frames.shape[1]}x{frames.shape[2]}; its "
                f"header promises {shape.frames} of {shape.height}x{shape.width}. Write it again."
            )
        return frames


class FrameFolders(Source):
    """One clip a subfolder of PNG or JPEG pictures, in natural order of their names."""

    def __init__(self, root: Path, folders: Sequence[Path], report: Report) -> None:
        self._root, self._clips, shapes = root, [], []
        for number, folder in enumerate(folders):
            report("looking at the pictures", number, len(folders))
            paths = _pictures(folder)
            sizes = [still_size(p) for p in paths]
            if odd := next((i for i, s in enumerate(sizes) if s != sizes[0]), None):
                raise DataError(
                    f"{paths[odd]} is {sizes[odd][0]}x{sizes[odd][1]}, the frames before it {sizes[0][0]}x{sizes[0][1]}; "
                    "expected one size a clip."
                )
            self._clips.append(paths)
            shapes.append(ClipShape(len(paths), *sizes[0]))
        super().__init__("frames", [f.name for f in folders], shapes)

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        for paths in self._clips:
            hash_files(self._root, paths, update)

    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8]:
        return np.stack([still(path) for path in self._clips[index][start:stop]])


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder and is not hidden."""
    try:
        entries = [e for e in folder.iterdir() if not e.name.startswith(".")]
    except OSError as error:
        raise RequestError(f"The folder {folder} cannot be read: {error.strerror or error}.") from None
    if not entries:
        raise RequestError(
            f"The folder {folder} is empty; expected {', '.join(VIDEOS)}, or a folder of pictures a clip."
        )
    if gone := next((e for e in entries if not e.exists()), None):
        raise RequestError(f"{gone} is a link to nothing. Restore what it points to, or delete it.")
    return sorted(entries, key=lambda e: natural(e.name))


def _check_video(root: Path, path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in VIDEOS and path.is_file():
        return
    if suffix in STILLS:
        raise RequestError(
            f"{path} is a picture, and a picture is no clip, not even a strip of frames. Put the frames of each clip into "
            f"a folder of their own below {root}, one picture a frame."
        )
    instead = " Arrays are read from one file: pack them into a .zip." if suffix == ".npy" else ""
    raise RequestError(
        f"{path} is no clip: expected {', '.join(VIDEOS)}, or folders of pictures, and nothing else beside them.{instead}"
    )


def _pictures(folder: Path) -> list[Path]:
    paths = _entries(folder)
    for path in paths:
        if path.suffix.lower() not in STILLS or not path.is_file():
            raise RequestError(
                f"{path} is no picture: a clip's folder holds its frames as .png or .jpg, and nothing else."
            )
    kinds = sorted({p.suffix.lower() for p in paths})
    if len(kinds) > 1:
        raise RequestError(
            f"{folder} holds frames as {' and '.join(kinds)}: are these two clips? Keep one kind a folder."
        )
    return paths


def _video_shape(path: Path) -> ClipShape:
    """Return what a video's header says; a film without a frame count is decoded to be counted."""
    if path.suffix.lower() in ANIMATIONS:
        return animation_shape(path)
    frames = header_frames(path)
    try:
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            height, width = int(context.height), int(context.width)
    except (av.error.FFmpegError, OSError) as error:
        raise DataError(f"{path}: cannot be read as a video ({error}). Copy it again.") from None
    if 3 * height * width > CLIP_BYTES:
        raise DataError(f"{path} has frames of {height} x {width} pixels, too large for a clip.")
    if frames is None:
        frames = read_video(path, lambda chunk: None, lambda: None).frames
    return ClipShape(frames, height, width)


def _film(path: Path, shape: ClipShape, start: int, stop: int) -> Frames:
    """Return some frames of a video; all are decoded, those asked for are kept."""
    kept: list[Frames] = []
    seen = 0

    def take(chunk: Frames) -> None:
        nonlocal seen
        kept.append(chunk[max(start - seen, 0) : max(stop - seen, 0)])
        seen += len(chunk)

    def restart() -> None:
        nonlocal seen
        kept.clear()
        seen = 0

    read_video(path, take, restart)
    if seen != shape.frames:
        raise DataError(f"{path}: {seen} frames could be decoded; its header promises {shape.frames}. Write it again.")
    return np.concatenate(kept)
