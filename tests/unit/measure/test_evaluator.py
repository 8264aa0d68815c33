"""A measure at work: every metric under one id, and an extra one that refuses says why and stops nobody."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, small_store, toy_protocol
from vidgen_bench.api import Curve
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.evaluator import Evaluator, number, scores_of
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.system.observer import Observer

CLIPS = torch.rand(12, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealClips:
    return RealClips(small_store(tmp_path_factory.mktemp("videos"), groups=7), None, CLIP)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def evaluator(resolved: ResolvedProtocol, real: RealClips, cache: Path, changes: tuple[str, ...] = ()) -> Evaluator:
    return Evaluator(resolved, real, CPU, cache, Observer(), changes)


def test_every_number_has_the_id_of_its_measure(real: RealClips, cache: Path) -> None:
    one = evaluator(toy_protocol(extra=["kid"]), real, cache)
    entries = one.entries()
    assert [entries[name].protocol == one.stamp().id for name in ("is", "fid", "kid")] == [True, True, False]
    assert set(one.stamps()) == {e.protocol for e in entries.values()}
    assert next(iter(one.stamps())) == one.stamp().id
    assert {name: e.extra for name, e in entries.items()} == {"is": False, "fid": False, "kid": True}
    assert (entries["fid"].better, entries["fid"].caveat) == ("lower", "rank-deficient")  # 4 samples of 12 features
    assert one.stamp().real == real.contents_hash(one.resolved)
    assert one.stamp(samples=9).protocol["samples"] == 9
    assert one.stamp(samples=4) == one.stamp()


def test_changes_to_the_clips_enter_the_id(real: RealClips, cache: Path) -> None:
    one = evaluator(toy_protocol(), real, cache, ("resize=16",))
    assert "resize=16" in one.stamp().id
    assert one.stamp(changes=()).id == evaluator(toy_protocol(), real, cache).stamp().id


def test_only_what_is_wanted_is_scored(real: RealClips, cache: Path) -> None:
    one = evaluator(toy_protocol(extra=["kid", "fid-frozen"]), real, cache)
    assert set(one.score([CLIPS])) == {"is", "fid", "kid", "fid-frozen"}
    assert set(one.score([CLIPS], one.resolved.watched)) == {"is", "fid"}


@pytest.mark.parametrize("samples", [4, 7])
def test_equal_clips_are_measured_once_and_score_as_if_each_were(real: RealClips, cache: Path, samples: int) -> None:
    network = ChannelMeans()
    resolved = toy_protocol(
        ToyInstrument(network=lambda: network), samples=samples, metrics=["is", "fid"], extra=["kid", "fid-frozen"]
    )
    one, clip = evaluator(resolved, real, cache), CLIPS[:1]
    network.calls.clear()
    scores = one.score_equal(clip)
    assert network.calls == [1]
    assert scores == one.score([clip.expand(samples, -1, -1, -1, -1)], resolved.plain)
    rows = one.extractor.outputs(clip, ("fc7",))["fc7"].expand(samples, -1)
    np.testing.assert_allclose(moments_of(rows).covariance, np.cov(rows.double().numpy().T), rtol=0, atol=1e-30)
    assert float(moments_of(rows).covariance.abs().max()) < 1e-30  # of equal rows it is 0, up to the mean's rounding


def test_batches_are_of_consecutive_clips_and_the_first_is_seen_without_motion_too(
    real: RealClips, cache: Path
) -> None:
    one = evaluator(toy_protocol(extra=["kid", "fid-frozen"]), real, cache)
    asked: list[range] = []

    def draw(numbers: range) -> Iterator[Tensor]:
        asked.append(numbers)
        yield CLIPS[numbers.start : numbers.stop]

    first, second = one.batches(draw, 2, "scoring", Observer())
    assert asked == [range(4), range(4, 8)]
    assert set(first) == {"is", "fid", "kid", "fid-frozen"}
    assert set(second) == {"is", "fid", "kid"}
    assert first == one.score([CLIPS[:4]])
    assert set(one.batches(draw, 1, "grey", Observer(), views=False)[0]) == {"is", "fid", "kid"}


def test_an_extra_metric_that_refuses_has_no_score_and_says_why(real: RealClips, cache: Path) -> None:
    one = evaluator(toy_protocol(extra=["precision", "coverage"]), real, cache)
    refused: dict[str, str] = {}
    assert set(one.score([CLIPS[:4]], refused=refused)) == {"is", "fid", "precision"}  # coverage looks at 5 neighbours
    entries = one.entries(refused)
    assert "needs at least 6 samples on each side" in entries["coverage"].refused
    assert entries["precision"].refused == ""
    assert "coverage" in one.score([CLIPS])
    assert one.entries()["coverage"].refused == ""  # what some clips were refused for is kept nowhere


def test_an_extra_metric_that_refuses_the_reference_stops_nobody(cache: Path, tmp_path: Path) -> None:
    lone = RealClips(small_store(tmp_path, groups=2), None, CLIP)  # two training videos
    one = evaluator(toy_protocol(metrics=["is"], extra=["coverage", "kid"], samples=1), lone, cache)
    refused: dict[str, str] = {}
    assert set(one.batches(lambda numbers: iter([CLIPS[:1]]), 1, "scoring", Observer(), refused=refused)[0]) == {"is"}
    assert "needs at least 2 samples" in refused["kid"]


def test_a_watched_metric_that_refuses_raises(real: RealClips, cache: Path) -> None:
    with pytest.raises(RequestError, match="needs at least 6 samples"):
        evaluator(toy_protocol(metrics=["is", "coverage"]), real, cache).score([CLIPS[:4]])
    with pytest.raises(RequestError, match="Fréchet distance needs at least 2 samples"):
        evaluator(toy_protocol(), real, cache).score([CLIPS[:1]])


def test_a_single_sample_has_an_inception_score_of_one(real: RealClips, cache: Path) -> None:
    assert evaluator(toy_protocol(metrics=["is"]), real, cache).score([CLIPS[:1]])["is"] == pytest.approx(
        1.0, abs=1e-12
    )


def test_what_is_not_finite_is_left_out_only_where_it_is_extra(real: RealClips, cache: Path) -> None:
    one = evaluator(toy_protocol(extra=["kid"]), real, cache)
    refused: dict[str, str] = {}
    scores = one.score([torch.full_like(CLIPS, float("nan"))], refused=refused)
    assert set(scores) == {"is", "fid"}
    assert math.isnan(number(scores["fid"]))
    assert one.entries(refused)["kid"].refused == "not finite"


def test_batches_become_means_and_curves_keep_their_points() -> None:
    scores = scores_of([{"is": 2.0, "x": Curve(1.0, {"n=4": 3.0})}, {"is": 4.0, "x": Curve(2.0, {"n=4": 5.0})}])
    assert scores["is"].values == (2.0, 4.0)
    assert scores["is"].mean == 3.0
    assert (scores["x"].values, scores["x"].at) == ((1.0, 2.0), {"n=4": (3.0, 5.0)})
    assert scores_of([{"is": 1.0, "fid-frozen": 2.0}, {"is": 3.0}])["fid-frozen"].values == (2.0,)
    assert scores_of([]) == {}


def test_the_training_clips_themselves_are_at_distance_zero(real: RealClips, cache: Path) -> None:
    from vidgen_bench.data.sampler import ClipSampler

    one = evaluator(toy_protocol(metrics=["fid"], real={"passes": 1}), real, cache)
    clips = torch.cat([b.clips for b in ClipSampler(real.store, "train", 0, CPU).passes("reference", 1, 4, 5)])
    assert abs(number(one.score([clips])["fid"])) < 1e-9
    assert number(one.score([clips.clamp(-0.2, 0.2)])["fid"]) > 1e-3
