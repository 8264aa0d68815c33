"""The range of pixels: inferred from the values if they are unambiguous, otherwise required from the user.

A clip that is read in the wrong range still gets a plausible score, often a better one, so values in doubt are never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.source import ValueRange
from vidgen_bench.errors import DataError, RequestError, did_you_mean

if TYPE_CHECKING:
    from vidgen_bench.data.external.fitting import Clips

RANGES: tuple[ValueRange, ...] = get_args(ValueRange)
BOUNDS: dict[ValueRange, tuple[float, float]] = {"-1,1": (-1.0, 1.0), "0,1": (0.0, 1.0), "0,255": (0.0, 255.0)}

SLACK = 1e-5
"""Tolerance beyond a bound for rounding errors, in units of the range's width; such values are clipped."""

_SURELY_SIGNED = -0.1
"""Values below this are taken as a range of -1 to 1: filtering can push clips in 0 to 1 slightly below 0, but not this far."""


_FULL = 0.9
"""Both the smallest and the largest value come this near to -1 and 1 in clips that are surely in -1 to 1; those of -0.5 to 0.5, or with
a mean subtracted, do not."""


def checked_range(value_range: str | None) -> ValueRange | None:
    """Return the range without spaces.

    Raises:
        RequestError: the range is unknown.
    """
    if value_range is None:
        return None
    for known in RANGES:
        if value_range.replace(" ", "") == known:
            return known
    raise RequestError(f"The range {value_range!r} is unknown.{did_you_mean(value_range, RANGES)}")


def range_of(clips: Iterable[tuple[str, NDArray[np.floating]]], given: ValueRange | None) -> ValueRange:
    """Return the value range of all the (name, values) clips.

    Raises:
        DataError: a value is not finite.
        RequestError: a value is outside the ``given`` range, or no range is given and the values are ambiguous.
    """
    least, most = np.inf, -np.inf
    for name, values in clips:
        low, high = float(values.min()), float(values.max())
        if not np.isfinite(low + high):
            wrong = values[~np.isfinite(values)].flat[0]
            raise DataError(f"{name} contains the value {wrong}; expected finite numbers. Did the sampler diverge?")
        if given is not None:
            _check(name, low, high, given)
        least, most = min(least, low), max(most, high)
    return given if given is not None else _inferred(least, most)


def _check(name: str, low: float, high: float, given: ValueRange) -> None:
    bottom, top = BOUNDS[given]
    slack = SLACK * (top - bottom)
    if low < bottom - slack or high > top + slack:
        wrong = low if low < bottom - slack else high
        others = " or ".join(r for r in RANGES if r != given)
        raise RequestError(
            f"{name} contains the value {wrong:.6g}, outside the range {given}. Pass another --range ({others}), or "
            "clamp the clips when you save them."
        )


def _inferred(least: float, most: float) -> ValueRange:
    """Return the range implied by the smallest and largest value; raise RequestError if it is ambiguous."""
    slack = 2 * SLACK
    if -1 - slack <= least <= -_FULL and _FULL <= most <= 1 + slack:
        return "-1,1"
    found = f"The values lie between {least:.6g} and {most:.6g}"
    if least > _SURELY_SIGNED and most <= 1 + slack:
        raise RequestError(
            f"{found}, which may be a range of 0 to 1 or a part of -1 to 1. Pass --range 0,1 or --range=-1,1."
        )
    if least >= -1 - slack and most <= 1 + slack:
        raise RequestError(
            f"{found}, which may be a part of -1 to 1, or another range such as -0.5 to 0.5, or have a mean subtracted. Pass "
            "--range=-1,1 if -1 is black and 1 is white; otherwise rescale the clips to 0 to 1 when you save them, and pass --range 0,1."
        )
    if least >= -255 * SLACK and most <= 255 * (1 + SLACK):
        raise RequestError(f"{found}. If they are pixel values, pass --range 0,255 or save them as uint8.")
    raise RequestError(
        f"{found}; expected uint8, or floats in {', '.join(RANGES[:-1])} or {RANGES[-1]}. Clamp or rescale the clips when you save them."
    )


def check_bytes(clips: Clips, given: str | None) -> None:
    """Refuse uint8 clips that look like floats that were converted without scaling: no value from 2 to 254.

    Floats of 0 to 1 become 0 and 1, those of -1 to 1 also 255; black and white clips look the same. Clips are read until one shows that
    they are pixels, mostly the first.

    Args:
        clips: the clips, of which the frames that are measured are read; floats are not checked here.
        given: the ``--range`` of the request, which settles the doubt.
    Raises:
        RequestError: the clips look so.
        DataError: a clip cannot be read.
    """
    if given is not None or clips.source.value_range is not None:
        return
    seen: set[int] = set()
    for index in range(clips.count):
        seen.update(np.unique(clips.stored(index)).tolist())
        if not seen <= {0, 1, 255}:
            return
    raise RequestError(
        f"The uint8 values of all clips are {' and '.join(map(str, sorted(seen)))}, as if floats had been converted without scaling. "
        "Scale them to 0 to 255 before you convert them to uint8. If the clips really are so, pass --range 0,255."
    )
