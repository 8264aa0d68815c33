"""The checks of metrics: every installed one passes them all, and one wrong metric per rule fails its check."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
import torch

from tests.kit.conformance import failures
from tests.kit.tutorial import PAGES
from tests.kit.wrong import host_of
from vidgen_bench.api import FeatureSet, NoOptions, Reference
from vidgen_bench.conformance import CHECKS, Case, Nonconformance, cases
from vidgen_bench.conformance.metric_subject import moving_clips
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.host.host import Host
from vidgen_bench.measure.views import viewed

INSTALLED = Host.of_environment()

WRONG = host_of("tests.kit.wrong.metrics")

METRIC_CHECKS = {check.name for check in CHECKS if check.scope == "metric"}

RULES = (
    ("constant", "scores", "expected a varied batch and two of its clips, repeated, to have different scores: both have score 1"),
    ("worded", "scores", "expected a score to be a number or a Curve: it is str"),
    ("endless", "scores", "expected finite numbers as the score of a varied batch: score inf"),
    ("sorts-in-place", "scores", "expected the samples to be left unchanged: the scorer modifies them"),
    ("spoils-reference", "scores", "expected the statistics of real clips to be left unchanged, since other metrics share them"),
    ("first-row", "samples", "expected the same score for the samples in another order"),
    ("remembers", "samples", "Keep nothing of a batch"),
    ("hides-nan", "divergence", "expected the score of a batch with nan in one clip to be nan"),
    ("crashes-on-one", "needs", "it raised ZeroDivisionError (at tests/kit/wrong/metrics.py, line "),
    ("asks-and-ignores", "needs", "expected scorer() to raise RequestError for a reference that lacks what `needs` lists"),
    ("single-precision", "features", "expected features() to return float64 [5, D] for 5 clips: it returns torch.float32 [5, 3]"),
    ("flat", "features", "it returns torch.float64 [15]"),
    ("brightens", "features", "expected features() to leave the clips unchanged"),
    ("blank", "features", "expected clips that differ to have features that differ"),
    ("centred", "features", "expected a clip to have the same features alone as in a batch of 5"),
    ("counted", "features", "expected a clip to have the same features alone as in a batch of 5"),
    ("unbounded", "features", "expected the features of ordinary clips to be finite: 100.0% are not"),
    ("launders", "divergence", "expected the features of a clip with nan in a pixel not to be finite: all 3 are"),
)  # fmt: skip


def case_of(name: str, check: str, host: Host = WRONG) -> Case:
    (found,) = (case for case in cases(name, host) if case.check == check)
    return found


@pytest.mark.parametrize("name", sorted(found.name for found in INSTALLED.of("metric")))
def test_every_installed_metric_passes_every_check(name: str) -> None:
    assert failures(name, INSTALLED) == {}


@pytest.mark.parametrize("name", ["spread", "flicker"])
def test_an_honest_metric_passes_every_check(name: str) -> None:
    expected = METRIC_CHECKS - ({"features"} if name == "spread" else set())
    assert {case.check for case in cases(name, WRONG)} == expected | {"declaration"}
    assert failures(name, WRONG) == {}


@pytest.mark.parametrize(("name", "check", "words"), RULES, ids=[f"{check}-{name}" for name, check, _ in RULES])
def test_a_wrong_metric_fails_its_check(name: str, check: str, words: str) -> None:
    with pytest.raises(Nonconformance) as raised:
        case_of(name, check)()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_metric_of_the_reference_page_is_one_that_passes() -> None:
    (text,) = (
        t for t in re.findall(r"```python\n(.*?)```", (PAGES / "reference.md").read_text(), re.DOTALL) if "Flicker" in t
    )
    names: dict[str, Any] = {"dataclass": dataclasses.dataclass, "NoOptions": NoOptions}
    exec(text, names)
    metric = complete("metric", names["Flicker"]())
    assert fault("metric", metric) is None
    clips = moving_clips(0, 4)
    features = metric.features(clips, NoOptions())
    assert (features.dtype, features.shape) == (torch.float64, (4, 3))
    score = metric.scorer(Reference(), NoOptions())
    assert (
        score(FeatureSet(features)) > 0.0 == score(FeatureSet(metric.features(viewed(clips, "frozen", 0), NoOptions())))
    )


def test_every_check_and_every_wrong_metric_is_tried() -> None:
    assert {check for _, check, _ in RULES} == METRIC_CHECKS
    assert {name for name, _, _ in RULES} == {plugin.name for plugin in WRONG.plugins} - {"spread", "flicker"}
    assert not WRONG.broken
