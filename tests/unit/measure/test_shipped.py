"""Statistics and anchors that ship: a cold cache starts from them, any other key computes, damage is named, and they can be verified."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import torch

from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, small_store, toy_protocol
from vidgen_bench.api import Reference
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.measure import shipped
from vidgen_bench.measure.anchors import Anchors, score_anchors, shipped_anchors
from vidgen_bench.measure.evaluator import Evaluator
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.clips import RealClips
from vidgen_bench.measure.reference.folder import ReferenceFolder
from vidgen_bench.measure.reference.manifest import kept_folders, read_manifest
from vidgen_bench.measure.reference.moments import load_moments, save_moments
from vidgen_bench.measure.reference.statistics import reference_statistics
from vidgen_bench.measure.resolved_track import resolve_track
from vidgen_bench.measure.verification import Comparison, Verification
from vidgen_bench.system.hashed_files import hash_file
from vidgen_bench.system.observer import Observer

METRICS: dict[str, Any] = {"metrics": ["is", "fid"], "extra": ["kid"]}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealClips:
    return RealClips(small_store(tmp_path_factory.mktemp("videos")), None, CLIP)


@pytest.fixture(scope="module")
def made(real: RealClips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package folder, written as `reference verify --output` writes it."""
    root = tmp_path_factory.mktemp("package")
    verification = Verification(toy_protocol(**METRICS), real, CPU, root / "now", Observer())
    verification.compute(2)
    verification.write(root / "shipped")
    return root / "shipped"


