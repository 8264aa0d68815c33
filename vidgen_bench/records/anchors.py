"""The anchors that scores are read between: one name each, in records, cache files and tables alike."""

from __future__ import annotations

from typing import NamedTuple

REAL, GREY, NOISE = "real", "grey", "noise"
"""Held-out real clips; the constant clip 0; every pixel uniform in [-1, 1]."""


class Anchor(NamedTuple):
    """What tables say of an anchor."""

    label: str
    """In the table of one run."""
    sentence: str
    """Below a leaderboard."""


ANCHORS = {
    REAL: Anchor("held-out real clips (ceiling)", "real is held-out clips of the data set"),
    GREY: Anchor("plain grey (floor)", "grey and noise show nothing"),
    NOISE: Anchor("plain noise (floor)", "grey and noise show nothing"),
}
