"""The UCF101 layout: which videos a split has, where they lie, and what class they show.

The folder names the class. Folder and file are matched without regard to case: the genuine set holds
``HandstandPushups/v_HandStandPushups_g01_c01.avi``, and lists that spell it either way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import VideoSource
from vidgen_bench.data.ucf101.splits import Line, read_classes, read_list
from vidgen_bench.errors import DataError, did_you_mean


@dataclass(frozen=True)
class Video:
    """One listed video: its path relative to the folder of videos (with ``/``, spelt as on disk) and its label from
    0."""

    path: str
    label: int


@dataclass(frozen=True)
class Tree:
    """One split of a folder of videos; ``missing`` are listed videos that are not on disk and were tolerated."""

    classes: tuple[str, ...]
    train: tuple[Video, ...]
    test: tuple[Video, ...]
    missing: tuple[str, ...] = ()


def read_tree(source: VideoSource, split: int, allow_missing: int = 0) -> Tree:
    """Return the videos of split ``split`` (1, 2 or 3 in UCF101), in the order of the lists.

    Args:
        source: the folder of class folders, and the folder of the lists.
        split: the N of trainlist0N.txt.
        allow_missing: how many listed videos may be absent from disk.
    Raises:
        DataError: an empty folder, a class without videos, a listed video that is not there, a path or link that leads
            out of
            the folder, a malformed line, a video listed twice, or a label that disagrees with classInd.txt.
    """
    record_files = _Shelf(source.videos)
    classes = read_classes(source.splits / "classInd.txt")
    numbers = {name.casefold(): label for label, name in enumerate(classes)}
    record_files.require_videos(classes)
    train_list, test_list = (source.splits / f"{kind}list{split:02d}.txt" for kind in ("train", "test"))
    seen: dict[str, Line] = {}
    missing: list[Line] = []
    found: list[tuple[Video, ...]] = []
    for lines in (read_list(train_list, labelled=True), read_list(test_list, labelled=False)):
        videos = []
        for line in lines:
            label = _label(line, numbers, classes)
            _once(line, seen)
            path = record_files.find(line)
            if path is None:
                missing.append(line)
            else:
                videos.append(Video(path, label))
        found.append(tuple(videos))
    _tolerate(missing, allow_missing, source)
    _every_class(classes, found[0], train_list)
    if not found[1]:
        raise DataError(f"{test_list}: none of the listed videos is in {source.videos}.")
    return Tree(classes, found[0], found[1], tuple(line.name for line in missing))


class _Shelf:
    """What lies in the folder of videos: {folded class name: (folder as spelt, {folded file name: names as spelt})}."""

    def __init__(self, videos: Path) -> None:
        if not videos.is_dir():
            raise DataError(
                f"{videos} is not a folder; --data must name the folder that holds one folder of videos a class."
            )
        self.videos = videos
        self._root = Path(os.path.realpath(videos))
        self._folders: dict[str, list[str]] = {}
        for name in sorted(_names(videos, folders=True)):
            self._folders.setdefault(name.casefold(), []).append(name)
        if not self._folders:
            raise DataError(
                f"{videos} holds no folder; expected one folder a class, as in Archery/v_Archery_g01_c01.avi."
            )
        self._files: dict[str, dict[str, list[str]]] = {}

    def files(self, folder: str) -> dict[str, list[str]]:
        """Return the files of a folder (as spelt on disk) by folded name, read once."""
        if folder not in self._files:
            files: dict[str, list[str]] = {}
            for name in sorted(_names(self.videos / folder, folders=False)):
                files.setdefault(name.casefold(), []).append(name)
            self._files[folder] = files
        return self._files[folder]

    def require_videos(self, classes: tuple[str, ...]) -> None:
        """Refuse where no class at all has its folder here, or where a class has a folder without a file."""
        if not any(name.casefold() in self._folders for name in classes):
            raise DataError(
                f"{self.videos} holds none of the {len(classes)} class folders that classInd.txt names "
                f"({classes[0]} ...). "
                "--data must name the folder that holds them."
            )
        for name in classes:
            for folder in self._folders.get(name.casefold(), []):
                if not self.files(folder):
                    raise DataError(f"{self.videos / folder}: the class {name!r} has no videos; its folder is empty.")

    def find(self, line: Line) -> str | None:
        """Return the path on disk of a listed video, None where it is not there."""
        folder = _pick(line.folder, self._folders.get(line.folder.casefold(), []), line, self.videos)
        if folder is None:
            return None
        file = _pick(line.file, self.files(folder).get(line.file.casefold(), []), line, self.videos / folder)
        if file is None:
            return None
        path = self.videos / folder / file
        linked = path.is_symlink() or path.parent.is_symlink()
        if linked and not Path(os.path.realpath(path)).is_relative_to(self._root):
            raise DataError(
                f"{line.where}: {path} is a link that leads out of {self.videos}. Put the video itself there."
            )
        return f"{folder}/{file}"


def _names(folder: Path, folders: bool) -> Iterable[str]:
    try:
        with os.scandir(folder) as entries:
            return [e.name for e in entries if (e.is_dir() if folders else e.is_file()) and not e.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror}).") from error


def _pick(wanted: str, spelt: list[str], line: Line, folder: Path) -> str | None:
    """Return the exact spelling where it is there, else the only one that differs in case alone."""
    if wanted in spelt or len(spelt) < 2:
        return wanted if wanted in spelt else next(iter(spelt), None)
    raise DataError(
        f"{line.where}: {line.name!r} could be {' or '.join(spelt)} in {folder}; they differ in case only. Keep one."
    )


def _label(line: Line, numbers: dict[str, int], classes: tuple[str, ...]) -> int:
    label = numbers.get(line.folder.casefold())
    if label is None:
        raise DataError(
            f"{line.where}: classInd.txt names no class {line.folder!r}.{did_you_mean(line.folder, classes)}"
        )
    if line.label not in (None, label):
        raise DataError(
            f"{line.where}: {line.name!r} is labelled {line.label + 1}; classInd.txt gives {classes[label]!r} the "
            f"number {label + 1}."
        )
    return label


def _once(line: Line, seen: dict[str, Line]) -> None:
    key = line.name.casefold()
    if key in seen:
        raise DataError(
            f"{line.where}: {line.name!r} stands already at {seen[key].where}; a video may be listed once. Remove "
            "one line."
        )
    seen[key] = line


def _tolerate(missing: list[Line], allowed: int, source: VideoSource) -> None:
    if len(missing) <= allowed:
        return
    shown = "; ".join(f"{line.name} ({line.where})" for line in missing[:5])
    more = f"; and {len(missing) - 5} more" if len(missing) > 5 else ""
    raise DataError(
        f"{len(missing)} listed video(s) are not in {source.videos}: {shown}{more}. "
        f"Put them there, or pass --allow-missing {len(missing)} to go on without them."
    )


def _every_class(classes: tuple[str, ...], train: tuple[Video, ...], where: Path) -> None:
    without = sorted(set(range(len(classes))) - {video.label for video in train})
    if without:
        raise DataError(
            f"{where}: the class {classes[without[0]]!r} has no videos to train on; every class of classInd.txt "
            "needs some."
        )
