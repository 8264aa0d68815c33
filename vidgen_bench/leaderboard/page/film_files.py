"""The files with clips that a run or a submitted result leaves in its folder, and where the clips are in them.

| file | written by | film |
|---|---|---|
| ``samples.gif`` | the run | every frame, 16 generated clips beside 16 real ones |
| ``preview.jpg`` | ``submit`` | up to 8 frames, 8 generated clips beside 8 real ones |
| ``sample-fps4x-seed0.gif`` or ``.webp`` | ``sample RUN --fps 4x`` | four times as many frames |
| ``sample-rewind8-seed0.gif`` or ``.webp`` | ``sample RUN --rewind 8`` | from before the first frame, played from the end |
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from vidgen_bench.leaderboard.submissions.layout import PREVIEW
from vidgen_bench.records.record import Record

TRAINING_RATE = 8.0
"""Frames per second at which a training clip is played, as in the films of ``vidgen-bench sample``."""

SIDE, ACROSS = 64, 3
"""Pixels of a frame of a clip, and clips beside each other."""

_GAP, _HEAD, _COLUMNS = 12, 16, 4
"""Of the pages that a run writes: space around a block of clips, height of its title, and clips per row of a block of 16."""

_STRIPS, _TIMES = 8, 8
"""Of ``preview.jpg``: clips below each other, and instants of each."""

_LARGEST, _MOST_PAGES, _MOST_PIXELS = 4096, 256, 2**27
"""Of a file: pixels of the longer side of a page, pages, and pixels of all pages together; a small file may have far more."""


@dataclass(frozen=True)
class FilmFile:
    """One kind of file."""

    film: str
    pattern: str
    """The name, with a star where it varies."""
    formats: tuple[str, ...]
    with_real: bool = False
    """Whether real clips are beside the generated ones."""
    speed: float = 1.0
    """Frames per training frame."""

    def paths(self, folder: Path) -> Iterator[Path]:
        """Yield the files of this kind in a folder, in the order of their names."""
        yield from sorted(folder.glob(self.pattern)) if "*" in self.pattern else [folder / self.pattern]


FILES = (
    FilmFile("1x", "samples.gif", ("GIF",), with_real=True),
    FilmFile("1x", PREVIEW, ("JPEG",), with_real=True),
    FilmFile("4x", "sample-fps4x-seed0.*", ("GIF", "WEBP"), speed=4.0),
    FilmFile("rewound", "sample-rewind*-seed0.*", ("GIF", "WEBP")),
)


@dataclass(frozen=True)
class Frames:
    """Frames of some clips beside each other."""

    images: list[Image.Image]
    rate: float


def frames_in(content: bytes, file: FilmFile, record: Record, *, real: bool) -> Frames | None:
    """Return the frames of the first clips in a file; None if it is larger than any that a run writes.

    Raises:
        OSError, ValueError, ...: whatever Pillow raises for damaged content.
    """
    with Image.open(io.BytesIO(content), formats=file.formats) as opened:
        pages = getattr(opened, "n_frames", 1)
        if max(opened.size) > _LARGEST or pages > _MOST_PAGES or pages * opened.width * opened.height > _MOST_PIXELS:
            return None
        if file.pattern == PREVIEW:
            return _from_preview(opened.convert("RGB"), record, real)
        rate, images = TRAINING_RATE * file.speed, list[Image.Image]()
        for number in range(pages):
            opened.seek(number)
            image = _from_page(opened.convert("RGB"), file.with_real, real)
            images += [image] * _times(opened.info.get("duration"), rate)
    return Frames((images[::-1] if file.film == "rewound" else images)[:_MOST_PAGES], rate)


def _times(duration: Any, rate: float) -> int:
    """Return how many frames a page stands for: Pillow writes equal frames as one that lasts longer."""
    known = duration if isinstance(duration, int | float) else 0
    return min(max(round(known * rate / 1000), 1), _MOST_PAGES)


def _from_page(page: Image.Image, with_real: bool, real: bool) -> Image.Image:
    """Return one frame of the first clips of a block of 16; with real clips, two blocks are beside each other under titles."""
    block = (page.width - 3 * _GAP) / 2 if with_real else page.width
    left, top = (_GAP + real * (block + _GAP), _HEAD) if with_real else (0, 0)
    cell = block / _COLUMNS
    return _beside(page, [(left + i * cell, top, cell) for i in range(ACROSS)])


def _from_preview(page: Image.Image, record: Record, real: bool) -> Frames | None:
    """Return the instants of the first clips of a preview, which may be a reduced picture."""
    size, frames = _clip_shape(record)
    if size is None or frames is None:
        return None
    times = min(_TIMES, frames)
    block = times * size
    scale = page.width / (2 * block + 3 * _GAP)
    left, top, cell = (_GAP + real * (block + _GAP)) * scale, _HEAD * scale, size * scale
    images = [_beside(page, [(left + t * cell, top + i * cell, cell) for i in range(ACROSS)]) for t in range(times)]
    return Frames(
        images, TRAINING_RATE * max(times - 1, 1) / max(frames - 1, 1)
    )  # its first and last instants are the clip's


def _beside(page: Image.Image, cells: list[tuple[float, float, float]]) -> Image.Image:
    """Return square parts of a page, each given by left, top and side, beside each other."""
    made = Image.new("RGB", (ACROSS * SIDE, SIDE))
    for i, (left, top, side) in enumerate(cells):
        box = (left, top, min(left + side, page.width), min(top + side, page.height))
        made.paste(page.resize((SIDE, SIDE), Image.Resampling.BOX, box=box), (SIDE * i, 0))
    return made


def _clip_shape(record: Record) -> tuple[int | None, int | None]:
    """Return side and frames of the track's clips, which are whatever the record says."""
    clip: Any = record.track.declared.get("clip")
    table = clip if isinstance(clip, dict) else {}
    return _count(table.get("size")), _count(table.get("frames"))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST else None
