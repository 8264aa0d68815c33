"""Importing C3D weights and a mean: values are copied, both hashes kept, and other files refused with the likely cause."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.kit import caffe_files as wire
from tests.kit.caffe_files import write_caffe_files
from tests.kit.chainer_files import SMALL, chainer_arrays, mean_cube, write_chainer_files
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE
from vidgen_bench.measure.instruments.c3d.weights import read_instrument


def test_values_are_copied_and_both_hashes_kept(tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    target = tmp_path / "out" / "c3d-ucf101.safetensors"
    done = import_c3d(weights, mean, target)
    file = read_instrument(target)
    assert file.card.sizes == SMALL
    assert done.lines[:2] == (
        f"c3d-ucf101: C3D of width {SMALL.width}, {SMALL.classes} classes, from chainer's npz, {target}",
        f"sha256 {file.sha256}",
    )
    assert done.warning == ""
    assert file.card.sources == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (weights, mean)}
    theirs = chainer_arrays()
    for name, tensor in file.weights.items():
        layer, part = name.split(".")
        np.testing.assert_array_equal(tensor.numpy(), theirs[f"{layer}/{'W' if part == 'weight' else 'b'}"])
    np.testing.assert_array_equal(file.mean.numpy(), mean_cube().astype(np.float32))
    assert torch.isfinite(file.build("tgan")(torch.zeros(1, 3, 16, 24, 24))["prob"]).all()


def test_names_of_files_do_not_matter(tmp_path: Path) -> None:
    """Two formats of weights and three of means, all under misleading names, give six instruments with the same tensors."""
    npz, cube = write_chainer_files(tmp_path)
    model, proto = write_caffe_files(tmp_path)
    np.save(tmp_path / "cube.npy", mean_cube()[None])
    found = []
    for k, (weights, mean) in enumerate((w, m) for w in (npz, model) for m in (cube, proto, tmp_path / "cube.npy")):
        here = tmp_path / str(k)
        here.mkdir()
        (here / "a.bin").write_bytes(weights.read_bytes())
        (here / "b.npz").write_bytes(mean.read_bytes())
        import_c3d(here / "a.bin", here / "b.npz", here / "i.safetensors")
        found.append(read_instrument(here / "i.safetensors"))
    for file in found[1:]:
        assert torch.equal(file.mean, found[0].mean)
        assert all(torch.equal(tensor, found[0].weights[name]) for name, tensor in file.weights.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv3b/W": np.ones((4, 4, 3, 3))}, r"'conv3b/W' of shape \[4, 4, 3, 3, 3\].*found \[4, 4, 3, 3\]\.$"),
        ({"conv2a/W": np.ones((3, 3, 3, 1, 2))}, r"found \[3, 3, 3, 1, 2\]\. Its axes are in another order"),
        ({"fc6/W": np.ones((128, 4))}, r"found \[128, 4\]\. It is transposed"),
        ({"fc8/W": np.ones((4, 3))}, r"expected 'fc8/W' of shape \[3, 4\].*It is transposed"),
        ({"fc8/W": np.zeros((3, 4))}, r"'fc8/W' is all zeros"),
        ({"fc7/b": None}, r"expected an array 'fc7/b'"),
        ({"fc6/b": None}, r"'fc6/b' is missing"),
        ({"conv1a/W": None}, r"'conv1a/W' is missing"),
        ({"conv1a/b": np.zeros((1, 1))}, r"'conv1a/b' of one axis; found shape \[1, 1\]"),
        ({"fc8/b": np.zeros(1)}, "found 1, 4 and 1"),
        ({"conv1a/b": np.zeros(0)}, "found 0, 4 and 3"),
        ({"pre/W": np.ones(3)}, r"'pre/W' is not part of C3D"),
        ({"fc6/b": np.zeros(4, np.int64)}, r"'fc6/b' in floating point; found int64"),
        ({"fc6/b": np.array([1.0, np.nan, 0.0, 0.0])}, r"'fc6/b' holds values that are not finite"),
        ({"fc7/W": np.full((4, 4), np.inf)}, r"'fc7/W' holds values that are not finite"),
        ({"fc8/b": np.array([{"run": "me"}, 2, 3], object)}, r"'fc8/b' holds Python objects \(a pickle\).*refused"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    weights, mean = write_chainer_files(tmp_path)
    np.savez(weights, **{n: a for n, a in (chainer_arrays() | change).items() if a is not None})
    with pytest.raises(RecordError, match=message):
        import_c3d(weights, mean, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def cube(**changes: float) -> np.ndarray:
    """Return a mean cube with the value at [0, 0, 0, 0] changed."""
    mean = mean_cube()
    mean[0, 0, 0, 0] = changes.get("at", mean[0, 0, 0, 0])
    return mean


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"average": np.zeros(3)}, "the array 'mean' is missing; found average"),
        ({"mean": np.zeros((3, 16, 112, 112))}, r"the mean has shape \[3, 16, 112, 112\]\. Expected"),
        ({"mean": mean_cube().transpose(2, 3, 0, 1)}, r"shape \[128, 171, 3, 16\]\. Its axes are in another order"),
        ({"mean": mean_cube().reshape(1, 48, 128, 171)}, r"shape \[1, 48, 128, 171\]"),
        ({"mean": mean_cube().ravel()}, r"shape \[1050624\]"),
        ({"mean": mean_cube() * 3}, "the mean in pixel values, 0 to 255"),
        ({"mean": mean_cube() / 255}, r"It was scaled to 0\.\.1: multiply it by 255"),
        ({"mean": mean_cube() - 128}, "the mean in pixel values, 0 to 255; found -48 to"),
        ({"mean": np.zeros(CUBE)}, "the mean is 0 everywhere"),
        ({"mean": np.full(CUBE, 128.0)}, "the mean is 128 everywhere"),
        ({"mean": cube(at=np.nan)}, "the mean holds values that are not finite"),
        ({"mean": cube(at=np.inf)}, "the mean holds values that are not finite"),
    ],
)
def test_another_mean_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    weights, mean = write_chainer_files(tmp_path)
    np.savez(mean, **arrays)
    with pytest.raises(RecordError, match=message):
        import_c3d(weights, mean, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_a_mean_in_rgb_order_is_doubted_and_taken(tmp_path: Path, shared: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    with np.load(shared / "data" / "c3d" / "ucf101_mean_3x16x128x171.npz") as file:
        published = file["mean"]
    np.savez(mean, mean=published)
    assert import_c3d(weights, mean, tmp_path / "a.safetensors").warning == ""
    np.savez(mean, mean=published[::-1])
    done = import_c3d(weights, mean, tmp_path / "b.safetensors")
    assert "looks like RGB: its channel means fall (101.4, 97.7, 90.3)" in done.warning
    np.testing.assert_array_equal(
        read_instrument(tmp_path / "b.safetensors").mean.numpy(), published[::-1].astype(np.float32)
    )


def test_foreign_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    weights, mean = write_chainer_files(tmp_path)
    model, proto = write_caffe_files(tmp_path)
    target = tmp_path / "out.safetensors"
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        import_c3d(tmp_path / "absent.npz", mean, target)
    with pytest.raises(RecordError, match="is a folder; expected a regular file"):
        import_c3d(tmp_path, mean, target)
    np.save(tmp_path / "one.npy", np.zeros(3))
    torch.save({"a": torch.zeros(2)}, tmp_path / "net.pt")
    foreign = {
        (tmp_path / "one.npy").read_bytes(): r"found a single array \(\.npy\)",
        (tmp_path / "net.pt").read_bytes(): "found a PyTorch file, whose pickle is never opened",
        b"\x80\x04}.": "found a pickle",
        b"\x89HDF\r\n\x1a\n": "found an HDF5 file",
        b'name: "DeepConv3DNet"\nlayers {': r"found text \(a \.prototxt describes",
        b"\xff\xfe\0\1": "found something else",
        b"": "found something else",
        proto.read_bytes(): "one of Caffe's arrays .*--mean",
        weights.read_bytes()[:3000]: r"is damaged.*conv3d_deepnetA_ucf\.npz",
    }
    for content, message in foreign.items():
        weights.write_bytes(content)
        with pytest.raises(RecordError, match=message):
            import_c3d(weights, mean, target)
    with pytest.raises(RecordError, match="found Caffe's model, which holds the weights"):
        import_c3d(model, model, target)
    proto.write_bytes(wire.stock_blob(mean_cube()))
    with pytest.raises(RecordError, match="stock Caffe"):
        import_c3d(model, proto, target)
    proto.write_bytes(wire.number(1, 1) + wire.stock_blob(mean_cube()))
    with pytest.raises(RecordError, match="stock Caffe"):
        import_c3d(model, proto, target)
    assert not target.exists()
