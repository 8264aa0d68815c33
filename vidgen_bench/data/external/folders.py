"""A folder of clips: one video file per clip, or one subfolder of pictures per clip."""

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
    """Return the clips of a folder, in natural order of their names; hidden files are skipped.

    Raises:
        RequestError: the folder is empty, is a run folder, or contains something that is not a clip; the text names it.
        DataError: a file is damaged.
    """
    entries = _entries(root)
    if any(e.name in RUN_FILES for e in entries):
        raise RequestError(f"{root} is a run folder, not a folder of clips.")
    folders = [e for e in entries if e.is_dir()]
    if folders and len(folders) < len(entries):
        other = next(e for e in entries if not e.is_dir())
        raise RequestError(
            f"{root} contains both folders ({folders[0].name}) and files ({other.name}); expected either one video per clip "
            "or one folder of pictures per clip."
        )
    return FrameFolders(root, folders, report) if folders else VideoFiles(root, entries, report)


class VideoFiles(Source):
    """One clip per file: MP4, AVI, GIF or WebP, which may be mixed."""

    def __init__(self, root: Path, paths: Sequence[Path], report: Report) -> None:
        for path in paths:
            _check_video(root, path)
        shapes = []
        for number, path in enumerate(paths):
            report("checking videos", number, len(paths))
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
                f"{path}: frames {start} to {stop - 1} decode to {len(frames)} of {frames.shape[1]}x{frames.shape[2]}; the "
                f"header declares {shape.frames} of {shape.height}x{shape.width}. Write the file again."
            )
        return frames


class FrameFolders(Source):
    """One clip per subfolder of PNG or JPEG pictures, in natural order of their names."""

    def __init__(self, root: Path, folders: Sequence[Path], report: Report) -> None:
        self._root, self._clips, shapes = root, [], []
        for number, folder in enumerate(folders):
            report("checking pictures", number, len(folders))
            paths = _pictures(folder)
            sizes = [still_size(p) for p in paths]
            if odd := next((i for i, s in enumerate(sizes) if s != sizes[0]), None):
                raise DataError(
                    f"{paths[odd]} is {sizes[odd][0]}x{sizes[odd][1]}, the frames before it {sizes[0][0]}x{sizes[0][1]}; "
                    "expected the same size in the whole clip."
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
    """Return the entries of a folder that are not hidden, in natural order of their names."""
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


def _pictures(folder: Path) -> list[Path]:
    paths = _entries(folder)
    for path in paths:
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


def _video_shape(path: Path) -> ClipShape:
    """Return the shape from a video's header; if it has no frame count, decode the video to count frames."""
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
    """Return frames ``start`` .. ``stop - 1`` of a video; all frames are decoded."""
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
        raise DataError(
            f"{path}: {seen} frames could be decoded; the header declares {shape.frames}. Write the file again."
        )
    return np.concatenate(kept)
