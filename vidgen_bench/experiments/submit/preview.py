"""The preview of a submitted result: the still picture of a run, reduced to a small JPEG."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from vidgen_bench.errors import RecordError
from vidgen_bench.leaderboard.submissions.layout import PREVIEW_BYTES
from vidgen_bench.system.regular_files import reading

_QUALITIES = (85, 75, 60, 45)
_LARGEST, _SMALLEST = 1200, 150
"""Pixels of the longer side: where the search begins, and where it ends."""


def preview(picture: Path) -> bytes | None:
    """Return a JPEG of at most 60 KB of a run's ``samples.png``, or None if the run has no picture.

    Raises:
        RecordError: the picture is damaged, or a link, pipe or device.
        UnreadableError: the picture may not be read.
    """
    try:
        with reading(picture) as file, Image.open(file, formats=["PNG"]) as opened:
            image = opened.convert("RGB")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecordError(
            f"The picture {picture} cannot be read ({error}). Delete it to submit without a preview."
        ) from None
    side = _LARGEST
    while side >= _SMALLEST:
        smaller = image.copy()
        smaller.thumbnail((side, side))
        for quality in _QUALITIES:
            stream = io.BytesIO()
            smaller.save(stream, format="JPEG", quality=quality, optimize=True)
            if stream.tell() <= PREVIEW_BYTES:
                return stream.getvalue()
        side = side * 3 // 4
    return None
