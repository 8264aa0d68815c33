"""The UCF101 layout: the videos of a split, their paths and their classes.

The folder names the class. Folder and file names are matched without regard to case: UCF101 itself has
``HandstandPushups/v_HandStandPushups_g01_c01.avi``, and its lists use both spellings.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import VideoSource
from vidgen_bench.data.ucf101.splits import Line, read_classes, read_list
from vidgen_bench.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Video:
    """One listed video: its path relative to the folder of videos (with ``/``, spelt as on disk) and its label from 0."""

    path: str
    label: int


@dataclass(frozen=True)
class Tree:
    """One split of a folder of videos; ``missing`` are the tolerated listed videos that are not on disk."""

    classes: tuple[str, ...]
    train: tuple[Video, ...]
    test: tuple[Video, ...]
    missing: tuple[str, ...] = ()


def read_tree(source: VideoSource, split: int, allow_missing: int = 0) -> Tree:
    """Return the videos of split ``split`` (1, 2 or 3 in UCF101), in the order of the lists.

    Args:
        source: the folder of class folders, and the folder of the lists.
        split: N of trainlist0N.txt.
        allow_missing: how many listed videos may be absent from disk.
    Raises:
        DataError: an empty folder, a class without videos, a listed video that is missing, a path or link that leads
            out of the folder, a malformed line, a video listed twice, or a label that contradicts classInd.txt.
    """
    class_folders = _ClassFolders(source.videos)
    classes = read_classes(source.splits / "classInd.txt")
    numbers = {name.casefold(): label for label, name in enumerate(classes)}
    class_folders.require_videos(classes)
    train_list, test_list = (source.splits / f"{kind}list{split:02d}.txt" for kind in ("train", "test"))
    seen: dict[str, Line] = {}
    missing: list[Line] = []
    found: list[tuple[Video, ...]] = []
    for lines in (read_list(train_list, labelled=True), read_list(test_list, labelled=False)):
        videos = []
        for line in lines:
            label = _label(line, numbers, classes)
            _check_duplicate(line, seen)
            path = class_folders.find(line)
            if path is None:
                missing.append(line)
            else:
                videos.append(Video(path, label))
        found.append(tuple(videos))
    _tolerate(missing, allow_missing, source, class_folders)
    _check_every_class(classes, found[0], train_list)
    if not found[1]:
        raise DataError(f"{test_list}: none of the listed videos is in {source.videos}.")
    return Tree(classes, found[0], found[1], tuple(line.name for line in missing))


class _ClassFolders:
    """The class folders in the folder of videos and their files, looked up by case-folded name."""

    def __init__(self, videos: Path) -> None:
        if not videos.is_dir():
            raise DataError(f"{videos} is not a folder; --data must be the folder with one folder of videos per class.")
        self.videos = videos
        self._root = Path(os.path.realpath(videos))
        self._folders = _names(videos, folders=True)
        if not self._folders:
            raise DataError(
                f"{videos} contains no folder; expected one folder per class, as in Archery/v_Archery_g01_c01.avi."
            )
        self._files: dict[str, _Entries] = {}

    def files(self, folder: str) -> _Entries:
        """Return the files of a folder as ``_names`` does; each folder is listed once."""
        if folder not in self._files:
            self._files[folder] = _names(self.videos / folder, folders=False)
        return self._files[folder]

    def require_videos(self, classes: tuple[str, ...]) -> None:
        """Raise DataError if no class has a folder here, or if a class's folder is empty."""
        if not any(name.casefold() in self._folders for name in classes):
            raise DataError(
                f"{self.videos} contains none of the {len(classes)} class folders listed in classInd.txt "
                f"({classes[0]} ...). --data must be the folder that contains them."
            )
        for name in classes:
            for folder in self._folders.get(name.casefold(), []):
                if not self.files(folder.name):
                    raise DataError(f"{folder.path}: the class {name!r} has no videos; {self._instead(folder.name)}")

    def _instead(self, folder: str) -> str:
        """Return what a class folder without files has instead."""
        inside = [entry.name for entries in _names(self.videos / folder, folders=True).values() for entry in entries]
        if not inside:
            return "its folder is empty."
        return (
            f"its folder has only folders ({inside[0]}). Expected one video per clip; folders of pictures are not read here. Encode each "
            f"as one video: ffmpeg -pattern_type glob -i '{inside[0]}/*.png' -c:v ffv1 {inside[0]}.avi"
        )

    def namesake(self, line: Line) -> str | None:
        """Return the name on disk of a file that differs from a listed one in its suffix only, as ``Class/v_1.mp4``, or None."""
        stem = line.file.rpartition(".")[0].casefold()
        for folder in self._folders.get(line.folder.casefold(), []):
            for name, (entry, *_) in self.files(folder.name).items():
                if name.rpartition(".")[0] == stem:
                    return f"{folder.name}/{entry.name}"
        return None

    def find(self, line: Line) -> str | None:
        """Return the path on disk of a listed video, or None if it is missing."""
        folder = _pick(line.folder, self._folders.get(line.folder.casefold(), []), line, self.videos)
        if folder is None:
            return None
        file = _pick(line.file, self.files(folder.name).get(line.file.casefold(), []), line, folder.path)
        if file is None:
            return None
        linked = file.is_symlink() or folder.is_symlink()  # known from the listing: no system call per video
        if linked and not Path(os.path.realpath(file.path)).is_relative_to(self._root):
            raise DataError(
                f"{line.where}: {file.path} is a link that leads out of {self.videos}. Replace it with the video itself."
            )
        return f"{folder.name}/{file.name}"


