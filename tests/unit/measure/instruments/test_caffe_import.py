"""Caffe's model and mean: values are copied exactly, and other files are refused with the cause."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.kit import caffe_files as wire
from tests.kit.caffe_files import write_caffe_files
from tests.kit.chainer_files import SMALL, chainer_arrays, mean_cube
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.caffe_blob import read_blob
from vidgen_bench.measure.instruments.c3d.importing.caffe_import import read_caffe, read_caffe_mean
from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d
from vidgen_bench.measure.instruments.c3d.network import Layout
from vidgen_bench.measure.instruments.c3d.weights import read_instrument


@pytest.mark.parametrize(("packed", "suffix"), [(True, ""), (False, ""), (True, "-1")])
def test_values_are_copied(tmp_path: Path, packed: bool, suffix: str) -> None:
    path, theirs = tmp_path / "model", chainer_arrays()
    path.write_bytes(wire.network(theirs, packed, suffix))
    arrays = read_caffe(path)
    assert list(arrays) == list(theirs)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, theirs[name])


def test_a_model_becomes_an_instrument(tmp_path: Path) -> None:
    model, mean = write_caffe_files(tmp_path)
    done = import_c3d(model, mean, tmp_path / "i.safetensors")
    file = read_instrument(tmp_path / "i.safetensors")
    assert "from Caffe's model" in done.lines[0]
    assert done.lines[1] == f"sha256 {file.sha256}"
    assert file.card.sizes == SMALL
    assert file.card.note == "imported from Caffe's model"
    theirs = chainer_arrays()
    for name, tensor in file.weights.items():
        layer, part = name.split(".")
        np.testing.assert_array_equal(tensor.numpy(), theirs[f"{layer}/{'W' if part == 'weight' else 'b'}"])
    np.testing.assert_array_equal(file.mean.numpy(), mean_cube().astype(np.float32))


def test_the_published_mean_survives_a_binaryproto(tmp_path: Path, shared: Path) -> None:
    with np.load(shared / "data" / "c3d" / "ucf101_mean_3x16x128x171.npz") as file:
        cube = file["mean"]
    (tmp_path / "mean").write_bytes(wire.blob(cube))
    np.testing.assert_array_equal(read_caffe_mean(tmp_path / "mean")[0], cube.astype(np.float32))


def test_a_large_file_is_mapped_and_not_unrolled(tmp_path: Path) -> None:
    """One layer of 16 million values, packed: read without a copy."""
    path = tmp_path / "model"
    weights = np.arange(16_000_000, dtype=np.float32).reshape(4000, 4000)
    path.write_bytes(wire.text(2, wire.layer("fc7", 14, wire.blob(weights), wire.blob(np.zeros(4000, np.float32)))))
    tracemalloc.start()
    try:
        arrays = read_caffe(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000  # bytes; the file has 64 million
    finally:
        tracemalloc.stop()
    assert arrays["fc7/W"][-1, -1] == 15_999_999


def test_a_layers_blobs_of_another_caffe_are_named_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(wire.text(2, wire.layer("conv1a", 4, wire.stock_blob(np.ones((2, 3, 3, 3, 3))))))
    with pytest.raises(RecordError, match=r"weight of layer 'conv1a': its field 5 holds data, as in stock Caffe's"):
        read_caffe(path)
    path.write_bytes(wire.network(chainer_arrays(), layers=100))
    with pytest.raises(RecordError, match=r"its layers are in field 100, as stock Caffe and C3D-v1\.1 write them"):
        read_caffe(path)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (wire.text(1, b"a net") + wire.text(2, wire.layer("pool", 17)), "found no layer with weights"),
        (
            wire.network(chainer_arrays()) + wire.text(2, wire.layer("fc8", 14, wire.blob(np.ones(3)))),
            "'fc8' occurs twice",
        ),
        (wire.text(2, wire.layer("fc8", 14, *[wire.blob(np.ones(3))] * 3)), "'fc8' has 3 blobs"),
        (wire.network(chainer_arrays())[:-7], "cut off"),
        (wire.network(chainer_arrays())[:-3000], "cut off"),
    ],
)
def test_other_models_are_refused(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(RecordError, match=error):
        read_caffe(tmp_path / "model")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (wire.blob(np.ones((2, 3)))[:-4], "cut off"),
        (wire.number(5, 3) + wire.text(6, b"\0" * 8), r"are \[0, 0, 0, 0, 3\], so expected 0 values; found 2"),
        (b"".join(wire.number(k, 2**31) for k in range(1, 6)) + wire.text(6, b"\0" * 8), "found 2"),
        (wire.number(1, 2**64 - 1) + wire.text(6, b"\0" * 4), "found 1"),
        (b"".join(wire.number(k, 1) for k in range(1, 6)) + wire.text(6, b"\0" * 5), "not an array of 4-byte floats"),
        (b"".join(wire.number(k, 1) for k in range(1, 6)) + wire.number(6, 1), "not an array of 4-byte floats"),
        (wire.number(1, 1), "found 0"),
        (wire.number(12, 1), "field 12 .* is not in C3D-v1.0's BlobProto"),
        (wire.text(8, b"\0" * 8), "stock Caffe"),
    ],
)
def test_other_blobs_are_refused(message: bytes, error: str) -> None:
    with pytest.raises(RecordError, match=error):
        read_blob(memoryview(message), "x")


def test_data_in_several_pieces_and_a_diff_are_read() -> None:
    array = np.arange(6, dtype="<f4")
    head = b"".join(wire.number(k, n) for k, n in enumerate((1, 1, 1, 2, 3), start=1))
    pieces = wire.text(6, array[:2].tobytes()) + wire.unpacked(6, array[2:5].tolist()) + wire.text(7, b"\0" * 24)
    found = read_blob(memoryview(head + pieces + wire.text(6, array[5:].tobytes())), "x")
    np.testing.assert_array_equal(found.reshape(-1), array)


def test_the_names_of_the_full_network(tmp_path: Path) -> None:
    """Every layer name of the published model, at another width, hidden width and number of classes."""
    layout = Layout(width=2, hidden=8, classes=101)
    model, mean = write_caffe_files(tmp_path, layout)
    import_c3d(model, mean, tmp_path / "i.safetensors")
    assert read_instrument(tmp_path / "i.safetensors").card.sizes == layout
