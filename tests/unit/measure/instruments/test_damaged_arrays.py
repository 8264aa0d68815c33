"""C3D files with false headers are refused by the header, before memory is allocated for the promised array."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.kit.chainer_files import (
    SMALL,
    chainer_arrays,
    cut_header,
    header_alone,
    mean_cube,
    write_chainer_files,
    write_zeros,
)
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.chainer_import import read_npz
from vidgen_bench.measure.instruments.c3d.importing.layout_check import tensors_of
from vidgen_bench.measure.instruments.c3d.importing.mean_import import read_mean
from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE

LYING = {
    "cut": cut_header(),
    "10^15 values": header_alone((*CUBE[:3], 1_710_000_000_000), "<f8"),
    "no values": header_alone(CUBE),
    "negative": header_alone((-3, 16)),
    "more than 2^63": header_alone((2**62, 2**62)),
}


@pytest.mark.parametrize("content", LYING.values(), ids=LYING)
def test_a_false_header_is_refused(tmp_path: Path, content: bytes) -> None:
    weights, mean = write_chainer_files(tmp_path)
    (tmp_path / "alone.npy").write_bytes(content)
    with pytest.raises(RecordError, match=r"alone\.npy cannot be read as an array: .*Expected a mean cube"):
        import_c3d(weights, tmp_path / "alone.npy", tmp_path / "out")
    for name, place in (("mean", mean), ("conv1a/b", weights)):
        with zipfile.ZipFile(tmp_path / "in.npz", "w") as archive:
            archive.writestr(f"{name}.npy", content)
        pair = (weights, tmp_path / "in.npz") if place is mean else (tmp_path / "in.npz", mean)
        with pytest.raises(RecordError, match=r"in\.npz is damaged, or not an npz file"):
            import_c3d(*pair, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("member", ["mean", "conv1a/W", "fc7/b", "other"])
def test_a_large_archive_is_refused_before_it_is_inflated(tmp_path: Path, member: str) -> None:
    path = write_zeros(tmp_path / "a.npz", member, (16, 1024, 1024))
    assert path.stat().st_size < 2**17
    tracemalloc.start()
    with pytest.raises(RecordError):
        read_mean(path)
    with pytest.raises(RecordError):
        read_npz(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_only_the_mean_is_read_of_several_arrays(tmp_path: Path) -> None:
    path = write_zeros(tmp_path / "a.npz", "other", (16, 1024, 1024))
    with zipfile.ZipFile(path, "a") as archive, archive.open("mean.npy", "w") as stream:
        np.lib.format.write_array(stream, mean_cube())
    tracemalloc.start()
    assert read_mean(path).shape == CUBE
    assert tracemalloc.get_traced_memory()[1] < 2**26 - 2**22
    tracemalloc.stop()


def test_a_member_that_is_not_an_array_and_a_flipped_bit_are_refused(tmp_path: Path) -> None:
    weights, _ = write_chainer_files(tmp_path)
    content = bytearray(weights.read_bytes())
    content[content.index(b"fc6/W.npy") + 400] ^= 1
    weights.write_bytes(content)
    with pytest.raises(RecordError, match="is damaged"):
        read_npz(weights)
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(RecordError, match=r"its member 'a\.txt' is not an array"):
        read_npz(weights)


def test_long_lists_of_arrays_are_cut(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{f"layer{k:02d}": np.zeros(1) for k in range(40)})
    listed = r"found layer00, layer01, layer02, layer03, layer04, layer05 and 34 more\. Expected"
    with pytest.raises(RecordError, match=rf"expected an array 'conv1a/b'; {listed}"):
        read_npz(tmp_path / "a.npz")
    with pytest.raises(RecordError, match=rf"the array 'mean' is missing; {listed}"):
        read_mean(tmp_path / "a.npz")


@pytest.mark.parametrize("layer", ["conv1a", "conv3b", "fc6", "fc8"])
def test_swapped_parts_are_named_as_the_cause(layer: str) -> None:
    arrays = chainer_arrays(SMALL)
    arrays[f"{layer}/W"], arrays[f"{layer}/b"] = arrays[f"{layer}/b"], arrays[f"{layer}/W"]
    with pytest.raises(RecordError, match=rf"'{layer}/W' and '{layer}/b' are swapped"):
        tensors_of(Path("a.npz"), arrays, "C3D")
