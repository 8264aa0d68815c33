"""The decoded videos on disk: a file of uint8 frames and an index. Opening it takes milliseconds and decodes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vidgen_bench.api import Report
from vidgen_bench.data.frame_file import FrameFile
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.index import Index, Stored, damaged, read_index

FRAMES_FILE, INDEX_FILE = "frames.u8", "index.json"


@dataclass(frozen=True)
class Store:
    """Decoded videos of one split under one geometry."""

    folder: Path
    index: Index

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Return the store in ``folder``.

        Raises:
            DataError: the store is incomplete, or its files contradict each other.
        """
        index = read_index(folder / INDEX_FILE)
        path = folder / FRAMES_FILE
        size = path.stat().st_size if path.is_file() else None
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

    def verify(self, report: Report = lambda what, done, total: None) -> None:
        """Check every video's frames against their stored hash.

        Raises:
            DataError: a video's frames have changed; the text names it.
        """
        for done, video in enumerate(self.index.videos):
            report("verifying", done, len(self.index.videos))
            held = hashlib.sha256(self.frames[video.first : video.first + video.frames].tobytes()).hexdigest()
            if held != video.sha256:
                raise damaged(
                    self.folder, f"the frames of {video.path} have the hash {held[:12]}…, expected {video.sha256[:12]}…"
                )
        report("verifying", len(self.index.videos), len(self.index.videos))
