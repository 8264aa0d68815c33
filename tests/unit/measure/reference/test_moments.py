"""Moments of a stream: any chunking gives numpy's covariance; the file keeps every bit and opens no pickle."""

from __future__ import annotations

import errno
import itertools
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit import golden
from tests.kit.chainer_files import cut_header, header_alone
from vidgen_bench.errors import RecordError, RequestError, VidgenBenchError
from vidgen_bench.measure.reference.moments import MomentAccumulator, load_moments, moments_of, save_moments
from vidgen_bench.system import files


def features(n: int, d: int, mean: float = 5.0) -> np.ndarray:
    return golden.base(2, n * d).reshape(n, d) + mean


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 97), max_size=6), mean=st.sampled_from([0.0, 5.0, -300.0]))
def test_any_chunking_is_numpy_cov(cuts: list[int], mean: float) -> None:
    x = features(97, 11, mean)
    accumulator = MomentAccumulator()
    edges = [0, *sorted(cuts), 97]
    for start, stop in itertools.pairwise(edges):
        accumulator.add(x[start:stop])
    moments = accumulator.result()
    assert moments.count == 97
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(x, rowvar=False), rtol=1e-12, atol=1e-12)


def test_single_precision_features_are_summed_in_double() -> None:
    x = (features(4000, 3, 1000.0)).astype(np.float32)
    accumulator = MomentAccumulator()
    for row in np.array_split(x, 500):
        accumulator.add(row)
    np.testing.assert_allclose(
        accumulator.result().covariance, np.cov(x.astype(np.float64), rowvar=False), rtol=1e-11, atol=1e-12
    )


def test_wrong_shapes_and_too_few_are_refused() -> None:
    accumulator = MomentAccumulator()
    with pytest.raises(RequestError, match="found 0"):
        accumulator.result()
    accumulator.add(features(4, 3))
    with pytest.raises(RequestError, match=r"\[n, 3\].*\[2, 4\]"):
        accumulator.add(features(2, 4))
    with pytest.raises(RequestError, match=r"\[3\]"):
        accumulator.add(np.zeros(3))


def test_the_file_keeps_every_bit(tmp_path: Path) -> None:
    moments = moments_of(features(20, 6))
    save_moments(tmp_path / "sub" / "m.npz", moments)
    again = load_moments(tmp_path / "sub" / "m.npz")
    assert again.count == 20
    assert torch.equal(again.mean, moments.mean)
    assert torch.equal(again.covariance, moments.covariance)
    assert {p.name for p in (tmp_path / "sub").iterdir()} == {"m.npz", "m.npz.sha256"}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.npz"
    save_moments(path, moments_of(features(20, 6)))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(VidgenBenchError, match=r"m\.npz.*No space left"):
        save_moments(path, moments_of(features(30, 6)))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz"]


def test_nonsense_is_refused(tmp_path: Path) -> None:
    pickled, cut, absent, wrong = (tmp_path / n for n in ("pickled.npz", "cut.npz", "absent.npz", "wrong.npz"))
    pickled.write_bytes(pickle.dumps({"count": 3}))
    save_moments(cut, moments_of(features(20, 6)))
    cut.write_bytes(cut.read_bytes()[:200])
    with zipfile.ZipFile(tmp_path / "header.npz", "w") as file:
        file.writestr("count.npy", cut_header())
    with zipfile.ZipFile(tmp_path / "vast.npz", "w") as file:
        file.writestr("count.npy", header_alone((10**15,)))
    for path in (pickled, cut, absent, tmp_path / "header.npz", tmp_path / "vast.npz"):
        with pytest.raises(RecordError, match=rf"{path.name}(: expected moments| has changed since)"):
            load_moments(path)
    np.savez(wrong, count=5, mean=np.zeros(4), covariance=np.zeros((3, 3)))
    with pytest.raises(RecordError, match=r"covariance float64 \[3, 3\]"):
        load_moments(wrong)
    endless = tmp_path / "endless.npz"
    np.savez(endless, count=5, mean=np.zeros(3), covariance=np.full((3, 3), np.inf))
    with pytest.raises(RecordError, match=r"endless\.npz holds moments that are not finite"):
        load_moments(endless)
