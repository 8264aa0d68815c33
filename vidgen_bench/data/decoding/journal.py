"""An unfinished store: frames appended video by video, and a journal of the finished videos from which a killed run resumes.

A journal line is written only after its frames are on disk. Anything in the frames file after the last journal line
belongs to an unfinished video and is truncated.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import ExitStack
from pathlib import Path

from pydantic import Field, ValidationError

from vidgen_bench.config.toml import Strict
from vidgen_bench.data.index import MOST, Sha256
from vidgen_bench.data.store import FRAMES_FILE
from vidgen_bench.system.files import disk_errors, sync_file, sync_folder
from vidgen_bench.system.regular_files import appending, read_file

JOURNAL_FILE = "journal.jsonl"

_SYNC_SECONDS = 1.0  # a killed run loses at most this much work, and small videos share an fsync


class Line(Strict):
    """One video whose frames are in the frames file."""

    path: str
    first: int = Field(strict=True, ge=0)
    frames: int = Field(strict=True, gt=0)
    decoder: str
    sha256: Sha256
    repeats: int = Field(0, strict=True, ge=0)
    """Frames that equal the one before them."""


class Journal:
    """The frames file and its journal in one folder, open for appending; ``lines`` are the journal lines so far."""

    def __init__(self, folder: Path, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self.folder = folder
        self.lines: dict[str, Line] = {}
        self._end = 0  # frames in the file
        self._unwritten: list[Line] = []
        self._synced_at = time.monotonic()
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._files = ExitStack()  # closed by __exit__
            self._frames = self._files.enter_context(appending(folder / FRAMES_FILE))
            self._journal = self._files.enter_context(appending(folder / JOURNAL_FILE))
            self._journal.truncate(self._recover())
            self._frames.truncate(self._end * frame_bytes)

    def _recover(self) -> int:
        """Load the journal's lines up to the first that is incomplete or whose frames are missing; return their bytes."""
        size, length = os.fstat(self._frames.fileno()).st_size, 0
        for text in read_file(self.folder / JOURNAL_FILE, most=MOST).splitlines(keepends=True):
            try:
                line = Line.model_validate_json(text)
            except ValidationError:
                break
            follows = line.first == self._end and text.endswith(b"\n")
            if not follows or (line.first + line.frames) * self._frame_bytes > size:
                break
            self.lines[line.path] = line
            self._end += line.frames
            length += len(text)
        return length

    def append(self, path: str, part: Path, frames: int, decoder: str, sha256: str, repeats: int = 0) -> None:
        """Append the frames in the file ``part`` as the video ``path``, and delete ``part``.

        Raises:
            VidgenBenchError: the disk is full; videos appended earlier stay valid.
        """
        line = Line(path=path, first=self._end, frames=frames, decoder=decoder, sha256=sha256, repeats=repeats)
        with disk_errors(self.folder / FRAMES_FILE):
            with open(part, "rb") as source:
                shutil.copyfileobj(source, self._frames, 1 << 20)
            part.unlink()
            self.lines[path] = line
            self._end += frames
            self._unwritten.append(line)
            if time.monotonic() - self._synced_at > _SYNC_SECONDS:
                self.sync()

    def sync(self) -> None:
        """Force the frames to disk, then the journal lines that refer to them."""
        with disk_errors(self.folder):
            sync_file(self._frames)
            self._journal.writelines(json.dumps(line.model_dump()).encode() + b"\n" for line in self._unwritten)
            sync_file(self._journal)
            sync_folder(self.folder)
            self._unwritten = []
            self._synced_at = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self.sync()
        finally:
            self._files.close()
