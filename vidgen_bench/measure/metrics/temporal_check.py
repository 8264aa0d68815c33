"""The temporal check: scores of the same clips without their motion, to see whether a metric responds to motion at all.

A metric whose score does not change when frames are shuffled, or when one frame is repeated, judges images and not videos.
"""

from __future__ import annotations

from dataclasses import replace

from vidgen_bench.api import View, hookimpl
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance
from vidgen_bench.measure.metrics.inception_score import InceptionScore

Base = InceptionScore | FrechetDistance

_SEEN: dict[View, str] = {"shuffled": "with the frames in another order", "frozen": "with one frame repeated"}


def _check(base: Base, view: View) -> Base:
    """Return the declaration of a metric that applies another one to a view of the clips."""
    return replace(
        base,
        name=f"{base.name}-{view}",
        title=f"{base.title} {view}",
        summary=f"{base.title} of the same clips {_SEEN[view]}; if near {base.title}, {base.title} ignores motion.",
        better="neither",
        view=view,
    )


@hookimpl
def vidgen_metrics() -> list[Base]:
    """Return the Inception Score and FID of shuffled and of frozen clips."""
    return [_check(base, view) for base in (InceptionScore(), FrechetDistance()) for view in _SEEN]
