"""What a table says about its null models, whose latents carry no motion: who is better than they are, and who is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vidgen_bench.leaderboard.ranking import Ranking, backbone_of
from vidgen_bench.leaderboard.statistics.verdicts import Pair, Verdict

_NAMED = 6
"""The most rows that a sentence names."""


def null_lines(ranking: Ranking, members: Sequence[int], pairs: Mapping[tuple[int, int], Pair]) -> Iterator[str]:
    """Yield a sentence per backbone that has null models among rows that are tested against each other.

    Args:
        ranking: the table.
        members: positions of the tested rows, in the order of the table.
        pairs: the verdicts by two positions, the smaller one first.
    """
    by_backbone: dict[str, list[int]] = {}
    for position in members:
        by_backbone.setdefault(backbone_of(ranking.rows[position].row), []).append(position)
    for inside in by_backbone.values():
        nulls = [i for i in inside if ranking.rows[i].row.null]
        others = [i for i in inside if i not in nulls]
        if nulls and others:
            yield from _sentences(ranking, nulls, others, pairs)


def _sentences(
    ranking: Ranking, nulls: Sequence[int], others: Sequence[int], pairs: Mapping[tuple[int, int], Pair]
) -> Iterator[str]:
    """Yield what the rows of one backbone are, compared with each of its null models."""
    beaten: list[str] = []
    for null in nulls:
        better = [i for i in others if _is_better(i, null, pairs)]
        worse = [i for i in others if _is_better(null, i, pairs)]
        close = [i for i in others if i not in better and i not in worse]
        name = ranking.rows[null].label
        if not close and not worse:
            beaten.append(name)
        if close:
            yield (
                f"The seeds do not separate the null model {name} from {_joined(ranking, close)}: for "
                f"{'these rows' if len(close) > 1 else 'this row'}, the table does not show that the temporal generator gains anything."
            )
        if worse:
            yield f"The null model {name} is better than {_joined(ranking, worse)}."
    if beaten:
        every = f"Each of the {len(others)} other rows" if len(others) > 1 else ranking.rows[others[0]].label
        backbone = backbone_of(ranking.rows[nulls[0]].row)
        plural = "s" if len(beaten) > 1 else ""
        yield f"{every}{f' of {backbone}' * (len(others) > 1)} is better than the null model{plural} {' and '.join(beaten)}."


def _is_better(one: int, other: int, pairs: Mapping[tuple[int, int], Pair]) -> bool:
    """Return whether the seeds show that the row at position ``one`` is better than the row at ``other``."""
    first, second = sorted((one, other))
    return pairs[first, second].verdict is (Verdict.BETTER if one == first else Verdict.WORSE)


def _joined(ranking: Ranking, positions: Sequence[int]) -> str:
    if len(positions) > _NAMED:
        return f"{len(positions)} rows of {backbone_of(ranking.rows[positions[0]].row)}"
    labels = [ranking.rows[i].label for i in positions]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
