"""Figure 3 of the paper: the Inception Score during training, from the authors' own logs, as numbers and as SVG."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from vidgen_bench.leaderboard.published.sources import published_folder

EVERY = 1000
"""Iterations between two values of a trace; the first value is of iteration 0."""

_PANEL, _HEIGHT, _LEFT, _TOP, _GAP = 380, 300, 44, 40, 250
_COLOURS = ("#1b1b1b", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00")
_LAST = 100_000
_HIGHEST = 16.0


@dataclass(frozen=True)
class Trace:
    """The Inception Scores of one run on 2,048 samples, at iterations 0, 1,000, 2,000, ..."""

    backbone: str
    temporal: str
    f: str
    scores: tuple[float, ...]

    @property
    def name(self) -> str:
        """The temporal generator, and its f if it has one: ``ode1, two-layer``."""
        return self.temporal if self.temporal == self.f else f"{self.temporal}, {self.f}"

    @property
    def resumed(self) -> bool:
        """Whether the log starts in the middle of a run, at unknown iterations: an untrained model has a score near 1.4."""
        return self.scores[0] > 5.0


def traces() -> list[Trace]:
    """Return the ten logged traces, ordered by backbone and temporal generator."""
    table = json.loads((published_folder() / "gordon-parde-is-traces.json").read_bytes())
    return [Trace(t["backbone"], t["temporal"], t["f"], tuple(t["is"])) for t in table["traces"]]


def render_csv(found: Sequence[Trace]) -> str:
    """Return one line per value: backbone, temporal generator, f, iteration, Inception Score."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["backbone", "temporal", "f", "iteration", "inception_score"])
    writer.writerows((t.backbone, t.temporal, t.f, EVERY * i, s) for t in found for i, s in enumerate(t.scores))
    return stream.getvalue()


def render_svg(found: Sequence[Trace]) -> str:
    """Return one panel per backbone: a line per trace, labelled with its name and its maximum."""
    backbones = list(dict.fromkeys(t.backbone for t in found))
    width = _LEFT + len(backbones) * (_PANEL + _GAP)
    height = _TOP + _HEIGHT + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>Inception Score during training, from the logs of Gordon and Parde (2020)</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for k, backbone in enumerate(backbones):
        parts += _panel(_LEFT + k * (_PANEL + _GAP), backbone, [t for t in found if t.backbone == backbone])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(left: float, backbone: str, found: Sequence[Trace]) -> list[str]:
    parts = [f'<text x="{left}" y="{_TOP - 16}" font-size="15" font-weight="bold">{escape(backbone)}</text>']
    for score in range(0, int(_HIGHEST) + 1, 4):
        y = _y(score)
        parts.append(f'<line x1="{left}" x2="{left + _PANEL}" y1="{y}" y2="{y}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end" fill="#555555">{score}</text>')
    for iteration in range(0, _LAST + 1, 25_000):
        x = _x(left, iteration)
        parts.append(
            f'<text x="{x}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle" fill="#555555">{iteration // 1000}</text>'
        )
    caption = "iterations in thousands; Inception Score on 2,048 samples"
    parts.append(f'<text x="{left}" y="{_TOP + _HEIGHT + 40}" fill="#555555">{caption}</text>')
    for colour, trace in zip(_COLOURS, found, strict=False):
        points = " ".join(f"{_x(left, EVERY * i):.1f},{_y(s):.1f}" for i, s in enumerate(trace.scores))
        dashes = ' stroke-dasharray="4 3"' if trace.resumed else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4"{dashes}/>')
    return parts + _legend(left + _PANEL + 10, found)


def _legend(left: float, found: Sequence[Trace]) -> list[str]:
    """Return one label per trace in its colour, from the highest last score to the lowest."""
    order = sorted(zip(_COLOURS, found, strict=False), key=lambda item: -item[1].scores[-1])
    parts = []
    for k, (colour, trace) in enumerate(order):
        y, best = _TOP + 14 + 34 * k, max(trace.scores)
        at = "" if trace.resumed else f" at {trace.scores.index(best) * EVERY // 1000}k"
        parts.append(f'<text x="{left}" y="{y}" fill="{colour}" font-weight="bold">{escape(trace.name)}</text>')
        detail = f"max {best:.2f}{at}, last {trace.scores[-1]:.2f}"
        detail += f" ({len(trace.scores)} values, resumed)" if trace.resumed else ""
        parts.append(f'<text x="{left}" y="{y + 14}" fill="#555555">{detail}</text>')
    return parts


def _x(left: float, iteration: float) -> float:
    return left + _PANEL * iteration / _LAST


def _y(score: float) -> float:
    return _TOP + _HEIGHT * (1.0 - score / _HIGHEST)
