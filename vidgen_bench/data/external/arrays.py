"""Clips stored as arrays: one in memory, or several in sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.api import Report
from vidgen_bench.data.external.layout import Layout, channels_last, clip_shape, layout_of
from vidgen_bench.data.external.source import MOST_CLIPS, Source, ValueRange
from vidgen_bench.data.external.value_range import range_of
from vidgen_bench.errors import DataError, RequestError

NAMES = ("clips", "samples", "arr_0", "videos")
"""If a file has several arrays, the one with such a name is read as the clips."""

PIXEL_TYPES = ("uint8", "float16", "bfloat16", "float32", "float64")


V = TypeVar("V", covariant=True)


class Block(ABC):
    """One stored array [N, ...] of clips, or [...] of one clip."""

    where: str
    """Name for messages."""
    shape: tuple[int, ...]
    dtype: str

    @property
    def count(self) -> int:
        """Number of clips."""
        return self.shape[0] if len(self.shape) == 5 else 1

    @abstractmethod
    def clip(self, index: int) -> NDArray[np.generic]:
        """Return clip ``index`` without the axis N."""

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        """Pass the type, shape and bytes of the array to ``update``."""
        update(f"{self.dtype} {self.shape}\0".encode())
        for index in range(self.count):
            update(self.clip(index).tobytes())


class HeldBlock(Block):
    """An array in memory."""

    def __init__(self, where: str, array: NDArray[Any]) -> None:
        self.where, self._array = where, array
        self.shape, self.dtype = array.shape, array.dtype.name

    def clip(self, index: int) -> NDArray[np.generic]:
        return self._array[index] if len(self.shape) == 5 else self._array


class PerClip(Sequence[V]):
    """One value per clip, made when it is read: a header of a few bytes may claim millions of clips."""

    def __init__(self, count: int, value: Callable[[int], V]) -> None:
        self._count, self._value = count, value

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> V: ...

    @overload
    def __getitem__(self, index: slice) -> list[V]: ...

    def __getitem__(self, index: int | slice) -> V | list[V]:
        chosen = range(self._count)[index]
        return self._value(chosen) if isinstance(chosen, int) else [self._value(i) for i in chosen]


class Arrays(Source):
    """The clips of one or more arrays, in order."""

    def __init__(
        self,
        kind: str,
        blocks: Sequence[Block],
        layout: Layout | None,
        given: ValueRange | None,
        report: Report,
        check: Callable[[Source], object] = lambda source: None,
    ) -> None:
        self._blocks = tuple(blocks)
        self._layouts = [_checked(block, layout) for block in blocks]
        self._ends = list(accumulate(block.count for block in blocks))
        count = self._ends[-1]
        if not count:
            raise RequestError(f"{blocks[0].where} contains no clips; its shape is {list(blocks[0].shape)}.")
        if count > MOST_CLIPS:
            raise RequestError(f"{blocks[0].where} claims {count:,} clips; at most {MOST_CLIPS:,} are read.")
        shapes = [clip_shape(b.shape, layout, b.where) for b, layout in zip(blocks, self._layouts, strict=True)]
        super().__init__(kind, PerClip(count, self._name), PerClip(count, lambda i: shapes[self._place(i)[0]]))
        check(self)  # first: only a wrong shape can be refused before any value is read
        self._given = given
        self._range = self._find_range(given, report)

    def changed(self) -> bool:
        # the range was found before the first hash, so it is of other values if they changed in between
        try:
            return super().changed() or self._find_range(self._given) != self._range
        except (DataError, RequestError):
            return True

    def _place(self, index: int) -> tuple[int, int]:
        """Return the block that holds a clip, and the clip's number inside it."""
        number = bisect_right(self._ends, index)
        return number, index - (self._ends[number - 1] if number else 0)

    def _name(self, index: int) -> str:
        number, inside = self._place(index)
        block = self._blocks[number]
        return block.where if len(block.shape) == 4 else f"clip {inside} of {block.where}"

    @property
    def value_range(self) -> ValueRange | None:
        return self._range

    @property
    def layout(self) -> str:
        return " ".join(dict.fromkeys(self._layouts))

    def hash_into(self, update: Callable[[bytes], object]) -> None:
        for block in self._blocks:
            block.hash_into(update)

    def read(self, index: int, start: int, stop: int) -> NDArray[np.uint8] | NDArray[np.float32]:
        number, inside = self._place(index)
        clip = channels_last(self._blocks[number].clip(inside), self._layouts[number])[start:stop]
        return clip.astype(np.uint8) if self._range is None else clip.astype(np.float32)

    def _find_range(
        self, given: ValueRange | None, report: Report = lambda what, done, total: None
    ) -> ValueRange | None:
        types = {block.dtype: block for block in self._blocks}
        if "uint8" in types:
            if len(types) > 1:
                first, other = list(types.values())[:2]
                raise RequestError(
                    f"{first.where} has type {first.dtype}, {other.where} {other.dtype}; expected the same type in all arrays."
                )
            if given not in (None, "0,255"):
                raise RequestError(f"The clips are uint8 with values 0 to 255; --range {given} is only for floats.")
            return None
        return range_of(self._values(report), given)

    def _values(self, report: Report) -> Iterator[tuple[str, NDArray[np.floating]]]:
        for index in range(self.count):
            number, inside = self._place(index)
            report("checking pixel values", index, self.count)
            values = self._blocks[number].clip(inside)
            yield self.names[index], values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32, copy=False)


def _checked(block: Block, layout: Layout | None) -> Layout:
    if block.dtype not in PIXEL_TYPES:
        raise RequestError(wrong_type(block.where, block.dtype))
    return layout_of(block.shape, layout, block.where)


def wrong_type(where: str, dtype: str) -> str:
    """Return the error text for an array whose type cannot hold pixels."""
    return (
        f"{where} has type {dtype}; expected {', '.join(PIXEL_TYPES[:-1])} or {PIXEL_TYPES[-1]}. "
        "Save whole numbers from 0 to 255 as uint8."
    )


def chosen(names: list[str], path: Path) -> str:
    """Return the only name, or the one in ``NAMES``.

    Raises:
        RequestError: there are no names, or several of which none or more than one is in ``NAMES``.
    """
    if not names:
        raise RequestError(f"{path} contains no array.")
    known = names if len(names) == 1 else [n for n in names if n in NAMES]
    if len(known) != 1:
        raise RequestError(
            f"{path} contains the arrays {', '.join(sorted(names)[:8])}, and it is not clear which has the clips. Keep one array, "
            f"or name one of them {' or '.join(NAMES)}."
        )
    return known[0]
