"""Still and moving pictures by Pillow, as the RGB frames that a viewer shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.GifImagePlugin import GifImageFile

from vidgen_bench.data.external.source import CLIP_BYTES, ClipShape
from vidgen_bench.errors import DataError

_MODES = ("RGB", "RGBA", "L", "LA", "P", "PA", "1")
"""What becomes 8-bit RGB without losing anything."""


def animation_shape(path: Path) -> ClipShape:
    """Return the frames, rows and columns of a GIF or WebP.

    Raises:
        DataError: it cannot be read.
    """
    with _opened(path) as image:
        return ClipShape(getattr(image, "n_frames", 1), image.height, image.width)


def animation(path: Path, start: int, stop: int) -> NDArray[np.uint8]:
    """Return frames ``start`` .. ``stop - 1`` of a GIF or WebP, uint8 [T, H, W, 3].

    A frame that stores only what has changed is put on those before it, as the file's disposal says.

    Raises:
        DataError: it cannot be read, has fewer frames, or a frame has transparent pixels in the end.
    """
    frames = []
    with _opened(path) as image:
        for number in range(stop):  # each is drawn on the one before
            if isinstance(image, GifImageFile):
                image.disposal_method = 0  # Pillow would let a frame that names none inherit it from those before
            image.seek(number)
            if number >= start:
                frames.append(_rgb(image, f"{path}, frame {number}"))
    return np.stack(frames)


def still_size(path: Path) -> tuple[int, int]:
    """Return rows and columns of a picture, read from its header.

    Raises:
        DataError: it cannot be read, or holds several frames.
    """
    with _opened(path) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise DataError(f"{path} holds {image.n_frames} frames; expected a picture, one frame a file.")  # type: ignore[attr-defined]
        return image.height, image.width


def still(path: Path) -> NDArray[np.uint8]:
    """Return a picture, uint8 [H, W, 3].

    Raises:
        DataError: it cannot be read, is not 8-bit, or has transparent pixels.
    """
    with _opened(path) as image:
        return _rgb(image, str(path))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decoder's doubts; what it cannot do it raises
            with Image.open(path) as image:
                if 3 * image.width * image.height > CLIP_BYTES:
                    raise DataError(
                        f"{path} has frames of {image.height} x {image.width} pixels, too large for a clip."
                    )
                yield image
    except DataError:
        raise
    except Exception as error:  # of a damaged file, Pillow's decoders raise whatever they stumble over
        reason = "no picture that Pillow knows" if isinstance(error, UnidentifiedImageError) else error
        raise DataError(f"{path}: cannot be read as a picture ({reason}). Copy it again.") from None


def _rgb(image: Image.Image, where: str) -> NDArray[np.uint8]:
    if image.mode not in _MODES:
        raise DataError(f"{where} has pixels of mode {image.mode}; expected 8-bit RGB or grey. Save it as 8-bit RGB.")
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image.convert("RGBA"))
    if int(pixels[..., 3].min()) < 255:
        raise DataError(f"{where} has transparent pixels, whose colour nobody can tell. Save it on a background.")
    return pixels[..., :3]
