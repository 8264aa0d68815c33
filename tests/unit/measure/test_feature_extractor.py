"""Sampling and measuring: a sample depends on its index alone, a score on the clips alone, and what a game gets wrong is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from tests.kit import toy_game
from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, toy_protocol
from vidgen_bench.api import Clip, FeatureSet, Game, Reference
from vidgen_bench.compose.sampling import samples
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.measure.scorer import Scorer
from vidgen_bench.measure.views import viewed
from vidgen_bench.system.batch_size import CHUNK

TIMES = (0.0, 1 / 3, 2 / 3, 1.0)
CLIPS = torch.rand(32, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def draw(game: Game, start: int, stop: int, purpose: str = "final", seed: int = 0) -> torch.Tensor:
    return torch.cat(list(samples(game, seed, purpose, range(start, stop), TIMES, CPU)))


def test_a_sample_depends_on_seed_purpose_and_index_alone():
    game = toy_game.game()
    whole = draw(game, 0, CHUNK + 9)
    assert whole.shape == (CHUNK + 9, 3, 4, 4, 4)
    torch.testing.assert_close(draw(game, 7, 8)[0], whole[7], rtol=0, atol=1e-6)
    torch.testing.assert_close(draw(game, CHUNK - 2, CHUNK + 3), whole[CHUNK - 2 : CHUNK + 3], rtol=0, atol=1e-6)
    assert not torch.allclose(draw(game, 0, 4, purpose="evaluate-2"), whole[:4])
    assert not torch.allclose(draw(game, 0, 4, seed=1), whole[:4])


def test_sampling_leaves_batch_norm_statistics_alone():
    game = toy_game.game()
    game.parts["generator"].train()
    before = [b.clone() for b in game.parts["generator"].buffers()]
    draw(game, 0, 5)
    assert all(torch.equal(a, b) for a, b in zip(before, game.parts["generator"].buffers(), strict=True))


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (lambda noise, times: torch.zeros(len(noise.rows), 3, 3, 4, 4), r"expected \[5, 3, 4, H, W\]"),
        (lambda noise, times: torch.zeros(2, 3, 4, 4, 4), r"expected \[5, 3, 4, H, W\]"),
        (lambda noise, times: torch.full((5, 3, 4, 4, 4), 1.5), r"pixels up to 1\.5; expected \[-1, 1\]"),
        (lambda noise, times: noise.sized(4), "sized"),
    ],
)
def test_a_game_that_samples_wrongly_is_told(sample, message):
    with pytest.raises(PluginError, match=message):
        draw(dataclasses.replace(toy_game.game(), sample=sample), 0, 5)


def test_the_first_part_and_all_parts_together_are_checked():
    """A GPU would wait for a check of each part."""

    def wrong_from(first: int):
        def sample(noise, times):
            return torch.where(noise.rows >= first, 1.5, 0.5)[:, None, None, None, None].expand(-1, 3, 4, 4, 4)

        return dataclasses.replace(toy_game.game(), sample=sample)

    for first, passed in ((0, 0), (CHUNK, 2 * CHUNK), (2 * CHUNK, 2 * CHUNK)):
        made, seen = samples(wrong_from(first), 0, "final", range(3 * CHUNK), TIMES, CPU), []
        with pytest.raises(PluginError, match=r"pixels up to 1\.5"):
            seen.extend(map(len, made))
        assert sum(seen) == passed


def test_samples_that_are_not_finite_are_not_refused():
    """Training has diverged: the caller says so."""

    def sample(noise, times):
        clips = torch.full((len(noise.rows), 3, 4, 4, 4), 2.0)
        clips[0, 0, 0, 0, 0] = float("nan")
        return clips

    assert draw(dataclasses.replace(toy_game.game(), sample=sample), 0, 3).isnan().any()


def counted_meter(**changes: Any) -> tuple[FeatureExtractor, ChannelMeans]:
    """Return a meter, and its network, which counts its calls from here on."""
    network = ChannelMeans()
    extractor = FeatureExtractor(toy_protocol(ToyInstrument(network=lambda: network), **changes), CLIP, CPU)
    network.calls.clear()
    return extractor, network


def scorer(resolved: ResolvedProtocol) -> Scorer:
    real = torch.randn(40, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return Scorer(resolved.metrics, {"fc7": Reference(moments_of(real), FeatureSet(real))})


def scored(extractor: FeatureExtractor, parts: Sequence[torch.Tensor]) -> dict[str, float]:
    metrics = extractor.resolved.metrics
    found = scorer(extractor.resolved)(extractor.features(parts, metrics), metrics)
    return {one.plugin.name: score() for one, score in found}


def test_all_metrics_read_one_pass():
    extractor, network = counted_meter(extra=["kid", "precision"])
    features = extractor.features([CLIPS[:20], CLIPS[20:]], extractor.resolved.metrics)
    assert network.calls == [32]
    assert set(features) == {("as-is", "prob"), ("as-is", "fc7")}
    expected = CLIPS.double().mean(dim=(3, 4)).flatten(1)
    np.testing.assert_allclose(features["as-is", "fc7"], expected, rtol=0, atol=1e-7)
    assert extractor.widths == {"prob": 12, "fc7": 12}


def test_a_view_is_measured_once_more_where_it_is_wanted():
    extractor, network = counted_meter(extra=["is-shuffled", "fid-shuffled", "fid-frozen"])
    metrics = extractor.resolved.metrics
    features = extractor.features([CLIPS], metrics)
    assert network.calls == [32, 32, 32]
    for view in ("shuffled", "frozen"):
        expected = viewed(CLIPS, view, 0).mean(dim=(3, 4)).flatten(1)
        torch.testing.assert_close(features[view, "fc7"], expected, rtol=0, atol=1e-6)
    network.calls.clear()
    extractor.features([CLIPS], extractor.resolved.plain)
    assert network.calls == [32]


@pytest.mark.parametrize("each", [1, 3, 5, 31, 32])
def test_how_clips_come_in_parts_changes_nothing(each: int):
    extra = ["kid", "recall", "is-shuffled", "fid-frozen"]
    extractor, _ = counted_meter(extra=extra)
    whole = extractor.features([CLIPS], extractor.resolved.metrics)
    scores = scored(extractor, [CLIPS])
    for rows in (1, 7, 32):
        extractor.rows = rows
        parts = list(CLIPS.split(each))
        found = extractor.features(parts, extractor.resolved.metrics)
        for key, values in whole.items():
            torch.testing.assert_close(found[key], values, rtol=0, atol=1e-6)
        for name, value in scored(extractor, parts).items():
            assert value == pytest.approx(scores[name], rel=1e-5, abs=1e-7), name


def test_the_order_of_clips_changes_no_score_but_that_of_views():
    extractor, _ = counted_meter(extra=["kid", "precision", "recall", "density", "coverage", "nearest"])
    order = torch.randperm(32, generator=torch.Generator().manual_seed(2))
    scores = scored(extractor, [CLIPS])
    for name, value in scored(extractor, [CLIPS[order]]).items():
        assert value == pytest.approx(scores[name], rel=1e-9, abs=1e-12), name


def test_the_c3d_gives_probabilities_that_sum_to_one_in_bf16_too():
    from vidgen_bench.host.host import Host

    network = Host.of_environment().find("instrument", "c3d-shapes").declaration.build("tgan")
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        prob = network(torch.rand(1, 3, 16, 16, 16, generator=torch.Generator().manual_seed(3)) * 2 - 1)["prob"]
    assert float((prob.double().sum(dim=1) - 1).abs().max()) < 1e-6


def test_a_shipped_instrument_gives_a_clip_the_same_features_in_any_batch():
    from vidgen_bench.config.protocol import load_protocol
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.resolved_protocol import resolve_protocol

    clip = Clip(16, 64, 8)
    extractor = FeatureExtractor(
        resolve_protocol(load_protocol("c3d-tgan"), "c3d-shapes", clip, Host.of_environment()), clip, CPU
    )
    clips = torch.rand(5, 3, 16, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1
    whole = extractor.outputs(clips, ("fc7",))["fc7"]
    alone = torch.cat([extractor.outputs(c[None], ("fc7",))["fc7"] for c in clips])
    assert float((alone - whole).abs().max()) < 1e-5 * float(whole.abs().max())


def test_where_memory_runs_out_halves_are_measured_in_order():
    class Narrow(ChannelMeans):
        def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
            if len(clips) > 5:
                raise torch.OutOfMemoryError("no")
            return super().forward(clips)

    extractor = FeatureExtractor(toy_protocol(ToyInstrument(network=Narrow)), CLIP, CPU)
    expected = CLIPS.mean(dim=(3, 4)).flatten(1)
    torch.testing.assert_close(extractor.outputs(CLIPS, ("fc7",))["fc7"], expected, rtol=0, atol=1e-6)


def test_features_are_float32_without_gradients_and_switches_come_back():
    extractor, _ = counted_meter()
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32

    def inside():
        yield CLIPS[:16]
        assert torch.backends.cudnn.allow_tf32 is False  # what makes the clips is strict, too
        yield CLIPS[16:].clone().requires_grad_()

    features = extractor.features(inside(), extractor.resolved.metrics)
    assert {(f.dtype, f.requires_grad) for f in features.values()} == {(torch.float32, False)}
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before

    def broken():
        yield CLIPS
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        extractor.features(broken(), extractor.resolved.metrics)
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before


def test_bf16_computes_in_bfloat16_and_gives_float32():
    seen = []

    class Convolved(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.convolution = torch.nn.Conv3d(3, 6, 3)

        def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
            out = self.convolution(clips)
            seen.append(out.dtype)
            features = out.mean(dim=(2, 3, 4))
            return {"prob": torch.softmax(features, dim=1), "fc7": features}

    found = {}
    for precision, dtype in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        extractor = FeatureExtractor(toy_protocol(ToyInstrument(network=Convolved), precision=precision), CLIP, CPU)
        seen.clear()
        found[precision] = extractor.outputs(CLIPS, ("fc7",))["fc7"]
        assert seen == [dtype]
        assert found[precision].dtype == torch.float32
    difference = float((found["bf16"] - found["float32"]).abs().max())
    assert 1e-6 < difference < 3e-2


@pytest.mark.parametrize("preprocessing", ["tgan", "tganv2"])
@pytest.mark.parametrize("size", [64, 192])
def test_the_c3d_resizes_in_float32_whatever_the_network_computes_in(preprocessing: str, size: int):
    from vidgen_bench.host.host import Host

    network = Host.of_environment().find("instrument", "c3d-shapes").declaration.build(preprocessing).preprocessing
    clips = torch.rand(2, 3, 16, size, size, generator=torch.Generator().manual_seed(4)) * 2 - 1
    with torch.no_grad():
        exact = network(clips)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            inside = network(clips)
    assert inside.dtype == torch.float32
    assert float((inside - exact).abs().max()) < 1e-3  # of 256 pixel values


def test_a_metric_whose_reference_is_missing_is_refused():
    with pytest.raises(RequestError, match="'fid' needs the moments of real clips; the reference has none"):
        Scorer(toy_protocol().metrics, {})
