"""The names of the tables of a page, which are those of its tabs and part of its addresses: no two are equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vidgen_bench.leaderboard.comparable import protocol_of
from vidgen_bench.leaderboard.ranking import Ranking
from vidgen_bench.records.distribution_name import OURS

_APART: tuple[Callable[[Ranking], str], ...] = (
    lambda r: protocol_of(r.record),
    lambda r: r.device_model or "",
    lambda r: ", ".join(_plugin(*plugin) for plugin in r.measured_by if plugin[0] == "metric" or plugin[2] != OURS),
    lambda r: f"track {r.record.track.fingerprint}",
    lambda r: f"data {r.record.data.fingerprint}",
)
"""What can distinguish the tables of one track, the most telling first."""


def _plugin(_: str, name: str, owner: str) -> str:
    return name if owner == OURS else f"{name} of {owner}"


def names_of(rankings: Sequence[Ranking]) -> list[str]:
    """Return a name per table: that of its track, followed by what distinguishes the tables with this name."""
    names = [ranking.title for ranking in rankings]
    for text in _APART:
        groups: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            groups.setdefault(name, []).append(i)
        for name, members in groups.items():
            if len({text(rankings[i]) for i in members}) > 1:
                for i in members:
                    names[i] = " · ".join(filter(None, (name, text(rankings[i]))))
    return names
