"""A score below the least value of its metric is a fault, and so is another better direction, if the metric is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.record_files import ANCHORS, METRICS, plugins, record
from tests.kit.submitted_results import reasons, scores, submitted
from vidgen_bench.host.host import Host
from vidgen_bench.leaderboard.submissions.range_check import BETTER, faults_of_ranges
from vidgen_bench.records.record import Record


def with_score(metric: str, value: float, **changes: object) -> Record:
    return record(scores=scores(0) | {metric: [value, *scores(0)[metric][1:]]}, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("metric", "value"), [("fid", -1e99), ("fid", -0.01), ("is", 0.9), ("is", -3.0)])
def test_a_score_that_no_samples_have_is_a_fault(tmp_path: Path, metric: str, value: float) -> None:
    (path,) = submitted(tmp_path, with_score(metric, value))
    least = {"fid": "0, the least value that FID has", "is": "1, the least value that IS has"}[metric]
    assert reasons(tmp_path)[path.relative_to(tmp_path).as_posix()] == f"scores.{metric}: {value:g} is below {least}"


def test_an_anchor_too() -> None:
    anchors = ANCHORS | {"real": ANCHORS["real"] | {"fid": [-18.2, 18.9, 18.4, 18.6]}}
    assert list(faults_of_ranges(record(anchors=anchors))) == [
        "anchors.real.fid: -18.2 is below 0, the least value that FID has"
    ]


@pytest.mark.parametrize(("metric", "value"), [("fid", 0.0), ("is", 1.0 - 1e-9)])
def test_the_least_value_is_right(metric: str, value: float) -> None:
    assert list(faults_of_ranges(with_score(metric, value))) == []


def test_a_metric_of_another_package_may_have_the_name() -> None:
    plugins = [p.model_dump() | {"distribution": "mine"} for p in record().plugins]
    assert list(faults_of_ranges(with_score("fid", -1.0, plugins=plugins))) == []


def test_another_spelling_of_our_name_is_no_way_around() -> None:
    spelt = plugins(["metric"], distribution="Vidgen.Bench")
    assert list(faults_of_ranges(with_score("fid", -1.0, plugins=spelt))) != []


def test_the_directions_are_those_that_the_metrics_declare() -> None:
    declared = Host.of_environment().of("metric")
    assert {p.name: p.declaration.better for p in declared if p.origin.distribution == "vidgen-bench"} == BETTER


@pytest.mark.parametrize(("metric", "better"), [("fid", "higher"), ("is", "neither"), ("is", "lower")])
def test_a_record_does_not_turn_the_direction_of_a_metric(tmp_path: Path, metric: str, better: str) -> None:
    """Three rows that say that higher FID is better would turn the order of a table with two other rows."""
    turned = METRICS | {metric: METRICS[metric] | {"better": better}}
    (path,) = submitted(tmp_path, record(metrics=turned))
    expected = f"metrics.{metric}: better is {better}; for this metric it is {METRICS[metric]['better']}"
    assert expected in reasons(tmp_path)[path.relative_to(tmp_path).as_posix()]
