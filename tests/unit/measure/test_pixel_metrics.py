"""A metric that reads pixels, beside those that read the instrument: one pass, statistics of its own, and the same anchors and ids."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from vidgen_metrics.motion import Motion
from vidgen_metrics.motion.histogram import histograms

from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyHost, ToyInstrument, make_protocol, small_store
from vidgen_bench.config.protocol import Protocol
from vidgen_bench.errors import PluginError, VidgenBenchError
from vidgen_bench.host.declarations import complete
from vidgen_bench.host.host import LoadedPlugin
from vidgen_bench.measure.anchors import compute_anchors
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.folder import ReferenceFolder
from vidgen_bench.measure.reference.manifest import read_manifest
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.reference.statistics import reference_statistics
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol, resolve_protocol
from vidgen_bench.measure.views import viewed
from vidgen_bench.system.hashed_files import write_hashed
from vidgen_bench.system.observer import Observer

CLIPS = torch.rand(12, 3, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealClips:
    return RealClips(small_store(tmp_path_factory.mktemp("videos")), None, CLIP)


class Sparse(Motion):
    """``motion`` under another name, with features of single clips and for frozen samples."""

    def features(self, clips: Tensor, options: object) -> Tensor:
        return histograms(clips)[:, :8]


SPARSE = Sparse("sparse", needs=frozenset({"clips", "moments", "features"}), view="frozen")


class Host(ToyHost):
    """The installed plugins, the toy instrument, and metrics beside them."""

    def __init__(self, instrument: ToyInstrument, *metrics: Motion) -> None:
        super().__init__(instrument)
        origin = self._instruments[0].origin
        self._instruments += [LoadedPlugin("metric", m.name, complete("metric", m), origin) for m in metrics]


def resolved(protocol: Protocol, instrument: ToyInstrument | None = None, *metrics: Motion) -> ResolvedProtocol:
    one = instrument or ToyInstrument()
    return resolve_protocol(protocol, one.name, CLIP, Host(one, *metrics))


def test_pixels_and_layers_are_read_in_one_pass_whatever_the_parts() -> None:
    network = ChannelMeans()
    one = resolved(make_protocol(extra=["motion", "sparse"]), ToyInstrument(network=lambda: network), SPARSE)
    extractor = FeatureExtractor(one, CLIP, CPU)
    motion, sparse = (c.layer for c in one.metrics[2:])
    assert extractor.widths == {"prob": 12, "fc7": 12, motion: 32, sparse: 8}
    network.calls.clear()
    whole = extractor.features([CLIPS], one.metrics)
    assert network.calls == [12]
    assert set(whole) == {("as-is", "prob"), ("as-is", "fc7"), ("as-is", motion), ("frozen", sparse)}
    assert {values.dtype for (_, layer), values in whole.items() if layer in (motion, sparse)} == {torch.float64}
    torch.testing.assert_close(whole["as-is", motion], histograms(CLIPS))
    torch.testing.assert_close(whole["frozen", sparse], histograms(viewed(CLIPS, "frozen", 0))[:, :8])
    extractor.rows = 5
    parts = extractor.features(CLIPS.split(3), one.metrics)
    for key, values in whole.items():
        torch.testing.assert_close(parts[key], values, rtol=0, atol=1e-5)


def test_the_network_does_not_run_for_pixels_alone() -> None:
    network = ChannelMeans()
    extractor = FeatureExtractor(
        resolved(make_protocol(metrics=["motion"]), ToyInstrument(network=lambda: network)), CLIP, CPU
    )
    extractor.features([CLIPS], extractor.resolved.metrics)
    assert network.calls == []


def test_statistics_of_real_clips_are_streamed_kept_in_float64_and_read_again(real: RealClips, tmp_path: Path) -> None:
    one = resolved(make_protocol(metrics=["fid", "sparse"]), None, SPARSE)
    extractor = FeatureExtractor(one, CLIP, CPU)
    extractor.rows = 3
    found = reference_statistics(extractor, real, tmp_path, Observer())
    layer = one.metrics[1].layer
    sampler_clips = torch.cat([b.clips for b in _passes(real)])
    expected = moments_of(histograms(sampler_clips)[:, :8])
    moments, clips = found[layer].moments, found[layer].clips
    assert moments is not None
    assert clips is not None
    torch.testing.assert_close(moments.covariance, expected.covariance, rtol=0, atol=1e-5)
    folder = ReferenceFolder(tmp_path, one, real, CPU)
    path = folder.file(layer, "features")
    assert np.load(path).dtype == np.float64
    assert [(s.layer, s.kind) for s in read_manifest(folder.path).statistics] == [
        ("fc7", "moments"), (layer, "features"), (layer, "moments"),
    ]  # fmt: skip
    write_hashed(path, lambda stream: np.save(stream, np.zeros((4, 8), np.float32)))  # not what this metric keeps
    again = reference_statistics(extractor, real, tmp_path, Observer())[layer].clips
    assert again is not None
    torch.testing.assert_close(again.features, clips.features)


def _passes(real: RealClips) -> list:
    from vidgen_bench.data.sampler import ClipSampler
    from vidgen_bench.measure.reference.clips import SEED

    return list(ClipSampler(real.store, "train", SEED, CPU).passes("reference", 2, 4, 3))


def test_it_is_scored_with_an_id_and_anchors_of_its_own_and_grey_is_as_still_as_it_gets(
    real: RealClips, tmp_path: Path
) -> None:
    plain = Evaluator(resolved(make_protocol()), real, CPU, tmp_path, Observer())
    one = Evaluator(resolved(make_protocol(extra=["motion"])), real, CPU, tmp_path, Observer())
    entry = one.entries()["motion"]
    assert (entry.extra, entry.better, entry.caveat) == (True, "lower", "rank-deficient")  # 4 samples of 32 bins
    assert entry.protocol != one.stamp().id == plain.stamp().id
    anchors = compute_anchors(one, 1, Observer())
    frozen = one.score([viewed(CLIPS[:4], "frozen", 0)])["motion"]
    assert anchors["grey"]["motion"].mean == pytest.approx(frozen)
    assert anchors["noise"]["motion"].mean > anchors["real"]["motion"].mean
    refused: dict[str, str] = {}
    assert "motion" not in one.score([torch.full_like(CLIPS, float("nan"))], refused=refused)
    assert refused["motion"] == "not finite"


@dataclasses.dataclass(frozen=True)
class Wrong(Motion):
    """Its features are float32, or nan."""

    name: str = "wrong"
    nan: bool = False

    def features(self, clips: Tensor, options: object) -> Tensor:
        found = histograms(clips)
        return found * float("nan") if self.nan else found.float()


def test_features_that_break_the_contract_are_reported_with_the_plugin(real: RealClips, tmp_path: Path) -> None:
    protocol = make_protocol(metrics=["wrong"])
    with pytest.raises(
        PluginError, match=r"'wrong' of toy-instruments .* \[1, D\] in torch.float64; found torch.float32 \[1, 32\]"
    ):
        FeatureExtractor(resolved(protocol, None, Wrong()), CLIP, CPU)
    extractor = FeatureExtractor(resolved(protocol, None, Wrong(nan=True)), CLIP, CPU)
    with pytest.raises(VidgenBenchError, match=r"'wrong' of toy-instruments .* computes features that are not finite"):
        reference_statistics(extractor, real, tmp_path, Observer())
