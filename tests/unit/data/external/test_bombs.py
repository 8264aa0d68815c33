"""Small files that claim to be huge: refused before memory is taken; and files that get shorter while they are read."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from vidgen_bench.api import Clip
from vidgen_bench.data.external.fitting import check_shapes, fitted
from vidgen_bench.data.external.opening import open_source
from vidgen_bench.data.external.source import MOST_CLIPS
from vidgen_bench.errors import DataError, RequestError, VidgenBenchError
from vidgen_bench.system.npy_header import LONGEST, read_header

CLIP = Clip(4, 24, 2)
LIMIT = 128 * 2**20


@pytest.fixture(autouse=True)
def little_memory():
    """Fail if the test allocates more than ``LIMIT`` bytes in Python or numpy."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LIMIT


def header_of(shape: tuple[int, ...], dtype: str = "|u1") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def liar(path: Path, shape: tuple[int, ...], compression: int, name: str = "arr_0.npy") -> Path:
    """Write a zip of a few bytes whose member claims to hold an array of this shape."""
    head = header_of(shape)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(name, head + b"\0" * 99)
    content = bytearray(path.read_bytes())
    claimed = min(len(head) + int(np.prod([float(s) for s in shape])), 2**32 - 2)
    struct.pack_into("<I", content, content.rfind(b"PK\1\2") + 24, claimed)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("suffix", [".npz", ".zip"])
def test_a_member_that_claims_more_than_its_archive_can_hold(tmp_path: Path, suffix: str, compression: int) -> None:
    path = liar(tmp_path / f"liar{suffix}", (10**9, 1, 1, 1, 3), compression)
    with pytest.raises(DataError, match="cannot come from a file of this size"):
        open_source(path)


def test_names_and_shapes_of_many_clips_take_no_memory(tmp_path: Path) -> None:
    path = liar(tmp_path / "liar.npz", (10**9, 1, 1, 1, 3), zipfile.ZIP_LZMA)
    with pytest.raises(RequestError, match="claims 1,000,000,000 clips; at most 10,000,000 are read"):
        open_source(path)
    path = liar(tmp_path / "less.npz", (MOST_CLIPS, 1, 1, 1, 3), zipfile.ZIP_LZMA)
    source = open_source(path)
    assert source.names[MOST_CLIPS - 1] == "clip 9999999 of less.npz (arr_0)"
    with pytest.raises(RequestError, match=r"clip 0 of less\.npz"):
        fitted(source, CLIP)


def test_a_wrong_shape_is_refused_before_values_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "floats.npy", np.full((2, 4, 12, 12, 3), np.nan, np.float32))
    fits = partial(check_shapes, clip=CLIP, resize=False, trim=None)
    with pytest.raises(RequestError, match="expected 24 x 24"):
        open_source(tmp_path / "floats.npy", check=fits)


@pytest.mark.parametrize("claimed", [LONGEST + 1, 2**30, 2**32 - 1])
def test_a_header_that_claims_to_be_long_is_not_read(claimed: int) -> None:
    class Zeros(io.RawIOBase):
        def __init__(self) -> None:
            self.start = b"\x93NUMPY\x02\x00" + struct.pack("<I", claimed)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= LONGEST
            part, self.start = self.start[:size], self.start[size:]
            return part + b" " * (size - len(part))

    with pytest.raises(ValueError, match=f"it would take {claimed:,} bytes"):
        read_header(Zeros(), 2**40)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_true_headers_are_read_as_numpy_reads_them(version: tuple[int, int]) -> None:
    stream = io.BytesIO()
    made = np.arange(24, dtype=">f8").reshape(2, 3, 4)
    np.lib.format.write_array(stream, made, version=version)
    size = stream.seek(0, 2)
    stream.seek(0)
    header = read_header(stream, size)
    assert (header.shape, header.dtype, header.fortran) == ((2, 3, 4), made.dtype, False)
    assert stream.read() == made.tobytes()
    assert header.length == size - made.nbytes


def test_pictures_that_are_too_large_to_resize_are_refused(tmp_path: Path) -> None:
    for clip in ("a", "b"):
        (tmp_path / "clips" / clip).mkdir(parents=True)
        for frame in range(4):
            Image.new("1", (5000, 5000)).save(tmp_path / "clips" / clip / f"{frame}.png")
    source = open_source(tmp_path / "clips")
    with pytest.raises(RequestError, match=r"a has frames of 5000 x 5000; 4 of them are too large"):
        fitted(source, CLIP, resize=True)


@pytest.mark.parametrize("name", ["clips.npy", "clips.safetensors"])
def test_an_array_that_gets_shorter_is_an_error_and_no_crash(tmp_path: Path, name: str) -> None:
    path, array = tmp_path / name, np.zeros((8, 4, 24, 24, 3), np.uint8)
    np.save(path, array) if name.endswith("npy") else save_file({"clips": array}, path)
    clips = fitted(open_source(path), CLIP)
    with path.open("r+b") as file:
        file.truncate(20_000)
    with pytest.raises(VidgenBenchError, match=rf"{name} became shorter while it was read") as caught:
        list(clips.read(range(8)))
    assert caught.value.exit_code == 1


def test_fortran_order_is_read_or_refused_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = np.random.default_rng(0).integers(0, 256, (3, 4, 24, 24, 3), dtype=np.uint8)
    np.save(tmp_path / "c.npy", made)
    np.save(tmp_path / "f.npy", np.asfortranarray(made))
    one, other = open_source(tmp_path / "c.npy"), open_source(tmp_path / "f.npy")
    assert one.sha256 == other.sha256
    assert np.array_equal(other.read(2, 0, 4), made[2])
    monkeypatch.setattr("vidgen_bench.data.external.npy_file.CLIP_BYTES", 1000)
    with pytest.raises(DataError, match="ascontiguousarray"):
        open_source(tmp_path / "f.npy")