@pytest.fixture
def package(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which ships."""
    folder = tmp_path / "package"
    shutil.copytree(made, folder)
    monkeypatch.setattr(shipped, "PACKAGE", folder)
    return folder


class Notices(Observer):
    """Keeps the notices."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def progress(self, what: str, done: int, total: int) -> None:
        if not total:
            self.texts.append(what)


def measured(
    real: RealClips, cache: Path, observer: Observer | None = None, changes: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Anchors, int, Evaluator]:
    """Return the anchors, the number of real or plain clips that passed through the network for them, and the evaluator."""
    network = ChannelMeans()
    resolved = toy_protocol(ToyInstrument(network=lambda: network), **(METRICS | dict(changes)))
    seen = observer or Observer()
    evaluator = Evaluator(resolved, real, CPU, cache, seen)
    anchors, clips = score_anchors(evaluator, 2, cache, seen), sum(network.calls)
    FeatureExtractor(resolved, CLIP, CPU)  # sizes its batches with as many clips of zeros as the evaluator did
    return anchors, 2 * clips - sum(network.calls), evaluator


def statistics(evaluator: Evaluator, real: RealClips, cache: Path) -> Reference:
    return reference_statistics(evaluator.extractor, real, cache, Observer())["fc7"]


def test_a_cold_cache_starts_from_the_package(
    real: RealClips, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, clips, evaluator = measured(real, tmp_path / "cold")
    assert clips == 0
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "nothing")
    computed, clips, other = measured(real, tmp_path / "computed")
    assert clips > 0
    assert found == computed
    one, another = statistics(evaluator, real, tmp_path / "cold"), statistics(other, real, tmp_path / "computed")
    assert one.moments is not None
    assert another.moments is not None
    assert torch.equal(one.moments.covariance, another.moments.covariance)
    folders = [next(iter(kept_folders(tmp_path / cache))) for cache in ("cold", "computed")]
    assert {p.name for p in folders[0].iterdir()} == {p.name for p in folders[1].iterdir()}
    assert read_manifest(folders[0]).made <= read_manifest(folders[1]).made  # when they were computed, not copied


@pytest.mark.parametrize(
    "changes", [{"precision": "bf16"}, {"real": {"passes": 3}}, {"preprocessing": "doubled"}, {"samples": 5}]
)
def test_another_key_computes_silently(real: RealClips, package: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    notices = Notices()
    _, clips, _ = measured(real, tmp_path / "cold", notices, changes)
    assert clips > 0
    assert notices.texts == []


def test_other_data_compute(package: Path, tmp_path: Path) -> None:
    assert measured(RealClips(small_store(tmp_path, frames=9), None, CLIP), tmp_path / "cold")[1] > 0


@pytest.mark.parametrize("harm", ["content", "hash", "no hash"])
@pytest.mark.parametrize("name", ["fc7-moments.npz", "fc7-features-4.npy", "anchors"])
def test_a_damaged_file_is_named_once_and_computed(
    real: RealClips, package: Path, tmp_path: Path, name: str, harm: str
) -> None:
    (path,) = package.glob("anchors/*.json") if name == "anchors" else package.glob(f"reference/*/{name}")
    if harm == "content":
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    elif harm == "hash":
        hash_file(path).write_text("ab  x\n")
    else:
        hash_file(path).unlink()
    notices = Notices()
    found, clips, _ = measured(real, tmp_path / "cold", notices)
    assert clips > 0
    (text,) = notices.texts
    assert str(path) in text
    assert text.endswith("Its content is computed now.")
    assert found == measured(real, tmp_path / "again")[0]


def compared(real: RealClips, cache: Path, spare: Path) -> list[Comparison]:
    verification = Verification(toy_protocol(**METRICS), real, CPU, spare / "now", Observer())
    assert verification.kept(cache)
    verification.compute(2)
    return list(verification.comparisons(cache, spare / "package"))


def test_what_ships_and_what_is_cached_is_compared(real: RealClips, package: Path, tmp_path: Path) -> None:
    measured(real, tmp_path / "cache")
    found = compared(real, tmp_path / "cache", tmp_path)
    places = [(c.what, c.place) for c in found]
    assert places == [
        (what, where) for what in ("fc7 moments", "fc7 features", "anchors") for where in ("package", "cache")
    ]
    assert all(c.agrees and c.difference == 0.0 for c in found)


def test_a_difference_beyond_rounding_is_found(real: RealClips, package: Path, tmp_path: Path) -> None:
    (path,) = package.glob("reference/*/fc7-moments.npz")
    kept = load_moments(path)
    kept.covariance.mul_(1.001)
    save_moments(path, kept)
    found = {(c.what, c.place): c for c in compared(real, tmp_path / "empty", tmp_path)}
    assert set(found) == {("fc7 moments", "package"), ("fc7 features", "package"), ("anchors", "package")}
    moments = found.pop(("fc7 moments", "package"))
    assert moments.difference == pytest.approx(1e-3, rel=1e-3)
    assert not moments.agrees
    assert all(c.agrees for c in found.values())


def test_a_damaged_file_does_not_agree(real: RealClips, package: Path, tmp_path: Path) -> None:
    (path,) = package.glob("reference/*/fc7-features-4.npy")
    path.write_bytes(b"no")
    damaged = next(c for c in compared(real, tmp_path / "empty", tmp_path) if c.what == "fc7 features")
    assert not damaged.agrees
    assert f"{path} is damaged" in damaged.fault


def test_nothing_to_compare(real: RealClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path)
    assert not Verification(toy_protocol(**METRICS), real, CPU, tmp_path / "now", Observer()).kept(tmp_path / "cache")


@pytest.mark.parametrize("track", [DEFAULT_TRACK, "shapes-cpu"])
def test_what_ships_is_for_the_tracks_of_the_built_in_videos(track: str, tmp_path: Path) -> None:
    """If this fails, the key changed: make the files again, as vidgen_bench/measure/shipped/README.md says."""
    resolved_track = resolve_track(load_track(track), Host.of_environment())
    folders = list(kept_folders(shipped.PACKAGE))
    assert len(folders) == 2
    manifest = read_manifest(folders[0])
    store = SimpleNamespace(fingerprint=manifest.contents.data, train=range(manifest.train_videos))
    real = RealClips(store, None, resolved_track.track.clip)  # type: ignore[arg-type]  # no clip is read
    statistics = ReferenceFolder(tmp_path, resolved_track.main, real, CPU)
    names = [f"{statistics.shipped}/{one.file}" for one in statistics.statistics]
    assert len(names) == 2
    assert all(map(shipped.ships, names)), names
    evaluator = Evaluator(resolved_track.main, real, CPU, tmp_path, Observer())
    batches = resolved_track.batches(resolved_track.main)
    assert shipped.ships(shipped_anchors(resolved_track.main, real, CPU, batches))
    notices = Notices()
    anchors = score_anchors(evaluator, batches, tmp_path, notices)
    assert notices.texts == []
    assert anchors["real"]["is"].mean > 5 > 2 > anchors["noise"]["is"].mean
    files = [path for path in shipped.PACKAGE.rglob("*") if path.is_file()]
    assert (
        len(files) == 1 + 2 * 2 * 4
    )  # a page; per track two statistics, their manifest and the anchors, each with its hash
    assert sum(path.stat().st_size for path in files) < 2_000_000
