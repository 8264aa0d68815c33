"""A store in the making: frames appended video by video, and a journal of what is there, so that a killed run goes on.

A journal line is written only after the frames it speaks of are on the disk. Whatever the frames' file holds beyond the
last line is the rest of an unfinished video, and is cut off.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from vidgen_bench.data.store import FRAMES_FILE
from vidgen_bench.system.disk import settle, settle_folder
from vidgen_bench.system.files import disk_errors

JOURNAL_FILE = "journal.jsonl"

_SETTLE_EVERY = 1.0  # seconds: a killed run loses at most this much work, and a small video costs no fsync of its own


@dataclass(frozen=True)
class Line:
    """One video whose frames are in the file."""

    path: str
    first: int
    frames: int
    decoder: str
    sha256: str


class Journal:
    """The frames' file and its journal in one folder, open for appending; holds the lines found there."""

    def __init__(self, folder: Path, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self.folder = folder
        self.lines: dict[str, Line] = {}
        self._end = 0  # frames in the file
        self._unsettled: list[Line] = []
        self._settled_at = time.monotonic()
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._frames = open(folder / FRAMES_FILE, "ab")  # noqa: SIM115 - closed by __exit__
            self._journal = open(folder / JOURNAL_FILE, "ab")  # noqa: SIM115
            self._journal.truncate(self._recover())
            self._frames.truncate(self._end * frame_bytes)

    def _recover(self) -> int:
        """Take over the journal's lines, up to the first that is cut short or speaks of frames that are not there.

        Returns:
            Length of these lines in bytes.
        """
        size, length = os.fstat(self._frames.fileno()).st_size, 0
        for text in (self.folder / JOURNAL_FILE).read_bytes().splitlines(keepends=True):
            try:
                line = Line(**json.loads(text))
            except (ValueError, TypeError):
                break
            follows = line.first == self._end and text.endswith(b"\n")
            if not follows or (line.first + line.frames) * self._frame_bytes > size:
                break
            self.lines[line.path] = line
            self._end += line.frames
            length += len(text)
        return length

    def append(self, path: str, part: Path, frames: int, decoder: str, sha256: str) -> None:
        """Append the frames of the file ``part`` (which is removed) as the video ``path``.

        Raises:
            VidgenBenchError: no room on the disk; what was appended before stays good.
        """
        line = Line(path, self._end, frames, decoder, sha256)
        with disk_errors(self.folder / FRAMES_FILE):
            with open(part, "rb") as source:
                shutil.copyfileobj(source, self._frames, 1 << 20)
            part.unlink()
            self.lines[path] = line
            self._end += frames
            self._unsettled.append(line)
            if time.monotonic() - self._settled_at > _SETTLE_EVERY:
                self.settle()

    def settle(self) -> None:
        """Put the frames on the disk, then the lines that speak of them."""
        with disk_errors(self.folder):
            settle(self._frames)
            self._journal.writelines(json.dumps(dataclasses.asdict(line)).encode() + b"\n" for line in self._unsettled)
            settle(self._journal)
            settle_folder(self.folder)
            self._unsettled = []
            self._settled_at = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.settle()
        finally:
            self._frames.close()
            self._journal.close()
