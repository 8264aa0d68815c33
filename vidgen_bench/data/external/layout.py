"""The order of an array's axes, recognised by the channel axis, which has three entries."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.source import CLIP_BYTES, ClipShape
from vidgen_bench.errors import RequestError, did_you_mean

Layout = Literal["NTHWC", "NCTHW", "NTCHW"]
"""Axes in order: N clips, T frames, C = 3 channels, H rows, W columns. An array of one clip may omit N."""

LAYOUTS: tuple[Layout, ...] = get_args(Layout)


def checked_layout(layout: str | None) -> Layout | None:
    """Return the layout in upper case.

    Raises:
        RequestError: the layout is unknown.
    """
    if layout is None:
        return None
    for known in LAYOUTS:
        if layout.upper() == known:
            return known
    raise RequestError(f"The layout {layout!r} is unknown.{did_you_mean(layout.upper(), LAYOUTS)}")


def layout_of(shape: tuple[int, ...], given: Layout | None, where: str) -> Layout:
    """Return the layout of an array with five axes, or with four for one clip.

    Raises:
        RequestError: not 4 or 5 axes; no possible channel axis has 3 entries; or several have 3 and no layout is ``given``.
    """
    if len(shape) not in (4, 5):
        raise RequestError(
            f"{where} has the shape {list(shape)}; expected five axes, [N, T, H, W, 3], [N, 3, T, H, W] or [N, T, 3, H, W], "
            "or four for one clip."
        )
    possible = [layout for layout in LAYOUTS if _sizes(shape, layout)["C"] == 3]
    if given is not None:
        if given not in possible:
            raise RequestError(
                f"{where} has the shape {list(shape)}; as {given} it would have {_sizes(shape, given)['C']} channels, expected 3."
            )
        return given
    if not possible:
        raise RequestError(
            f"{where} has the shape {list(shape)}: no possible channel axis ({', '.join(LAYOUTS)}) has the 3 entries of RGB. "
            "Convert grey or four-channel clips to RGB first."
        )
    if len(possible) > 1:
        raise RequestError(
            f"{where} has the shape {list(shape)}, which may be {' or '.join(possible)}. Pass --layout to choose one."
        )
    return possible[0]


def clip_shape(shape: tuple[int, ...], layout: Layout, where: str) -> ClipShape:
    """Return the shape of each clip of an array.

    Raises:
        RequestError: an axis is empty, or a clip has more than ``CLIP_BYTES`` values.
    """
    sizes = _sizes(shape, layout)
    frames, height, width = sizes["T"], sizes["H"], sizes["W"]
    if min(frames, height, width) < 1:
        raise RequestError(f"{where} has the shape {list(shape)}: its clips are empty.")
    if 3 * frames * height * width > CLIP_BYTES:
        raise RequestError(
            f"{where} has the shape {list(shape)}: a clip of {frames} x {height} x {width} is too large."
        )
    return ClipShape(frames, height, width)


def channels_last(clip: NDArray[np.generic], layout: Layout) -> NDArray[np.generic]:
    """Return one clip, given in the layout without its N, as [T, H, W, 3]."""
    axes = layout[1:]
    return clip.transpose([axes.index(a) for a in "THWC"])


def _sizes(shape: tuple[int, ...], layout: str) -> dict[str, int]:
    return dict(zip(layout[-len(shape) :], shape, strict=True))
