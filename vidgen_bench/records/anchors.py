"""The anchors: reference scores of real clips and of plain images, with one name each in records, cache files and tables."""

from __future__ import annotations

from typing import NamedTuple

REAL, GREY, NOISE = "real", "grey", "noise"
"""Held-out real clips; the constant clip 0; every pixel uniform in [-1, 1]."""


class Anchor(NamedTuple):
    """The words that tables use for an anchor."""

    label: str
    """The row label in the table of one run."""
    sentence: str
    """The explanation below a leaderboard."""


ANCHORS = {
    REAL: Anchor("held-out real clips (ceiling)", "real is held-out clips of the data set"),
    GREY: Anchor("plain grey (floor)", "grey and noise are clips that show nothing"),
    NOISE: Anchor("plain noise (floor)", "grey and noise are clips that show nothing"),
}