_Entries = dict[str, list[os.DirEntry[str]]]
"""The entries of a folder by case-folded name."""


def _names(folder: Path, folders: bool) -> _Entries:
    """Return the subfolders or files of a folder, with their names as spelt on disk; hidden ones are skipped."""
    found: _Entries = {}
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if not entry.name.startswith(".") and _is(entry, folders):
                    found.setdefault(entry.name.casefold(), []).append(entry)
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror}).") from error
    return found


def _is(entry: os.DirEntry[str], folder: bool) -> bool:
    """Return whether an entry is a folder, or a file; a link that leads to itself is neither."""
    try:
        return entry.is_dir() if folder else entry.is_file()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def _pick(wanted: str, found: list[os.DirEntry[str]], line: Line, folder: Path | str) -> os.DirEntry[str] | None:
    """Return the entry with the exact spelling if it exists, else the only one with different capitals, or None."""
    exact = next((entry for entry in found if entry.name == wanted), None)
    if exact is not None or len(found) < 2:
        return exact or next(iter(found), None)
    spelt = " and ".join(entry.name for entry in found)
    raise DataError(f"{line.where}: {line.name!r} matches {spelt} in {folder}, which differ in case only. Keep one.")


def _label(line: Line, numbers: dict[str, int], classes: tuple[str, ...]) -> int:
    label = numbers.get(line.folder.casefold())
    if label is None:
        raise DataError(
            f"{line.where}: there is no class {line.folder!r} in classInd.txt.{did_you_mean(line.folder, classes)}"
        )
    if line.label not in (None, label):
        raise DataError(
            f"{line.where}: {line.name!r} is labelled {line.label + 1}; classInd.txt gives {classes[label]!r} the number {label + 1}."
        )
    return label


def _check_duplicate(line: Line, seen: dict[str, Line]) -> None:
    key = line.name.casefold()
    if key in seen:
        raise DataError(f"{line.where}: {line.name!r} is already listed at {seen[key].where}. Remove one of the lines.")
    seen[key] = line


def _tolerate(missing: list[Line], allowed: int, source: VideoSource, class_folders: _ClassFolders) -> None:
    if len(missing) <= allowed:
        return
    shown = "; ".join(f"{line.name} ({line.where})" for line in missing[:5])
    more = f"; and {len(missing) - 5} more" if len(missing) > 5 else ""
    other = next(filter(None, map(class_folders.namesake, missing)), None)
    suffix = f" There is {other}: write the suffixes in the lists as those of the files." if other else ""
    raise DataError(
        f"{len(missing)} listed video(s) are not in {source.videos}: {shown}{more}.{suffix} "
        f"Add them, or pass --allow-missing {len(missing)} to continue without them."
    )


def _check_every_class(classes: tuple[str, ...], train: tuple[Video, ...], where: Path) -> None:
    without = sorted(set(range(len(classes))) - {video.label for video in train})
    if without:
        raise DataError(
            f"{where}: the class {classes[without[0]]!r} has no training videos; every class in classInd.txt needs some."
        )
