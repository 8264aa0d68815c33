"""Reference statistics: the moments of the very clips, kept by what they are of and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.kit.chainer_files import cut_header, header_alone
from tests.kit.toy_protocol import CLIP, CPU, ChannelMeans, ToyInstrument, small_store, toy_protocol
from vidgen_bench.data.sampler import ClipSampler
from vidgen_bench.data.store import Store
from vidgen_bench.errors import RecordError, VidgenBenchError
from vidgen_bench.measure.feature_extractor import FeatureExtractor
from vidgen_bench.measure.reference.clips import SEED, RealClips
from vidgen_bench.measure.reference.folder import ReferenceFolder, save_features
from vidgen_bench.measure.reference.manifest import MANIFEST, kept_folders, read_manifest
from vidgen_bench.measure.reference.moments import load_moments, save_moments
from vidgen_bench.measure.reference.statistics import reference_statistics
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.hashed_files import hash_file
from vidgen_bench.system.observer import Observer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def store(place: Path) -> Store:
    return small_store(place)


@pytest.fixture(scope="module")
def wide(place: Path, store: Store) -> Store:
    return small_store(place, wide=True)


@pytest.fixture(scope="module")
def real(store: Store) -> RealClips:
    return RealClips(store, None, CLIP)


def computed(resolved: ResolvedProtocol, real: RealClips, cache: Path) -> dict[str, Any]:
    return reference_statistics(FeatureExtractor(resolved, real.clip, CPU), real, cache, Observer())


class Told(Observer):
    """Keeps the notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def progress(self, what: str, done: int, total: int) -> None:
        if not total:
            self.notices.append(what)


def features(clips: torch.Tensor) -> np.ndarray:
    """Return what the toy gives, by numpy in float64 of the same float32 clips."""
    return clips.double().mean(dim=(3, 4)).flatten(1).numpy()


def folder_of(resolved: ResolvedProtocol, real: RealClips, cache: Path) -> ReferenceFolder:
    return ReferenceFolder(cache, resolved, real, CPU)


def test_moments_are_numpys_over_ten_passes_with_fresh_offsets(real: RealClips, store: Store, tmp_path: Path) -> None:
    found = computed(toy_protocol(real={"passes": 10}), real, tmp_path)["fc7"].moments
    passes = [b.clips for b in ClipSampler(store, "train", SEED, CPU).passes("reference", 10, 4, 4)]
    assert [len(p) for p in passes] == [4] * 10
    assert len({p.numpy().tobytes() for p in passes}) > 5  # offsets differ between the passes
    rows = np.concatenate([features(p) for p in passes])
    assert (found.count, found.mean.dtype, found.covariance.dtype) == (40, torch.float64, torch.float64)
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=0, atol=2e-7)
    np.testing.assert_allclose(found.covariance, np.cov(rows.T), rtol=0, atol=2e-7)


def test_so_many_clips_are_one_a_video_until_all_were_seen(real: RealClips, store: Store, tmp_path: Path) -> None:
    found = computed(toy_protocol(real={"clips": 6}), real, tmp_path)["fc7"].moments
    drawn = ClipSampler(store, "train", SEED, CPU).evaluation("reference", torch.arange(6), 4)
    assert sorted(drawn.labels[:4].tolist()) == [0, 0, 1, 1]
    np.testing.assert_allclose(found.covariance, np.cov(features(drawn.clips).T), rtol=0, atol=2e-7)


def test_streamed_equals_at_once(real: RealClips, tmp_path: Path) -> None:
    resolved, found = toy_protocol(metrics=["is", "fid", "kid"]), []
    for rows in (1, 3, 32):
        extractor = FeatureExtractor(resolved, CLIP, CPU)
        extractor.rows = rows
        found.append(reference_statistics(extractor, real, tmp_path / str(rows), Observer())["fc7"])
    for other in found[1:]:
        torch.testing.assert_close(other.moments.covariance, found[0].moments.covariance, rtol=0, atol=1e-7)
        torch.testing.assert_close(other.clips.features, found[0].clips.features, rtol=0, atol=1e-6)


