"""The strip of a row: a dot per seed, the mean and its interval, on the axis that all rows share."""

from __future__ import annotations

from vidgen_bench.leaderboard.estimates import Estimate
from vidgen_bench.leaderboard.page.axis import WIDTH, Axis
from vidgen_bench.leaderboard.page.svg import Element, element, move, path, picture, short
from vidgen_bench.leaderboard.render import numbers

HEIGHT = 18.0

_MIDDLE = HEIGHT / 2


def strip(estimate: Estimate, axis: Axis, title: str, places: int) -> Element:
    """Return the strip of one row in one metric; a dot of a diverged seed, which took the floor, is hollow."""
    own = [score for seed, score in sorted(estimate.seeds.items()) if seed not in estimate.floored]
    floored = [score for seed, score in sorted(estimate.seeds.items()) if seed in estimate.floored]
    parts = [path("rail", move(0, _MIDDLE), f"H{short(WIDTH)}")]
    parts.append(path("ticks", *(f"{move(axis.at(value), 0)}v{short(HEIGHT)}" for _, value in axis.ticks)))
    if interval := estimate.interval:
        low, high = sorted((axis.at(interval.low), axis.at(interval.high)))
        parts.append(path("lent" if interval.borrowed else "ci", move(low, _MIDDLE), f"H{short(high)}"))
    parts.append(path("mean", move(axis.at(estimate.mean), 3), f"v{short(HEIGHT - 6)}"))
    # a dot is a stroke of no length with a round end: it stays round where the view is stretched
    parts += [
        path(kind, *(f"{move(axis.at(score), _MIDDLE)}h0" for score in scores))
        for kind, scores in (("dots", own), ("fell", floored))
        if scores
    ]
    label = f"{title} of {_seeds(estimate)}: {_listed(estimate, places)}"
    return picture(label, *parts, box=(0, 0, WIDTH, HEIGHT), class_="strip", preserveAspectRatio="none")


def _seeds(estimate: Estimate) -> str:
    return f"{len(estimate.seeds)} seed{'s' if len(estimate.seeds) > 1 else ''}"


def _listed(estimate: Estimate, places: int) -> str:
    return ", ".join(numbers.alone(score, places) for score in estimate.scores)


def rank_bar(rank: tuple[int, int], rows: int) -> Element:
    """Return a rank interval as a bar on the places 1 to ``rows``."""
    best, worst = rank
    rail, bar = path("rail", f"M0 2H{rows}"), path("bar", f"M{best - 1} 2H{worst}")
    return element(
        "svg", rail, bar, viewBox=f"0 0 {rows} 4", class_="rank", preserveAspectRatio="none", aria_hidden="true"
    )
