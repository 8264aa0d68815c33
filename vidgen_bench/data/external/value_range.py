"""The range of float pixels: inferred from the values if they are unambiguous, otherwise required from the user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from vidgen_bench.data.external.source import ValueRange
from vidgen_bench.errors import DataError, RequestError, did_you_mean

RANGES: tuple[ValueRange, ...] = get_args(ValueRange)
BOUNDS: dict[ValueRange, tuple[float, float]] = {"-1,1": (-1.0, 1.0), "0,1": (0.0, 1.0), "0,255": (0.0, 255.0)}

SLACK = 1e-5
"""Tolerance beyond a bound for rounding errors, in units of the range's width; such values are clipped."""

_SURELY_SIGNED = -0.1
"""Values below this are taken as a range of -1 to 1: filtering can push clips in 0 to 1 slightly below 0, but not this far."""


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
    if -1 - slack <= least <= _SURELY_SIGNED and most <= 1 + slack:
        return "-1,1"
    found = f"The values lie between {least:.6g} and {most:.6g}"
    if least > _SURELY_SIGNED and most <= 1 + slack:
        raise RequestError(
            f"{found}, which may be a range of 0 to 1 or a part of -1 to 1. Pass --range 0,1 or --range=-1,1."
        )
    if least >= -255 * SLACK and most <= 255 * (1 + SLACK):
        raise RequestError(f"{found}. If they are pixel values, pass --range 0,255 or save them as uint8.")
    raise RequestError(
        f"{found}; expected uint8, or floats in {', '.join(RANGES[:-1])} or {RANGES[-1]}. Clamp or rescale the clips when you save them."
    )