def test_single_clips_are_at_least_as_many_as_the_samples(real: RealClips, tmp_path: Path) -> None:
    few = computed(toy_protocol(metrics=["kid"], samples=2), real, tmp_path)["fc7"].clips.features
    many = computed(toy_protocol(metrics=["kid"], samples=9), real, tmp_path)["fc7"].clips.features
    assert (len(few), len(many)) == (4, 9)
    assert few.dtype == torch.float64
    assert torch.equal(many[:4], few)


def test_only_what_metrics_need_is_computed(real: RealClips, tmp_path: Path) -> None:
    assert computed(toy_protocol(metrics=["is"]), real, tmp_path) == {}
    assert not list(kept_folders(tmp_path))
    found = computed(toy_protocol(metrics=["fid"]), real, tmp_path)["fc7"]
    assert found.clips is None
    assert computed(toy_protocol(metrics=["kid"]), real, tmp_path)["fc7"].moments is None


def test_what_is_there_is_read_and_the_network_is_not_asked(real: RealClips, tmp_path: Path) -> None:
    resolved = toy_protocol(metrics=["fid", "kid"])
    first = computed(resolved, real, tmp_path)["fc7"]
    network = ChannelMeans()
    extractor = FeatureExtractor(
        toy_protocol(ToyInstrument(network=lambda: network), metrics=["fid", "kid"]), CLIP, CPU
    )
    network.calls.clear()
    again = reference_statistics(extractor, real, tmp_path, Observer())["fc7"]
    assert network.calls == []
    assert torch.equal(again.moments.covariance, first.moments.covariance)
    assert torch.equal(again.clips.features, first.clips.features)


def test_equal_content_has_one_hash_wherever_it_lies(real: RealClips, tmp_path: Path) -> None:
    elsewhere = RealClips(small_store(tmp_path), None, CLIP)
    assert elsewhere.store.folder != real.store.folder
    assert elsewhere.contents_hash(toy_protocol()) == real.contents_hash(toy_protocol())


def test_names_and_what_is_not_of_the_real_clips_do_not_enter(real: RealClips) -> None:
    one = real.contents_hash(toy_protocol())
    for other in (
        toy_protocol(name="renamed", version="1.1"),
        toy_protocol(ToyInstrument(name="renamed")),
        toy_protocol(samples=9),
        toy_protocol(metrics=["fid"], options={"is": {"splits": 2}}),
    ):
        assert real.contents_hash(other) == one


