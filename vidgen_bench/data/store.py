"""The decoded videos on disk: a file of uint8 frames and an index. Opening it takes milliseconds and decodes nothing."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader
from pathlib import Path

from vidgen_bench.api import Report
from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.index import Index, Stored, damaged, read_index
from vidgen_bench.system.regular_files import reading

FRAMES_FILE, INDEX_FILE = "frames.u8", "index.json"

_PART = 2**22  # bytes hashed at a time


@dataclass(frozen=True)
class Store:
    """Decoded videos of one split under one geometry."""

    folder: Path
    index: Index

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Return the store in ``folder``.

        Raises:
            DamagedStoreError: the store is incomplete, or its files contradict each other.
            UnreadableError: it cannot be read; it may be intact.
        """
        index = read_index(folder / INDEX_FILE)
        path = folder / FRAMES_FILE
        try:
            with reading(path) as stream:
                size = os.fstat(stream.fileno()).st_size
        except FileNotFoundError:
            size = None
        if size != index.bytes:
            raise damaged(folder, f"{path.name} has {size} bytes, its index expects {index.bytes}")
        return cls(folder, index)

    @cached_property
    def frames(self) -> FrameFile:
        """Every frame, uint8 [frames, 3, h, w]."""
        shape = (self.index.frames, 3, self.geometry.height, self.geometry.width)
        return FrameFile(self.folder / FRAMES_FILE, shape)

    @cached_property
    def train(self) -> list[Stored]:
        """The training videos, in list order."""
        return [video for video in self.index.videos if video.split == "train"]

    @cached_property
    def test(self) -> list[Stored]:
        """The held-out videos, in list order."""
        return [video for video in self.index.videos if video.split == "test"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by label."""
        return self.index.classes

    @cached_property
    def class_videos(self) -> tuple[int, ...]:
        """Training videos of each class, by label."""
        counts = Counter(video.label for video in self.train)
        return tuple(counts[label] for label in range(len(self.classes)))

    @property
    def geometry(self) -> FrameGeometry:
        """Resize and crop of the stored frames."""
        return self.index.geometry

    @property
    def missing(self) -> tuple[str, ...]:
        """Listed videos that are not in the store, tolerated by ``--allow-missing``."""
        return self.index.missing

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint; see :attr:`vidgen_bench.data.index.Index.fingerprint`."""
        return self.index.fingerprint

    def verify(self, report: Report = lambda what, done, total: None, only: Sequence[int] | None = None) -> None:
        """Check every video's frames against their stored hash, or those of the videos with the numbers ``only``.

        Raises:
            DamagedStoreError: a video's frames have changed; the text names it.
            UnreadableError: the frames cannot be read; they may be intact.
        """
        videos = self.index.videos if only is None else [self.index.videos[number] for number in only]
        try:
            with reading(self.folder / FRAMES_FILE) as file:
                for done, video in enumerate(videos):
                    report("verifying", done, len(videos))
                    self._verify(video, file)
        except FileNotFoundError:  # another process found it damaged, and deletes it
            raise damaged(self.folder, f"{FRAMES_FILE} is missing") from None
        report("verifying", len(videos), len(videos))

    def _verify(self, video: Stored, file: BufferedReader) -> None:
        each = 3 * self.geometry.height * self.geometry.width
        digest, left = hashlib.sha256(), video.frames * each
        file.seek(video.first * each)
        while left and (part := file.read(min(left, _PART))):
            digest.update(part)
            left -= len(part)
        held = digest.hexdigest()
        if left or held != video.sha256:
            raise damaged(
                self.folder, f"the frames of {video.path} have the hash {held[:12]}…, expected {video.sha256[:12]}…"
            )
