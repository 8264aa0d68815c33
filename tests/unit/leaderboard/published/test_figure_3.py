"""Figure 3: the numbers of the logs, and a drawing with every one of them."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

from vidgen_bench.leaderboard.published.figure_3 import render_csv, render_svg, traces


def test_the_logs() -> None:
    found = {(t.backbone, t.name): t for t in traces()}
    assert len(found) == 10
    assert max(found["tgan", "ode1, single-layer"].scores) == 15.2349
    assert found["mocogan", "original"].scores[-1] == 5.7303
    assert [name for name, t in found.items() if t.resumed] == [("tgan", "ode3, single-layer")]


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(traces()))))
    assert len(rows) == sum(len(t.scores) for t in traces())
    best = max((r for r in rows if r["backbone"] == "mocogan"), key=lambda r: float(r["inception_score"]))
    assert (best["f"], best["iteration"]) == ("equal-parameters", "53000")


def test_svg() -> None:
    root = ElementTree.fromstring(render_svg(traces()))
    lines = [e for e in root if e.tag.endswith("polyline")]
    assert [len(e.attrib["points"].split()) for e in lines] == [len(t.scores) for t in traces()]
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    points = [tuple(map(float, p.split(","))) for e in lines for p in e.attrib["points"].split()]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    labels = {e.text for e in root if e.tag.endswith("text")}
    assert {t.name for t in traces()} <= labels