def test_everything_else_does(real: RealClips, wide: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted = toy_protocol(real={"passes": 2, "augment": ["shift-x"]})
    hashes = [
        real.contents_hash(toy_protocol()),
        RealClips(small_store(tmp_path, frames=9), None, CLIP).contents_hash(toy_protocol()),
        RealClips(real.store, None, replace(CLIP, frames=5)).contents_hash(toy_protocol()),
        real.contents_hash(toy_protocol(ToyInstrument(weights="cd" * 32))),
        real.contents_hash(toy_protocol(preprocessing="doubled")),
        real.contents_hash(toy_protocol(precision="bf16")),
        real.contents_hash(toy_protocol(real={"passes": 3})),
        real.contents_hash(toy_protocol(real={"clips": 2})),
        real.contents_hash(toy_protocol(real={"passes": 2, "augment": ["flip"]})),
        RealClips(real.store, wide, CLIP).contents_hash(shifted),
    ]
    monkeypatch.setattr("vidgen_bench.measure.reference.clips.SEED", 1)
    hashes.append(real.contents_hash(toy_protocol()))
    assert len(set(hashes)) == len(hashes)


def test_crops_that_cannot_move_are_not_said_to(real: RealClips, wide: Store) -> None:
    shifted = toy_protocol(real={"passes": 2, "augment": ["shift-x"]})
    assert real.contents_hash(shifted) == real.contents_hash(toy_protocol())
    assert RealClips(real.store, wide, CLIP).contents_hash(toy_protocol()) == real.contents_hash(toy_protocol())


def test_shifted_and_mirrored_clips_are_what_the_statistics_are_of(store: Store, wide: Store, tmp_path: Path) -> None:
    both = RealClips(store, wide, CLIP)
    found = computed(toy_protocol(real={"passes": 3, "augment": ["flip", "shift-x"]}), both, tmp_path)["fc7"].moments
    sampler = ClipSampler(store, "train", SEED, CPU, wide)
    clips = torch.cat([b.clips for b in sampler.passes("reference", 3, 4, 4, ("flip", "shift-x"))])
    np.testing.assert_allclose(found.covariance, np.cov(features(clips).T), rtol=0, atol=2e-7)
    plain = computed(toy_protocol(real={"passes": 3}), both, tmp_path)["fc7"].moments
    assert not torch.allclose(plain.mean, found.mean, atol=1e-4)


def test_other_code_of_the_instrument_has_a_folder_of_its_own(real: RealClips, tmp_path: Path) -> None:
    one, other = (folder_of(toy_protocol(version=v), real, tmp_path).path for v in ("1.0", "1.1"))
    assert one != other
    assert one.name[:24] == other.name[:24] == real.contents_hash(toy_protocol())


def test_the_manifest_says_what_the_files_are_of(real: RealClips, store: Store, tmp_path: Path) -> None:
    resolved = toy_protocol(metrics=["fid"])
    computed(resolved, real, tmp_path)
    folder = folder_of(resolved, real, tmp_path).path
    manifest = read_manifest(folder)
    assert manifest.contents == real.contents(resolved)
    assert manifest.contents.data == store.fingerprint
    assert (manifest.instrument, manifest.by, manifest.train_videos) == ("toy", "toy-instruments 1.0", 4)
    assert [(s.layer, s.kind, s.clips) for s in manifest.statistics] == [("fc7", "moments", 8)]
    computed(toy_protocol(name="renamed", metrics=["kid"]), real, tmp_path)  # one folder, more in it
    manifest = read_manifest(folder)
    assert sorted(s.file for s in manifest.statistics) == ["fc7-features-4.npy", "fc7-moments.npz"]
    assert manifest.protocols == ("renamed", "toy-means")
    files = {s.file for s in manifest.statistics}
    assert {p.name for p in folder.iterdir()} == {MANIFEST, *files, *(f"{name}.sha256" for name in files)}


@pytest.mark.parametrize("harm", ["absent", "damaged", "foreign"])
def test_a_folder_whose_manifest_is_gone_is_right_and_described_again(
    real: RealClips, tmp_path: Path, harm: str
) -> None:
    resolved = toy_protocol()
    first = computed(resolved, real, tmp_path)["fc7"].moments
    folder = folder_of(resolved, real, tmp_path).path
    path = folder / MANIFEST
    if harm == "absent":
        path.unlink()
    elif harm == "damaged":
        path.write_text("{")
    else:
        path.write_text(path.read_text().replace('"passes": 2', '"passes": 3'))
    with pytest.raises(RecordError):
        read_manifest(folder)
    assert torch.equal(computed(resolved, real, tmp_path)["fc7"].moments.covariance, first.covariance)
    assert read_manifest(folder).contents == real.contents(resolved)


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_killed_while_writing_nothing_partial_counts(
    real: RealClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """One of the files (moments and their hash, features and their hash, manifest) fails half way."""
    resolved, count = toy_protocol(metrics=["fid", "kid"]), 0

    def failing(path: Path, write: Any, **options: Any) -> None:
        nonlocal count
        count += 1

        def half(stream: Any) -> None:
            write(stream)
            if count == at:
                raise KeyboardInterrupt

        write_whole(path, half, **options)

    with monkeypatch.context() as patch:
        patch.setattr("vidgen_bench.system.hashed_files.write_whole", failing)
        patch.setattr("vidgen_bench.system.files.write_whole", failing)
        with pytest.raises(KeyboardInterrupt):
            computed(resolved, real, tmp_path)
    folder = folder_of(resolved, real, tmp_path)
    assert len(list(folder.path.iterdir())) == at - 1
    assert not (folder.path / MANIFEST).exists()
    after = computed(resolved, real, tmp_path)["fc7"]
    whole = computed(resolved, real, tmp_path / "other")["fc7"]
    assert torch.equal(after.moments.covariance, whole.moments.covariance)
    assert torch.equal(after.clips.features, whole.clips.features)
    assert read_manifest(folder.path).protocols == ("toy-means",)


def flipped(content: bytes, at: int) -> bytes:
    """Return the content with one bit flipped."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def not_finite(path: Path) -> None:
    """Put a NaN into the moments or features, and their hash beside them, as a program does that writes both."""
    if path.suffix == ".npy":
        array = np.load(path)
        array[0, 0] = np.nan
        save_features(path, array)
    else:
        moments = load_moments(path)
        moments.mean[0] = np.nan
        save_moments(path, moments)


HARMS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"no array"),
    "the start of a zip": lambda path: path.write_bytes(b"PK\x03\x04"),
    "a header cut off": lambda path: path.write_bytes(cut_header()),
    "a header alone": lambda path: path.write_bytes(header_alone((10**15,))),
    "a bit of a number": lambda path: path.write_bytes(
        flipped(path.read_bytes(), -60 if path.suffix == ".npy" else 300)
    ),
    "not finite": not_finite,
    "another hash": lambda path: hash_file(path).write_text("0" * 64),
    "a hash that is no text": lambda path: hash_file(path).write_bytes(b"\xff"),
}


@pytest.mark.parametrize("name", ["fc7-moments.npz", "fc7-features-4.npy"])
@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_named_and_computed_again(real: RealClips, tmp_path: Path, name: str, harm: str) -> None:
    resolved = toy_protocol(metrics=["fid", "kid"])
    first = computed(resolved, real, tmp_path)["fc7"]
    HARMS[harm](folder_of(resolved, real, tmp_path).path / name)
    told = Told()
    again = reference_statistics(FeatureExtractor(resolved, real.clip, CPU), real, tmp_path, told)["fc7"]
    (notice,) = told.notices
    assert name in notice
    assert notice.endswith("It is computed again now.")
    assert again.moments is not None
    assert again.clips is not None
    assert torch.equal(again.moments.covariance, first.moments.covariance)
    assert torch.equal(again.clips.features, first.clips.features)
    assert reference_statistics(FeatureExtractor(resolved, real.clip, CPU), real, tmp_path, told)
    assert len(told.notices) == 1


def test_a_file_of_an_earlier_version_gets_its_hash(real: RealClips, tmp_path: Path) -> None:
    resolved = toy_protocol(metrics=["fid", "kid"])
    computed(resolved, real, tmp_path)
    hashes = {path: path.read_text() for path in folder_of(resolved, real, tmp_path).path.glob("*.sha256")}
    assert len(hashes) == 2
    for path in hashes:
        path.unlink()
    told = Told()
    reference_statistics(FeatureExtractor(resolved, real.clip, CPU), real, tmp_path, told)
    assert {path: path.read_text() for path in hashes} == hashes
    assert not told.notices


def test_features_that_are_not_finite_are_not_kept(real: RealClips, tmp_path: Path) -> None:
    class Broken(nn.Module):
        def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"prob": clips.mean((2, 3, 4)), "fc7": clips.mean((2, 3, 4)) / 0.0}

    for metric in ("fid", "kid"):
        with pytest.raises(VidgenBenchError, match="returns features in 'fc7' that are not finite"):
            computed(toy_protocol(ToyInstrument(network=Broken), metrics=[metric]), real, tmp_path)
    assert not [p for folder in kept_folders(tmp_path) for p in folder.iterdir()]
