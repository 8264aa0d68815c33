"""What every source of clips tells of itself, whatever its files are."""

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
"""What a float's least and largest value stand for: black and white."""

CLIP_BYTES = 2**30
"""The largest clip that is read; what is beyond it is no sample but a mistake in a header."""


@dataclass(frozen=True)
class ClipShape:
    """Frames, rows and columns of one clip; channels are three."""

    frames: int
    height: int
    width: int


class Source(ABC):
    """Clips made elsewhere, as they are: nothing is resized, trimmed or rescaled."""

    def __init__(self, kind: str, names: Sequence[str], shapes: Sequence[ClipShape]) -> None:
        self.kind = kind
        """videos, frames, npy, npz, zip, safetensors or array."""
        self.names = tuple(names)
        """What messages call each clip."""
        self.shapes = tuple(shapes)

    @property
    def count(self) -> int:
        """Clips."""
        return len(self.shapes)

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames of each clip."""
        return tuple(s.frames for s in self.shapes)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of each clip."""
        return tuple((s.height, s.width) for s in self.shapes)

    @property
    def value_range(self) -> ValueRange | None:
        """What float values mean; None where pixels are uint8."""
        return None

    @property
    def layout(self) -> str | None:
        """Order of an array's axes; None where it is no array."""
        return None

    @cached_property
    def sha256(self) -> str:
        """The hash of what the clips are: names and bytes in order, and how an array is understood."""
        digest = hashlib.sha256(f"{self.layout} {self.value_range}\0".encode())
        self.hash_into(digest.update)
        return digest.hexdigest()

    @abstractmethod
    def hash_into(self, update: Callable[[bytes], object]) -> None:
        """Hand every byte that the clips are made of to ``update``, in order."""

    @abstractmethod
    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Return frames ``start`` .. ``stop - 1`` of one clip, [T, H, W, 3].

        Raises:
            DataError: the file is damaged, or not what it was when the source was opened; the text names it.
        """


def natural(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return the key that sorts ``frame_2`` before ``frame_10``."""
    parts = re.split(r"([0-9]+)", name)
    digits = [p.lstrip("0") if i % 2 else p for i, p in enumerate(parts)]
    return tuple((len(p) if i % 2 else 0, p) for i, p in enumerate(digits)), name


def hash_files(root: Path, paths: Sequence[Path], update: Callable[[bytes], object]) -> None:
    """Hand name (relative to the root), size and bytes of every file to ``update``.

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
