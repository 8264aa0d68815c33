"""Score against cost: what a better score costs, and which rows no cheaper row clearly beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.page.plane import BOTTOM, HEIGHT, LEFT, TOP, WIDTH, Plane, plane_of, round_numbers
from vidgen_bench.leaderboard.page.svg import Box, Element, element, move, path, picture, short
from vidgen_bench.leaderboard.ranking import Ranked, Ranking, sign_of
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.leaderboard.standings import Standing
from vidgen_bench.leaderboard.statistics.verdicts import Verdict

LABELLED = 14
"""The most rows that are all labelled; of more, only those on the front are, as far as they have room."""

_LINE, _LETTER, _BOLD, _DOT = 14.0, 6.4, 7.4, 5.0
"""Height of a label, width of one of its letters, plain and bold, and half the width of a dot."""


@dataclass(frozen=True)
class Cost:
    """The chart of one metric."""

    title: str
    figure: Element
    unit: str
    front: tuple[str, ...]
    """The labels of the rows on the front, from the cheapest on."""


@dataclass(frozen=True)
class _Point:
    label: str
    cost: float
    mean: float
    low: float
    high: float
    front: bool


def cost_chart(ranking: Ranking, metric: str) -> Cost | None:
    """Return the chart of a metric; None if fewer than two ranked rows have a known cost.

    A row is on the Pareto front unless a row that costs no more is clearly better: the verdicts of the table decide, not the means.
    """
    standing = ranking.standings.get(metric)
    shown = [i for i, row in enumerate(ranking.rows) if metric in row.ranks]
    costs, unit = _costs([ranking.rows[i] for i in shown])
    if standing is None or len(shown) < 2 or len(costs) < len(shown):
        return None
    cost = dict(zip(shown, costs, strict=True))
    beaten = _dominated(standing, cost)
    points = [_point(ranking.rows[i], metric, cost[i], i not in beaten) for i in shown]
    front = tuple(p.label for p in sorted(points, key=lambda p: p.cost) if p.front)
    column = ranking.metrics[metric]
    ends = [end for p in points for end in (p.low, p.high)]
    plane = plane_of([p.cost for p in points], [p.mean for p in points], ends, sign_of(column))
    inside = [*_axes(plane, column.title, unit, points), *_marks(plane, points)]
    label = f"{column.title} against {unit}; on the Pareto front: {', '.join(front[:LABELLED])}"
    figure = picture(label, *inside, *_labels(plane, points), box=(0, 0, WIDTH, HEIGHT), class_="cost")
    return Cost(column.title, figure, unit, front)


def _dominated(standing: Standing, cost: dict[int, float]) -> set[int]:
    """Return the rows than which a row that costs no more is clearly better."""
    found = set()
    for pair in standing.separated:
        first = pair.verdict is Verdict.BETTER
        better, worse = (pair.first, pair.second) if first else (pair.second, pair.first)
        if cost[better] <= cost[worse]:
            found.add(worse)
    return found


def _costs(rows: Sequence[Ranked]) -> tuple[list[float], str]:
    """Return the device-hours per run of each row, or the parameters of the generator if the runs had different hardware."""
    if len({(r.measured.hardware, r.environment.world) for row in rows for r in row.row.records}) <= 1:
        hours = [[r.measured.device_hours for r in row.row.records] for row in rows]
        return [math.fsum(of) / len(of) for of in hours], "device-hours per run"
    counts = [row.row.records[0].parameters.parts.get("generator") for row in rows]
    return [float(n) for n in counts if n is not None], "parameters of the generator"


def _point(row: Ranked, metric: str, cost: float, front: bool) -> _Point:
    estimate = row.estimates[metric]
    low, high = (estimate.interval.low, estimate.interval.high) if estimate.interval else (estimate.mean, estimate.mean)
    return _Point(row.label, cost, estimate.mean, low, high, front)


def _axes(plane: Plane, title: str, unit: str, points: Sequence[_Point]) -> list[Element]:
    floor = HEIGHT - BOTTOM
    parts = [path("frame", move(LEFT, TOP), f"V{short(floor)}H{short(WIDTH)}")]
    for value, text in round_numbers(*sorted((plane.down, plane.up))):
        parts.append(path("frame", move(LEFT - 4, plane.y(value)), "h4"))
        parts.append(element("text", text, x=LEFT - 8, y=plane.y(value) + 4, text_anchor="end"))
    low, high = min(p.cost for p in points), max(p.cost for p in points)
    ends = [(cost, numbers.count(int(cost)) if cost >= 1000 else numbers.hours([cost])) for cost in (low, high)]
    for cost, text in ends if plane.logarithmic else round_numbers(low, high):
        parts.append(path("frame", move(plane.x(cost), floor), "v4"))
        parts.append(element("text", text, x=plane.x(cost), y=floor + 16, text_anchor="middle"))
    scaled = ", logarithmic" if plane.logarithmic else ""
    parts.append(element("text", f"{unit}{scaled} →", x=WIDTH, y=HEIGHT - 4, text_anchor="end", class_="name"))
    parts.append(element("text", f"↑ better {title}", x=LEFT + 6, y=TOP + 8, class_="name"))
    return parts


def _marks(plane: Plane, points: Sequence[_Point]) -> list[Element]:
    parts = [path("ci", move(plane.x(p.cost), plane.y(p.low)), f"V{short(plane.y(p.high))}") for p in points]
    for front, kind in ((False, "beaten"), (True, "front")):
        places = [(plane.x(p.cost), plane.y(p.mean)) for p in points if p.front is front]
        parts.append(path(kind, *(f"{move(x, y)}h0" for x, y in places)))
    return parts


def _labels(plane: Plane, points: Sequence[_Point]) -> list[Element]:
    """Return labels beside, above or below their points, those of the front first; one without room is left out."""
    taken: list[Box] = [(plane.x(p.cost) - _DOT, plane.y(p.mean) - _DOT, 2 * _DOT, 2 * _DOT) for p in points]
    for p in points:
        top, bottom = sorted((plane.y(p.low), plane.y(p.high)))
        taken.append((plane.x(p.cost) - 1, top, 2, bottom - top))
    found = []
    wanted = points if len(points) <= LABELLED else [p for p in points if p.front]
    for point in sorted(wanted, key=lambda p: (not p.front, plane.y(p.mean))):
        name = point.label if len(point.label) <= 24 else f"{point.label[:23]}…"
        x, y, wide = plane.x(point.cost), plane.y(point.mean), (_BOLD if point.front else _LETTER) * len(name)
        for left, top in ((x + 8, y - 7), (x - wide / 2, y - 20), (x - wide / 2, y + 7), (x - 8 - wide, y - 7)):
            room = (left, top, wide, _LINE)
            if left > LEFT and left + wide < WIDTH and not any(_overlap(room, other) for other in taken):
                taken.append(room)
                kind = "label front" if point.front else "label"
                found.append(element("text", name, x=left, y=top + 11, class_=kind))
                break
    return found


def _overlap(one: Box, other: Box) -> bool:
    (left, top, wide, high), (x, y, w, h) = one, other
    return left < x + w and x < left + wide and top < y + h and y < top + high
