"""Videos that seem to have stopped: at least half of their frames are equal to a neighbour."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from vidgen_bench.errors import DataWarning

_NAMED = 5


def mostly_still(frames: int, repeats: int) -> bool:
    """Return whether a video with this many frames, of which ``repeats`` equal the one before, seems to have stopped."""
    return repeats > 0 and 2 * (repeats + 1) >= frames


def warn_about_still(names: Sequence[str], total: int) -> None:
    """Warn once about the videos with these names, out of ``total``; without names, do nothing."""
    if not names:
        return
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    warnings.warn(
        f"In {len(names)} of {total} videos at least half of the frames are equal to a neighbour: {', '.join(names[:_NAMED])}{more}. "
        "They were used; check that these videos move.",
        DataWarning,
        stacklevel=2,
    )
