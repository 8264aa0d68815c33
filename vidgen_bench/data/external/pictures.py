"""Still and animated pictures read with Pillow, as the RGB frames that a viewer shows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile

from vidgen_bench.data.external.source import CLIP_BYTES, ClipShape
from vidgen_bench.errors import DataError

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".gif": "GIF", ".webp": "WEBP"}
"""Pillow's format for each suffix. It is asked for no other: one of its readers starts another program on a PostScript file."""

_MODES = ("RGB", "RGBA", "L", "LA", "P", "PA", "1")
"""Pixel modes that convert to 8-bit RGB without loss."""

_METADATA = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}
"""Where Pillow looks for the orientation. Without them it is not asked: to be sure, it would decode the whole picture."""


def animation_shape(path: Path) -> ClipShape:
    """Return the number of frames, rows and columns of a GIF or WebP.

    Raises:
        DataError: the file cannot be read.
    """
    with _opened(path) as image:
        return ClipShape(getattr(image, "n_frames", 1), *_size(image))


def animation(path: Path, start: int, stop: int) -> NDArray[np.uint8]:
    """Return frames ``start`` .. ``stop - 1`` of a GIF or WebP, uint8 [T, H, W, 3].

    A frame that stores only changed pixels is composed with the earlier ones by the file's disposal method.

    Raises:
        DataError: the file cannot be read, has fewer frames, or a composed frame has transparent pixels.
    """
    frames = []
    with _opened(path) as image:
        for number in range(stop):  # each frame is drawn on the previous one
            if isinstance(image, GifImageFile):
                # otherwise a frame without its own inherits it from the previous ones in Pillow
                image.disposal_method = 0
            image.seek(number)
            if number >= start:
                frames.append(_rgb(image, f"{path}, frame {number}"))
    return np.stack(frames)


def still_size(path: Path) -> tuple[int, int]:
    """Return the rows and columns of a picture, read from its header.

    Raises:
        DataError: the file cannot be read, or has several frames.
    """
    with _opened(path) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise DataError(f"{path} has {image.n_frames} frames; expected a picture with one frame.")  # type: ignore[attr-defined]
        return _size(image)


def still(path: Path) -> NDArray[np.uint8]:
    """Return a picture, uint8 [H, W, 3].

    Raises:
        DataError: the file cannot be read, is not 8-bit, or has transparent pixels.
    """
    if path.suffix.lower() == ".png":
        with _opened(path) as image:
            image.verify()  # the checksums of its pixels, which Pillow skips otherwise
    with _opened(path) as image:
        return _rgb(image, str(path))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    form = _FORMATS[path.suffix.lower()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders raise on real errors
            with Image.open(path, formats=[form]) as image:
                if 3 * image.width * image.height > CLIP_BYTES:
                    raise DataError(
                        f"{path} has frames of {image.height} x {image.width} pixels, too large for a clip."
                    )
                yield image
    except DataError:
        raise
    except Exception as error:  # for a damaged file, Pillow's decoders raise exceptions of any type
        reason = f"its content is not {form}" if isinstance(error, UnidentifiedImageError) else error
        reason = getattr(error, "strerror", None) or reason
        raise DataError(f"{path}: cannot be read as a picture ({reason}). Copy it again.") from None


def _rgb(image: Image.Image, where: str) -> NDArray[np.uint8]:
    mode = image.mode
    if isinstance(image, PngImageFile) and image.tile and "16" in str(image.tile[0].args):
        mode = str(image.tile[0].args)  # Pillow would keep 8 of the 16 bits
    if mode not in _MODES:
        raise DataError(f"{where} has pixels of mode {mode}; expected 8-bit RGB or grey. Save it as 8-bit RGB.")
    image.load()
    if _orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image.convert("RGBA"))
    if int(pixels[..., 3].min()) < 255:
        raise DataError(f"{where} has transparent pixels, which have no colour. Save it on an opaque background.")
    return pixels[..., :3]


def _size(image: Image.Image) -> tuple[int, int]:
    """Return the rows and columns that a viewer shows."""
    turned = _orientation(image) in (5, 6, 7, 8)
    return (image.width, image.height) if turned else (image.height, image.width)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, by which a viewer turns a picture; 1 is upright."""
    if not _METADATA & image.info.keys():
        return 1
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # viewers ignore metadata that they cannot read
        return 1
