"""The columns and the order of rows that a reader chose; ranks and verdicts stay as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, family_of, sign_of
from vidgen_bench.leaderboard.render.json_text import status

FIXED = ("rank", "spec", "options", "G_t", "G", "iterations", "device-hours", "seeds", "status")
"""The columns of every table; the others are its metrics."""

HEADS = {"rank": "#"}
"""The headings that differ from the names."""

Value = float | str | None


@dataclass(frozen=True)
class Choice:
    """What a reader wants to see of a ranking; without a choice, each format has columns of its own."""

    columns: tuple[str, ...] = ()
    """The names of columns, in order: those in :data:`FIXED`, and metrics; a metric stands for all of its columns."""
    sort: str = ""
    """The column by which rows are listed, instead of the metric that ranks them."""

    def columns_of(self, ranking: Ranking) -> list[str]:
        """Return the chosen columns that a ranking has; none without a choice."""
        return list(dict.fromkeys(name for chosen in self.columns for name in _named(chosen, ranking)))

    def listed(self, ranking: Ranking) -> list[tuple[int, Ranked]]:
        """Return the rows in the chosen order, each with its position in the ranking; families stay together.

        Scores are listed from best to worst, costs from lowest to highest; rows without a value come last.
        """
        rows = list(enumerate(ranking.rows))
        if not (names := _named(self.sort, ranking) if self.sort else []):
            return rows
        key = _key(names[0], ranking)
        families = list(dict.fromkeys(family_of(row, ranking.family) for row in ranking.rows))
        rows.sort(key=lambda place: (families.index(family_of(place[1], ranking.family)), *_last(key(place[1]))))
        return rows

    def narrowed(self, ranking: Ranking) -> Ranking:
        """Return a ranking with the chosen metrics alone, and the one that ranks; with all of them if no column is chosen."""
        if not self.columns:
            return ranking
        return _with_metrics(ranking, self.columns_of(ranking))

    def plain(self, ranking: Ranking) -> Ranking:
        """Return a ranking without its extra metrics, except the one by which rows are listed."""
        usual = [name for name, column in ranking.metrics.items() if not column.extra]
        return _with_metrics(ranking, [*usual, *_named(self.sort, ranking)])


EVERYTHING = Choice()
"""No choice: the columns and the order of a format."""


def checked(columns: str | None, sort: str | None, rankings: Sequence[Ranking]) -> Choice:
    """Return the choice of ``--columns A,B`` and ``--sort C``.

    Raises:
        RequestError: a name that no table has, or that is given twice; the nearest one is suggested.
    """
    known = list(dict.fromkeys([*FIXED, *(name for ranking in rankings for name in ranking.metrics)]))
    chosen = listed(columns, "--columns", known) if columns is not None else ()
    if sort is not None and sort not in known:
        raise RequestError(_unknown("--sort", sort, known))
    return Choice(chosen, sort or "")


def listed(text: str, option: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the names in ``A,B``.

    Raises:
        RequestError: a name is not known, is given twice, or is missing.
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            raise RequestError(_unknown(option, name, known))
        if names.count(name) > 1:
            raise RequestError(f"{option}: {name!r} is given twice.")
    return names


def _unknown(option: str, name: str, known: Sequence[str]) -> str:
    return f"{option}: there is no column {name!r}.{did_you_mean(name, known)} Columns: {', '.join(known)}."


def _with_metrics(ranking: Ranking, names: Sequence[str]) -> Ranking:
    """Return a ranking with some of its metrics, and the one that ranks."""
    kept = [name for name in ranking.metrics if name in (*names, ranking.select)]
    return replace(
        ranking,
        metrics={name: ranking.metrics[name] for name in kept},
        standings={name: found for name, found in ranking.standings.items() if name in kept},
    )


def _named(chosen: str, ranking: Ranking) -> list[str]:
    """Return the columns that a name stands for in a ranking; a metric may have several, measured in different ways."""
    return [chosen] if chosen in FIXED else [n for n in ranking.metrics if chosen in (n, n.split(" ")[0])]


def _key(name: str, ranking: Ranking) -> Callable[[Ranked], Value]:
    """Return the value of a column in a row, smallest first."""
    if name in ranking.metrics:
        sign = sign_of(ranking.metrics[name])
        return lambda row: -sign * row.estimates[name].mean if name in row.estimates else None
    keys: dict[str, Callable[[Ranked], Value]] = {
        "rank": lambda row: row.ranks[ranking.select][0] if ranking.select in row.ranks else None,
        "spec": lambda row: row.spec,
        "options": lambda row: row.options,
        "G_t": lambda row: row.row.records[0].parameters.temporal,
        "G": lambda row: row.row.records[0].parameters.parts.get("generator"),
        "iterations": lambda row: _mean(row, [r.spent.iterations for r in row.row.records]),
        "device-hours": lambda row: _mean(row, [r.measured.device_hours for r in row.row.records]),
        "seeds": lambda row: None if row.row.external else len(set(row.row.seeds)),
        "status": status,
    }
    return keys[name]


def _mean(row: Ranked, values: Sequence[float]) -> float | None:
    return None if row.row.external else math.fsum(values) / len(values)


def _last(value: Value) -> tuple[bool, Value]:
    """Return a key that lists missing values last; equal ones stay in the order of the ranking."""
    return (True, 0.0) if value is None else (False, value)
