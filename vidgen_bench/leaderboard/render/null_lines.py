"""What a table says about its null models, whose latents carry no motion: who is better than they are, and who is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vidgen_bench.leaderboard.ranking import Ranking, backbone_of
from vidgen_bench.leaderboard.statistics.verdicts import Pair, Verdict

_NAMED = 6
"""The most rows that a sentence names."""


def null_lines(ranking: Ranking, members: Sequence[int], pairs: Mapping[tuple[int, int], Pair]) -> Iterator[str]:
    """Yield sentences per backbone that has null models: how its other rows compare with each of them.

    Args:
        ranking: the table.
        members: positions of the tested rows, in the order of the table.
        pairs: the verdicts by two positions, the smaller one first.
    """
    by_backbone: dict[str, list[int]] = {}
    for position in members:
        by_backbone.setdefault(backbone_of(ranking.rows[position].row), []).append(position)
    for backbone, tested in by_backbone.items():
        inside = [i for i, r in enumerate(ranking.rows) if backbone_of(r.row) == backbone]
        others = [i for i in tested if not ranking.rows[i].row.null]
        if others:
            nulls = [i for i in inside if ranking.rows[i].row.null]
            yield from _sentences(ranking, [i for i in nulls if i in tested], others, pairs)
            if absent := [i for i in nulls if i not in tested]:
                yield f"Nothing is compared with the null model{_s(absent)} {_joined(ranking, absent)}, which {_are(absent)} not tested."


def _sentences(
    ranking: Ranking, nulls: Sequence[int], others: Sequence[int], pairs: Mapping[tuple[int, int], Pair]
) -> Iterator[str]:
    """Yield what the tested rows of one backbone are, compared with each of its tested null models."""
    title = ranking.metrics[ranking.select].title
    beaten: list[int] = []
    for null in nulls:
        found: dict[Verdict, list[int]] = {}
        for other in others:
            found.setdefault(_verdict(other, null, pairs), []).append(other)
        name = ranking.rows[null].label
        if list(found) == [Verdict.BETTER]:
            beaten.append(null)
        if close := found.get(Verdict.NOT_SEPARATED):
            spread = " (A diverged seed widens its interval.)" if ranking.rows[null].diverged else ""
            yield (
                f"By {title}, the seeds do not separate the null model {name} from {_joined(ranking, close)}: they do not show that "
                f"the temporal generator gains anything there.{spread}"
            )
        if untestable := found.get(Verdict.NOT_TESTABLE):
            yield f"By {title}, the null model {name} and {_joined(ranking, untestable)} are not testable: their seeds have no spread."
        if worse := found.get(Verdict.WORSE):
            yield f"By {title}, the null model {name} is better than {_joined(ranking, worse)}."
    if beaten:
        backbone = backbone_of(ranking.rows[nulls[0]].row)
        every = (
            f"each of the {len(others)} other tested rows of {backbone}"
            if len(others) > 1
            else _joined(ranking, others)
        )
        yield f"By {title}, {every} is better than the null model{_s(beaten)} {_joined(ranking, beaten)}."


def _verdict(one: int, other: int, pairs: Mapping[tuple[int, int], Pair]) -> Verdict:
    """Return what the seeds say about the row at position ``one`` compared with the row at ``other``."""
    return pairs[one, other].verdict if one < other else pairs[other, one].reversed().verdict


def _joined(ranking: Ranking, positions: Sequence[int]) -> str:
    if len(positions) > _NAMED:
        return f"{len(positions)} rows of {backbone_of(ranking.rows[positions[0]].row)}"
    labels = [ranking.rows[i].label for i in positions]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _s(positions: Sequence[int]) -> str:
    return "s" if len(positions) > 1 else ""


def _are(positions: Sequence[int]) -> str:
    return "are" if len(positions) > 1 else "is"
