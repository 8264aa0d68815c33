"""What the last lines below a table say: which rows different code made, and that one seed supports no comparison."""

from __future__ import annotations

from collections.abc import Iterator

from vidgen_bench.escaping import one_line
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.records.caveats import ONE_SEED

DIFFERENT_CODE = "different code"
"""The mark of a row whose runs were made by different code."""


def closing(ranking: Ranking) -> list[str]:
    """Return the last sentences below a table; none for most tables."""
    trained = [row.row for row in ranking.rows if not row.row.external]
    one = bool(trained) and all(len(set(row.seeds)) == 1 for row in trained)
    return [*map(one_line, _different_code(ranking)), *([ONE_SEED] if one else [])]


def _different_code(ranking: Ranking) -> Iterator[str]:
    for ranked in ranking.rows:
        if found := different_code(ranked.row.records):
            yield (
                f"Different code: several versions of the sources of {', '.join(found)} made the runs of {ranked.label}, so they are not "
                "seeds of one model."
            )
