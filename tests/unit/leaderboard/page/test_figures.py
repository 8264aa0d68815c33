"""The figures are data: escaped texts, one dot per seed, verdicts as the table has them, and nothing dominated that is not separated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.record_files import MEASURED, record
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.page.axis import WIDTH, axis_of
from vidgen_bench.leaderboard.page.backbone_grid import backbone_grid
from vidgen_bench.leaderboard.page.cost import cost_chart
from vidgen_bench.leaderboard.page.matrix import WITH_NUMBERS, matrix
from vidgen_bench.leaderboard.page.plane import round_numbers
from vidgen_bench.leaderboard.page.strip import strip
from vidgen_bench.leaderboard.page.svg import Element, element, markup, short
from vidgen_bench.leaderboard.page.traces import Frame, Trace, panel
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.records.record import Record


def table(*records: Record) -> Ranking:
    return rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(records)])[0]


def row(spec: str, distance: float, hours: float = 0.1, seeds: int = 5, **changes: object) -> list[Record]:
    measured = MEASURED | {"device_hours": hours}
    scores = [{"is": [3.0 + s / 10], "fid": [distance + 3 * s]} for s in range(seeds)]
    return [record(spec, s, scores=scores[s], measured=measured, **changes) for s in range(seeds)]


def steps(figure: Element, kind: str) -> list[str]:
    """Return the data of the paths of a class, one step per mark."""
    return [
        step for part in figure.iter("path") if part.get("class") == kind for step in str(part.get("d")).split("M")[1:]
    ]


def test_a_text_is_never_markup() -> None:
    made = markup(element("text", "<script>&\u202e", class_="a\"'<"))
    assert made == '<text class="a&quot;\'&lt;">&lt;script&gt;&amp;\\u202e</text>'


@pytest.mark.parametrize(
    ("value", "text"), [(12.0, "12"), (12.34, "12.3"), (-0.01, "0"), (float("nan"), "0"), (1e16, "10000000000000000")]
)
def test_coordinates_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_the_better_end_of_every_axis_is_at_the_right() -> None:
    found = table(*row("tgan", 300.0), *row("tgan+ode1", 250.0))
    for metric in ("is", "fid"):
        axis = axis_of(found, metric)
        anchors = {name: axis.at(value) for name, value in axis.ticks}
        assert anchors["real"] == WIDTH
        assert min(anchors["noise"], anchors["grey"]) == 0.0
        left, wide = axis.close
        assert all(left < axis.at(s) < left + wide for r in found.rows for s in r.estimates[metric].scores)
        assert axis.value(axis.at(3.1)) == pytest.approx(3.1)


def test_a_strip_has_a_dot_per_seed_and_its_interval() -> None:
    found = table(
        *row("tgan", 300.0),
        *row("tgan+ode1", 250.0),
        record("tgan+sde"),
        *row("tgan+gru", 310.0, seeds=4),
        record("tgan+gru", 4, diverged=True),
    )
    axis = axis_of(found, "fid")
    strips = {r.spec: strip(r.estimates["fid"], axis, "FID", 1) for r in found.rows}
    assert len(steps(strips["tgan"], "dots")) == 5
    assert (len(steps(strips["tgan"], "ci")), len(steps(strips["tgan"], "lent"))) == (1, 0)
    assert (len(steps(strips["tgan+sde"], "ci")), len(steps(strips["tgan+sde"], "lent"))) == (0, 1)
    assert (len(steps(strips["tgan+gru"], "dots")), len(steps(strips["tgan+gru"], "fell"))) == (4, 1)
    assert strips["tgan"].get("aria-label") == "FID of 5 seeds: 300.0, 303.0, 306.0, 309.0, 312.0"


def test_the_matrix_has_every_verdict_of_the_table_twice() -> None:
    found = table(*row("tgan", 300.0), *row("tgan+ode1", 250.0), *row("tgan+ode2", 251.0))
    made = matrix(found, "fid")
    assert made is not None
    kinds = [part.get("class") for part in made.figure.iter("g")]
    assert (kinds.count("win"), kinds.count("loss"), kinds.count("open")) == (2, 2, 2)
    assert (made.separated, made.pairs) == (2, 3)
    assert made.sentences[0].startswith("tgan+ode1 - tgan+ode2: -1.0 FID (95 % interval ")
    assert matrix(table(*row("tgan", 300.0)), "fid") is None


def test_a_large_matrix_has_one_path_per_kind() -> None:
    found = table(*(r for i in range(WITH_NUMBERS + 1) for r in row(f"tgan+t{i}", 100.0 + 5 * i)))
    made = matrix(found, "fid")
    assert made is not None
    cells = {
        kind: sum(int(step.split("h")[1].split("v")[0]) for step in steps(made.figure, kind))
        for kind in ("win", "loss")
    }
    assert cells == {"win": made.separated, "loss": made.separated}
    assert len(list(made.figure.iter("path"))) == 2


def test_only_separated_rows_dominate() -> None:
    cheap_and_good = row("tgan+ode1", 250.0, 0.1)
    close = row("tgan+ode2", 252.0, 0.2)  # worse mean, dearer, but not separated
    beaten = row("tgan", 300.0, 0.2)
    dearer = row("tgan+sde", 200.0, 0.4)
    found = table(*cheap_and_good, *close, *beaten, *dearer)
    made = cost_chart(found, "fid")
    assert made is not None
    assert made.front == ("tgan+ode1", "tgan+ode2", "tgan+sde")
    assert made.unit == "device-hours per run"
    assert len(steps(made.figure, "beaten")) == 1


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (1.7, 6.2, ["2", "3", "4", "5", "6"]),
        (0.00055, 0.00061, ["0.00056", "0.00058", "0.00060"]),
        (3.0, 3.0, ["3.000"]),
        (150.0, 26_700.0, ["5,000", "10,000", "15,000", "20,000", "25,000"]),
    ],
)
def test_the_numbers_along_an_axis_are_round_and_differ(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in round_numbers(low, high)] == texts


def test_device_hours_of_different_hardware_are_not_compared() -> None:
    other = [
        r.model_copy(update={"measured": r.measured.model_copy(update={"hardware": "x"})}) for r in row("tgan", 300.0)
    ]
    found = table(*row("tgan+ode1", 250.0), *other)
    made = cost_chart(found, "fid")
    assert made is not None
    assert made.unit == "parameters of the generator"


def test_the_grid_hatches_what_has_no_rank() -> None:
    found = table(*row("tgan+ode1", 250.0), *row("mocogan+ode1", 260.0), *row("tgan+sde", 300.0), record("mocogan+sde"))
    made = backbone_grid(found, "fid", axis_of(found, "fid"))
    assert made is not None
    cells = {(t, b): c for t, line in made.lines for b, c in zip(made.columns, line, strict=True)}
    assert (made.of, made.columns) == ("temporal", ("mocogan", "tgan"))
    assert {key for key, cell in cells.items() if cell and cell.untested} == {("sde", "mocogan")}
    best, worst = cells["ode1", "tgan"], cells["sde", "tgan"]
    assert best is not None
    assert worst is not None
    assert best.level > worst.level
    assert made.left_out == 0


def test_of_rows_of_one_pair_the_grid_has_the_best_and_counts_the_others() -> None:
    found = table(*row("tgan", 250.0), *row("tgan+ode1", 260.0), *row("mocogan+sde", 270.0))  # tgan's own is ode1 here
    made = backbone_grid(found, "fid", axis_of(found, "fid"))
    assert made is not None
    assert [cell.text for _, line in made.lines for cell in line if cell] == ["256.0", "276.0"]
    assert made.left_out == 1
    assert backbone_grid(table(*row("tgan+ode1", 250.0)), "fid", axis_of(found, "fid")) is None


def test_a_panel_shades_the_last_fifth_and_marks_the_chosen_checkpoint() -> None:
    points = tuple((100 * i, 1.0 + i / 10) for i in range(1, 11))
    made = panel([Trace(0, points, 800), Trace(1, points, None)], Frame(1.0, 2.0, 1000), "<x>", "IS", 1)
    assert len(steps(made, "trace")) == 2
    assert len(steps(made, "chosen")) == 1
    (late,) = made.iter("rect")
    assert float(str(late.get("x"))) == pytest.approx(3 + 144 * 0.9, abs=0.1)
    assert "seed 0 2.0" in str(made.get("aria-label"))
