"""Draws the scores of runs over their iterations, one panel per metric, with matplotlib (the extra ``plot``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.runs.traces import RunTrace, metrics_of
from vidgen_bench.system.output_file import write_output

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
"""The kinds of pictures, by the end of the file's name."""

_COLOURS = (
    "#1f77b4",
    "#d62728",
    "#2ca02c",
    "#9467bd",
    "#ff7f0e",
    "#17becf",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
)
_STYLES = ("-", "--", ":", "-.")
_LONGEST_LABEL = 60
_WIDE, _HIGH, _HEAD, _LINE = 8.0, 2.9, 0.4, 0.22
_ANCHORS = {"real": "real clips", "grey": "plain grey", "noise": "plain noise"}
_PAPER: Any = {
    "figure.facecolor": "white",
    "font.size": 9.0,
    "svg.hashsalt": "vidgen-bench",
    "axes.grid": True,
    "grid.alpha": 0.25,
}


def check_drawable(output: Path) -> None:
    """Check that a picture can be drawn and that its file's name says which kind it is; nothing is imported.

    Args:
        output: the file of the picture.
    Raises:
        RequestError: matplotlib is missing, or the name ends in neither .png nor .svg.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise RequestError(
            f"--output {output}: expected a name that ends in {' or '.join(SUFFIXES)}, such as scores.png."
        )
    if find_spec("matplotlib") is None:
        raise RequestError(
            "Pictures need matplotlib, which is not installed; install it with: pip install 'vidgen-bench[plot]'"
        )


def write_picture(traces: Sequence[RunTrace], metrics: Sequence[str], output: Path) -> None:
    """Draw the traces of runs into a file.

    Anchors are drawn if all runs are measured alike; else they would belong to some of the runs only.

    Args:
        traces: the runs, each with an evaluation.
        metrics: the metrics to draw, one panel each; those of the traces if empty.
        output: the file, PNG or SVG by its name.
    Raises:
        RequestError: matplotlib is missing, the file's name has another end, or no run has one of the metrics.
        VidgenBenchError: the file cannot be written.
    """
    check_drawable(output)
    valid = metrics_of(traces)
    for name in metrics:
        if name not in valid:
            raise RequestError(f"--metric {name}: no evaluation of these runs has it.{did_you_mean(name, valid)}")
    import matplotlib

    form = output.suffix.lower().removeprefix(".")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a user's own settings may need programs such as LaTeX
        matplotlib.rcParams.update(_PAPER)
        figure = _figure(traces, list(metrics) or valid)

        def save(stream: BinaryIO) -> None:
            figure.savefig(stream, format=form, dpi=120, metadata={"Date": None} if form == "svg" else None)

        write_output(output, save)


def measured_alike(traces: Sequence[RunTrace]) -> bool:
    """Return whether the scores of all runs may be compared: same clips, instrument, protocol and number of samples."""
    return len({trace.measured_as for trace in traces}) == 1


def _figure(traces: Sequence[RunTrace], metrics: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure

    styles = _styles(traces)
    columns = 1 if max(map(len, styles)) > _LONGEST_LABEL // 2 else 3
    legend = math.ceil(len(styles) / columns) * _LINE + _HEAD
    figure = Figure(figsize=(_WIDE, _HIGH * len(metrics) + legend), layout="constrained")
    panels = figure.subplots(len(metrics), 1, sharex=True, squeeze=False)[:, 0]
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, traces, metric, styles)
    panels[-1].set_xlabel("iteration")
    lines = [panels[0].plot([], [], color=colour, linestyle=style, marker=".")[0] for colour, style in styles.values()]
    box = figure.legend(lines, list(styles), loc="outside lower center", ncols=columns, frameon=False)
    for text in box.get_texts():
        text.set_parse_math(False)
    return figure


def _styles(traces: Sequence[RunTrace]) -> dict[str, tuple[str, str]]:
    """Return the colour and line of each label: one label per spec, or per run if there is one spec alone."""
    labels = dict.fromkeys(_label(trace, traces) for trace in traces)
    count = len(_COLOURS)
    return {label: (_COLOURS[i % count], _STYLES[i // count % len(_STYLES)]) for i, label in enumerate(labels)}


def _label(trace: RunTrace, traces: Sequence[RunTrace]) -> str:
    """Return the label of a run: its name, without the track if all have the same and without the seed if specs differ."""
    groups = {one.group for one in traces}
    name = trace.name if len(groups) == 1 else trace.group
    if len({one.name.partition("/")[0] for one in traces}) == 1 and not Path(trace.name).is_absolute():
        name = name.partition("/")[2] or name
    seeds = sum(one.group == trace.group for one in traces) if len(groups) > 1 else 1
    return printable(name, _LONGEST_LABEL) + (f" ({seeds} seeds)" if seeds > 1 else "")


def _panel(axes: Axes, traces: Sequence[RunTrace], metric: str, styles: dict[str, tuple[str, str]]) -> None:
    """Draw one metric: a line per run, a ring at its best checkpoint, a cross where it diverged."""
    for trace in traces:
        colour, style = styles[_label(trace, traces)]
        points = [
            (p.iteration, p.scores[metric]) for p in trace.points if math.isfinite(p.scores.get(metric, math.nan))
        ]
        if points:
            axes.plot(*zip(*points, strict=True), color=colour, linestyle=style, marker=".", linewidth=1.2, alpha=0.85)
            if trace.diverged:
                axes.plot(*points[-1], color=colour, marker="x", markersize=9, markeredgewidth=2)
        for point in points:
            if point[0] == trace.best:
                axes.plot(*point, color=colour, marker="o", markersize=8, fillstyle="none")
    entry = next((trace.entries[metric] for trace in traces if metric in trace.entries), None)
    title = printable(entry.title, _LONGEST_LABEL) if entry else metric.upper()
    better = f" ({entry.better} is better)" if entry and entry.better != "neither" else ""
    axes.set_ylabel(f"{title}{better}", parse_math=False)
    if measured_alike(traces):
        _draw_anchors(axes, traces, metric)


def _draw_anchors(axes: Axes, traces: Sequence[RunTrace], metric: str) -> None:
    """Draw the anchors as lines with names at their right; one far from all runs is named at the edge, so that it hides nothing."""
    anchors = next((trace.anchors for trace in traces if any(metric in table for table in trace.anchors.values())), {})
    values = {name: table[metric] for name, table in anchors.items() if math.isfinite(table.get(metric, math.nan))}
    low, high = axes.get_ylim()
    far = 1.5 * (high - low)
    near = [value for value in values.values() if low - far <= value <= high + far]
    margin = 0.05 * (max([high, *near]) - min([low, *near]))
    low, high = min([low, *(v - margin for v in near)]), max([high, *(v + margin for v in near)])
    axes.set_ylim(low, high)
    named: list[tuple[float, str]] = []
    for name, value in sorted(values.items(), key=lambda item: item[1]):
        place = min(max((value - low) / (high - low), 0.0), 1.0)
        label = printable(_ANCHORS.get(name, name), 20)
        if value in near:
            axes.axhline(value, color="0.35", linewidth=0.9, linestyle=(0, (4, 3)))
        else:
            label += f" {value:.3g} {'↑' if value > high else '↓'}"
        if named and place - named[-1][0] < 0.07:  # names would overlap
            named[-1] = (named[-1][0], f"{named[-1][1]}, {label}")
        else:
            named.append((place, label))
    for place, label in named:
        axes.annotate(
            label,
            (1.0, place),
            (4, 0),
            "axes fraction",
            "offset points",
            va="center",
            fontsize=8,
            color="0.3",
            parse_math=False,
        )
