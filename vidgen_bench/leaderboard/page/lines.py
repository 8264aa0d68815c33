"""The lines beside the rows: anchors and published numbers, which are never ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vidgen_bench.leaderboard.anchors import describe
from vidgen_bench.leaderboard.page.clips import Clip
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.leaderboard.render import numbers


@dataclass(frozen=True)
class LineView:
    """An anchor or a published row: numbers beside the rows, never ranked."""

    name: str
    scores: tuple[str, ...]
    wrong: tuple[bool, ...] = ()
    """Whether each published number has a known error."""
    errors: str = ""
    clip: Clip | None = None


def anchor_lines(ranking: Ranking, metrics: Mapping[str, int], real: Clip | None) -> tuple[LineView, ...]:
    """Return the anchors; ``metrics`` has the decimals of each column. Only real clips can have a film: noise would flash."""
    names = [*ranking.anchors.above, *ranking.anchors.below]
    return tuple(
        LineView(
            describe(name),
            tuple(
                numbers.mean_and_spread(ranking.anchors.scores[name].get(m), places) for m, places in metrics.items()
            ),
            clip=real if name in ranking.anchors.above else None,
        )
        for name in names
    )


def published_views(ranking: Ranking, metrics: Mapping[str, int]) -> tuple[LineView, ...]:
    """Return the published rows that have a score in one of the columns."""
    return tuple(
        LineView(
            line.system,
            tuple(numbers.as_published(line.scores.get(m), places) for m, places in metrics.items()),
            tuple(m in line.wrong for m in metrics),
            " ".join(line.errors),
        )
        for line in ranking.published
        if line.scores.keys() & metrics.keys()
    )
