"""Clips of a row: the pictures that its run left, as one small WebP sheet with a frame below the other."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from vidgen_bench.errors import RecordError, UnreadableError
from vidgen_bench.leaderboard.page.film_files import ACROSS, FILES, SIDE, Frames, frames_in
from vidgen_bench.records.record import Record
from vidgen_bench.system.regular_files import read_file

MOST_BYTES = 60_000
"""The largest sheet of a row."""

_MOST_FRAMES = 200
_QUALITIES = (80, 65, 50, 35)
_LARGEST_FILE = 2**24
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, LookupError, struct.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class Film:
    """A part of a sheet that is played by itself."""

    name: str
    """What it shows: ``1x``, ``4x``, ``rewound``."""
    first: int
    frames: int
    rate: float
    """Frames per second."""


@dataclass(frozen=True)
class Clip:
    """The clips of one row."""

    address: Markup
    """The sheet as a ``data:`` address, too long to be printed as a text."""
    films: tuple[Film, ...]

    @property
    def frames(self) -> int:
        """The number of frames in the sheet."""
        return sum(film.frames for film in self.films)


def clip_of(folders: Sequence[Path], record: Record, *, real: bool = False) -> Clip | None:
    """Return the clips in the folders of a record's copies; None if there are none.

    A folder may come from somebody else: only small regular files are opened, each as the format of its name.

    Args:
        folders: of the record and its copies.
        record: the record, whose track says how large its clips are.
        real: the real clips beside the generated ones.
    """
    found: dict[str, Frames] = {}
    for file in FILES:
        if file.film in found or (real and not file.with_real):
            continue
        for path in (p for folder in folders for p in file.paths(folder)):
            try:
                frames = frames_in(read_file(path, most=_LARGEST_FILE), file, record, real=real)
            except (*_DAMAGED, RecordError, UnreadableError):
                continue
            if frames is not None:
                found[file.film] = frames
                break
    return _sheet(list(_fitting(found)))


def _fitting(found: dict[str, Frames]) -> Iterator[tuple[str, Frames]]:
    """Yield the films that fit into a sheet, in the order of :data:`FILES`."""
    total = 0
    for name, frames in found.items():
        if (total := total + len(frames.images)) <= _MOST_FRAMES:
            yield name, frames


def _sheet(parts: list[tuple[str, Frames]]) -> Clip | None:
    """Return the sheet of some films: the last ones are left out, and then the quality is lowered, until it is small enough."""
    while parts:
        films, images = list[Film](), list[Image.Image]()
        for name, frames in parts:
            films.append(Film(name, len(images), len(frames.images), frames.rate))
            images += frames.images
        sheet = Image.new("RGB", (ACROSS * SIDE, SIDE * len(images)))
        for i, image in enumerate(images):
            sheet.paste(image, (0, SIDE * i))
        for quality in _QUALITIES:
            stream = io.BytesIO()
            sheet.save(stream, format="WEBP", quality=quality, method=4)
            if stream.tell() <= MOST_BYTES:
                data = base64.b64encode(stream.getvalue()).decode()
                return Clip(Markup(f"data:image/webp;base64,{data}"), tuple(films))
        parts.pop()
    return None
