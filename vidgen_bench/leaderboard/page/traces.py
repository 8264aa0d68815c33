"""Scores during training, a small panel per row and metric: the paper's Figure 3 for every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vidgen_bench.leaderboard.page.axis import Axis
from vidgen_bench.leaderboard.page.svg import Element, element, move, path, picture, short
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.record import Record

_WIDTH, _HEIGHT, _EDGE = 150.0, 64.0, 3.0

_MOST = 75
"""The most points that are drawn of a trace: one per two units."""


@dataclass(frozen=True)
class Trace:
    """One metric during training of one seed."""

    seed: int
    points: tuple[tuple[int, float], ...]
    """Iteration and score of each evaluation."""
    chosen: int | None
    """The iteration of the checkpoint that was scored."""


def traces_of(record: Record, points: Sequence[TracePoint]) -> dict[str, Trace]:
    """Return the traces of a run by metric."""
    chosen = record.best.iteration if record.best else None
    metrics = dict.fromkeys(metric for point in points for metric in point.scores)
    return {
        m: Trace(record.seed, tuple((p.iteration, p.scores[m]) for p in points if m in p.scores), chosen)
        for m in metrics
    }


@dataclass(frozen=True)
class Frame:
    """What all panels of a metric share, so that they can be compared by eye."""

    low: float
    high: float
    last: int
    """The last iteration of any trace."""


def frame_of(rows: Sequence[Sequence[Trace]], axis: Axis) -> Frame | None:
    """Return the common frame of all rows' traces in one metric, with the anchors in it that are near; None without any trace."""
    values = [value for traces in rows for trace in traces for _, value in trace.points]
    if not values:
        return None
    low, high = min(values), max(values)
    wide = (high - low) or max(abs(low), 1.0)
    near = [v for _, v in axis.ticks if low - 0.5 * wide <= v <= high + 0.5 * wide]
    last = max(trace.points[-1][0] for traces in rows for trace in traces if trace.points)
    return Frame(min([low, *near]), max([high, *near, low + 1e-9 * wide]), max(last, 1))


def panel(traces: Sequence[Trace], frame: Frame, name: str, title: str, places: int) -> Element:
    """Return one panel: a line per seed, a dot at each chosen checkpoint, and the last fifth of the evaluations shaded."""
    shown = [trace for trace in traces if trace.points]
    inside = [_last_fifth(shown, frame), path("frame", move(0, _HEIGHT), f"H{short(_WIDTH)}")]
    inside.append(path("trace", *(_line(trace, frame) for trace in shown)))
    chosen = [(i, v) for trace in shown for i, v in trace.points if i == trace.chosen]
    rising = shown[0].points[-1][1] >= shown[0].points[0][1]  # the title is where the lines are not
    corner, anchor = (_EDGE, "start") if rising else (_WIDTH - _EDGE, "end")
    inside.append(element("text", title, x=corner, y=11.0, text_anchor=anchor))
    inside.append(path("chosen", *(f"{move(_x(i, frame), _y(v, frame))}h0" for i, v in chosen)))
    return picture(_label(shown, name, title, places), *inside, box=(0, 0, _WIDTH, _HEIGHT), class_="panel")


def _last_fifth(traces: Sequence[Trace], frame: Frame) -> Element:
    """Return the span of the last fifth of the evaluations of the longest trace, of at least one."""
    longest = max(traces, key=lambda trace: len(trace.points)).points
    first = longest[-max(1, len(longest) // 5)][0]
    left = min(_x(first, frame), _WIDTH - 2)
    return element(
        "rect", class_="late", x=left, y=0.0, width=max(_x(longest[-1][0], frame) - left, 2.0), height=_HEIGHT
    )


def _line(trace: Trace, frame: Frame) -> str:
    """Return the line of a trace in relative steps; of a long one, every n-th evaluation and the last."""
    every = -(-len(trace.points) // _MOST)
    kept = [*trace.points[:-1:every], trace.points[-1]]
    places = [(round(_x(i, frame), 1), round(_y(v, frame), 1)) for i, v in kept]
    (x, y), steps = places[0], [move(*places[0])]
    for nx, ny in places[1:]:
        across, down = short(nx - x), short(ny - y)
        steps.append(f"l{across}{'' if down.startswith('-') else ' '}{down}")
        x, y = nx, ny
    return "".join(steps)


def _x(iteration: int, frame: Frame) -> float:
    return _EDGE + (_WIDTH - 2 * _EDGE) * iteration / frame.last


def _y(value: float, frame: Frame) -> float:
    return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (value - frame.low) / (frame.high - frame.low)


def _label(traces: Sequence[Trace], name: str, title: str, places: int) -> str:
    ends: Mapping[int, float] = {t.seed: t.points[-1][1] for t in traces}
    last = ", ".join(f"seed {seed} {numbers.amount(value, places)}" for seed, value in ends.items())
    return f"{title} of {name} during training, at the last evaluation: {last}"
