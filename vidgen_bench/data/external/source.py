"""The interface of every source of external clips, independent of the file format."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.errors import DataError

ValueRange = Literal["-1,1", "0,1", "0,255"]
"""The float values of black and white."""

MOST_CLIPS = 10_000_000
"""The largest number of clips; a larger one is assumed to be an error in a header."""

CLIP_BYTES = 2**30
"""The largest clip that is read; a larger one is assumed to be an error in a header."""


@dataclass(frozen=True)
class ClipShape:
    """Frames, rows and columns of one clip with three channels."""

    frames: int
    height: int
    width: int


class Source(ABC):
    """External clips as stored: nothing is resized, trimmed or rescaled."""

    def __init__(self, kind: str, names: Sequence[str], shapes: Sequence[ClipShape]) -> None:
        self.kind = kind
        """videos, frames, npy, npz, zip, safetensors or array."""
        self.names = names
        """Name of each clip for messages."""
        self.shapes = shapes

    @property
    def count(self) -> int:
        """Number of clips."""
        return len(self.shapes)

    @property
    def value_range(self) -> ValueRange | None:
        """Range of float pixels; None for uint8."""
        return None

    @property
    def layout(self) -> str | None:
        """Order of an array's axes; None for videos and pictures."""
        return None

    @cached_property
    def sha256(self) -> str:
        """Hash of the clips' names and bytes in order, and of an array's layout and value range; it is computed once."""
        return self._hash()

    def changed(self) -> bool:
        """Return whether the clips are no longer those of ``sha256``; every byte is read again."""
        try:
            return self._hash() != self.sha256
        except DataError:  # a file is gone, or damaged
            return True

    def _hash(self) -> str:
        digest = hashlib.sha256(f"{self.layout} {self.value_range}\0".encode())
        self.hash_into(digest.update)
        return digest.hexdigest()

    @abstractmethod
    def hash_into(self, update: Callable[[bytes], object]) -> None:
        """Pass every byte of the clips to ``update``, in order."""

    @abstractmethod
    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Return frames ``start`` .. ``stop - 1`` of one clip, [T, H, W, 3]; fewer or smaller ones if the file has changed.

        Raises:
            DataError: the file is damaged; the text names it.
        """


def natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return the sort key of a name for natural order: ``frame_2`` before ``frame_10``."""
    parts = re.split(r"([0-9]+)", name)
    digits = [p.lstrip("0") if i % 2 else p for i, p in enumerate(parts)]
    return tuple((len(p) if i % 2 else 0, p) for i, p in enumerate(digits)), name


def hash_files(root: Path, paths: Sequence[Path], update: Callable[[bytes], object]) -> None:
    """Pass the name (relative to the root), size and bytes of every file to ``update``.

    Raises:
        DataError: a file cannot be read.
    """
    for path in paths:
        try:
            with path.open("rb") as stream:
                size = path.stat().st_size
                update(f"{path.relative_to(root).as_posix()}\0{size}\0".encode("utf-8", "surrogateescape"))
                while block := stream.read(1 << 20):
                    update(block)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
