"""Importing chainer's npz: values are copied, both hashes kept, and anything else is refused by name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.unit.instruments.chainer_files import SMALL, chainer_arrays, mean_cube, write_chainer_files
from vidgen_bench.errors import RecordError
from vidgen_bench.instruments.c3d.chainer_import import import_chainer
from vidgen_bench.instruments.c3d.weights import read_instrument


def test_values_are_copied_and_both_hashes_kept(tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    target = tmp_path / "out" / "c3d-ucf101.safetensors"
    card = import_chainer(weights, mean, target)
    file = read_instrument(target)
    assert file.card == card
    assert card.sizes == SMALL
    assert card.sources == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (weights, mean)}
    theirs = chainer_arrays()
    for name, tensor in file.weights.items():
        layer, part = name.split(".")
        np.testing.assert_array_equal(tensor.numpy(), theirs[f"{layer}/{'W' if part == 'weight' else 'b'}"])
    np.testing.assert_array_equal(file.mean.numpy(), mean_cube().astype(np.float32))
    assert torch.isfinite(file.build()(torch.zeros(1, 3, 16, 24, 24))["prob"]).all()


def test_a_reshaped_mean_is_the_same(tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    import_chainer(weights, mean, tmp_path / "a.safetensors")
    np.savez(mean, mean=mean_cube().reshape(1, 48, 128, 171))
    import_chainer(weights, mean, tmp_path / "b.safetensors")
    a, b = (read_instrument(tmp_path / f"{n}.safetensors") for n in "ab")
    assert torch.equal(a.mean, b.mean)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"conv3b/W": np.zeros((4, 4, 3, 3), np.float32)},
            r"'conv3b/W' of shape \[4, 4, 3, 3, 3\].*found \[4, 4, 3, 3\]",
        ),
        ({"fc7/b": None}, r"'fc7/b' is missing"),
        ({"conv1a/W": None}, r"expected an array 'conv1a/W'"),
        ({"pre/W": np.zeros(3, np.float32)}, r"'pre/W' is no part of C3D"),
        ({"fc6/b": np.zeros(4, np.int64)}, r"'fc6/b' in floating point; found int64"),
        ({"fc6/b": np.array([1.0, np.nan, 0.0, 0.0], np.float32)}, r"'fc6.bias' holds values that are not finite"),
        ({"fc8/b": np.array([{"run": "me"}, 2, 3], object)}, r"'fc8/b' holds Python objects \(a pickle\).*refused"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    weights, mean = write_chainer_files(tmp_path)
    np.savez(weights, **{n: a for n, a in (chainer_arrays() | change).items() if a is not None})
    with pytest.raises(RecordError, match=message):
        import_chainer(weights, mean, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"average": np.zeros(3)}, "the array 'mean' is missing; found average"),
        ({"mean": np.zeros((3, 16, 112, 112))}, r"'mean' has shape \[3, 16, 112, 112\]"),
        ({"mean": np.full((3, 16, 128, 171), 300.0)}, "'mean' in pixel values"),
    ],
)
def test_another_mean_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    weights, mean = write_chainer_files(tmp_path)
    np.savez(mean, **arrays)
    with pytest.raises(RecordError, match=message):
        import_chainer(weights, mean, tmp_path / "out.safetensors")


def test_files_that_are_no_npz_are_refused(tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    target = tmp_path / "out.safetensors"
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        import_chainer(tmp_path / "absent.npz", mean, target)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(RecordError, match=r"found a single array \(.npy\)"):
        import_chainer(tmp_path / "one.npy", mean, target)
    torch.save({"a": torch.zeros(2)}, tmp_path / "net.pt")
    for content in ((tmp_path / "net.pt").read_bytes(), b"not an archive", weights.read_bytes()[:3000]):
        weights.write_bytes(content)
        with pytest.raises(RecordError, match=r"conv3d_deepnetA_ucf\.npz"):
            import_chainer(weights, mean, target)
    assert not target.exists()
