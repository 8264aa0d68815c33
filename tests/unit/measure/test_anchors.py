"""Anchors: what real clips, grey and noise score, computed once for what they depend on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, small_store, toy_protocol
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.measure.anchors import FOLDER, Anchors, score_anchors
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.metrics.inception_score import inception_score
from vidgen_bench.measure.reference.clips import SEED, RealClips
from vidgen_bench.measure.reference.statistics import reference_statistics
from vidgen_bench.system.hashed_files import hash_file
from vidgen_bench.system.observer import Observer


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealClips:
    return RealClips(small_store(tmp_path_factory.mktemp("videos")), None, CLIP)


class Told(Observer):
    """Remembers which work was done."""

    def __init__(self) -> None:
        self.work: set[str] = set()

    def progress(self, what: str, done: int, total: int) -> None:
        self.work.add(what)


def made(
    clips: RealClips, cache: Path, batches: int = 2, changes: tuple[str, ...] = (), **more: Any
) -> tuple[Anchors, bool]:
    """Return the anchors of the toy, and whether they were computed."""
    evaluator, told = Evaluator(toy_protocol(**more), clips, CPU, cache, Observer(), changes), Told()
    found = score_anchors(evaluator, batches, cache, told)
    return found, any(what.startswith("the real anchor") for what in told.work)


def test_real_clips_are_held_out_and_measured_as_samples_are(real: RealClips, tmp_path: Path) -> None:
    found, _ = made(real, tmp_path, extra=["fid-frozen"])
    assert {name: len(scores["is"].values) for name, scores in found.items()} == {"real": 2, "grey": 1, "noise": 1}
    assert len(found["real"]["fid-frozen"].values) == 1
    assert "fid-frozen" not in found["grey"]
    held_out = ClipSampler(real.store, "test", SEED, CPU)
    for batch, score in enumerate(found["real"]["is"].values):
        clips = held_out.evaluation("anchor", torch.arange(4 * batch, 4 * batch + 4), 4).clips
        prob = FeatureExtractor(toy_protocol(), CLIP, CPU).outputs(clips, ("prob",))["prob"]
        assert score == pytest.approx(inception_score(prob.double()), abs=1e-9)


def test_grey_is_a_single_point_and_noise_is_drawn_once(real: RealClips, tmp_path: Path) -> None:
    found, _ = made(real, tmp_path)
    assert found["grey"]["is"].mean == pytest.approx(1.0, abs=1e-6)
    statistics = reference_statistics(FeatureExtractor(toy_protocol(), CLIP, CPU), real, tmp_path, Observer())[
        "fc7"
    ].moments
    assert statistics is not None
    exact = float(statistics.mean.square().sum() + statistics.covariance.trace())  # of grey every feature is 0
    assert found["grey"]["fid"].mean == pytest.approx(exact, rel=1e-9)
    assert found["noise"] == made(real, tmp_path / "again")[0]["noise"]


def test_one_grey_clip_is_measured(real: RealClips, tmp_path: Path) -> None:
    network = ChannelMeans()
    resolved = toy_protocol(ToyInstrument(network=lambda: network))
    evaluator = Evaluator(resolved, real, CPU, tmp_path, Observer())
    network.calls.clear()
    score_anchors(evaluator, 2, tmp_path, Observer())
    assert sum(network.calls) == 4 + 4 + 1 + 4  # two real batches, one clip of grey, one batch of noise


def test_they_are_computed_once(real: RealClips, tmp_path: Path) -> None:
    first, computed = made(real, tmp_path)
    assert computed
    again, computed = made(real, tmp_path)
    assert (again, computed) == (first, False)
    (path,) = (tmp_path / "anchors").glob("*.json")
    assert set((tmp_path / "anchors").iterdir()) == {path, hash_file(path), Path(f"{path}.lock")}


def test_clips_that_were_changed_have_the_anchors_of_those_that_were_not(real: RealClips, tmp_path: Path) -> None:
    first, _ = made(real, tmp_path)
    assert made(real, tmp_path, changes=("resize=16",)) == (first, False)


@pytest.mark.parametrize(
    "more",
    [
        {"batches": 3},
        {"samples": 5},
        {"metrics": ["is"]},
        {"extra": ["kid"]},
        {"options": {"is": {"splits": 2}}},
        {"precision": "bf16"},
        {"instrument": ToyInstrument(weights="cd" * 32)},
        {"version": "1.1"},
        {"real": {"passes": 3}},
    ],
    ids=lambda m: next(iter(m)),
)
def test_another_measure_has_others(real: RealClips, tmp_path: Path, more: dict[str, Any]) -> None:
    made(real, tmp_path)
    assert made(real, tmp_path, **more)[1]


def test_other_data_have_others(real: RealClips, tmp_path: Path) -> None:
    made(real, tmp_path)
    other = RealClips(small_store(tmp_path, frames=9), None, CLIP)
    assert made(other, tmp_path)[1]
    same = RealClips(small_store(tmp_path / "elsewhere"), None, CLIP)
    assert not made(same, tmp_path)[1]


HARMS = {
    "empty": lambda text: "",
    "half a file": lambda text: text[: len(text) // 2],
    "other values": lambda text: '{"real": {"is": {"mean": 1}}}',
    "a list": lambda text: "[]",
    "a list of scores": lambda text: '{"real": []}',
    "nested": lambda text: "[" * 100_000,
    "another score": lambda text: text.replace("[1.0", "[1.25").replace('"mean": 1.0', '"mean": 1.25'),
}


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_anchors_are_computed_again(real: RealClips, tmp_path: Path, harm: str) -> None:
    first, _ = made(real, tmp_path)
    (path,) = (tmp_path / "anchors").glob("*.json")
    text = path.read_text()
    path.write_text(HARMS[harm](text))
    assert path.read_text() != text
    assert made(real, tmp_path) == (first, True)
    assert path.read_text() == text
    assert made(real, tmp_path) == (first, False)


def test_damaged_anchors_are_named(real: RealClips, tmp_path: Path) -> None:
    made(real, tmp_path)
    (path,) = (tmp_path / "anchors").glob("*.json")
    path.write_text("{")
    told = Told()
    score_anchors(Evaluator(toy_protocol(), real, CPU, tmp_path, Observer()), 2, tmp_path, told)
    assert any(str(path) in what and what.endswith("They are computed again now.") for what in told.work)


def test_anchors_of_an_earlier_version_get_their_hash(real: RealClips, tmp_path: Path) -> None:
    first, _ = made(real, tmp_path)
    (path,) = (tmp_path / "anchors").glob("*.json")
    before = hash_file(path).read_text()
    hash_file(path).unlink()
    assert made(real, tmp_path) == (first, False)
    assert hash_file(path).read_text() == before


class Meeting(Told):
    """Waits with its first report of a work for another one, as in a run that is started at the same moment."""

    def __init__(self, what: str, begun: threading.Event, ended: threading.Event) -> None:
        super().__init__()
        self._what, self._begun, self._ended = what, begun, ended

    def progress(self, what: str, done: int, total: int) -> None:
        super().progress(what, done, total)
        if what.startswith(self._what) and not self._begun.is_set():
            self._begun.set()
            assert self._ended.wait(60)


@pytest.mark.parametrize(
    ("work", "waiting", "folder"),
    [
        ("reference", "computing these statistics", "reference"),
        ("the real anchor", "scoring these anchors", FOLDER),
    ],
)
def test_of_two_runs_at_once_one_measures_and_the_other_waits(
    work: str, waiting: str, folder: str, real: RealClips, tmp_path: Path
) -> None:
    def measure(observer: Observer) -> Anchors:
        return score_anchors(Evaluator(toy_protocol(), real, CPU, tmp_path, observer), 2, tmp_path, observer)

    class Waiting(Told):
        def progress(self, what: str, done: int, total: int) -> None:
            super().progress(what, done, total)
            if what.startswith("waiting"):
                waits.set()

    begun, waits = threading.Event(), threading.Event()
    first, second = Meeting(work, begun, waits), Waiting()
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(measure, first)
        assert begun.wait(60)
        other = pool.submit(measure, second)
        assert one.result() == other.result()
    assert f"waiting for another process that is {waiting}" in second.work
    assert not [what for what in second.work if what.startswith(work)]
    assert [path for path in (tmp_path / folder).iterdir() if path.suffix == ".lock"]
