"""Arrays in every container give the same clips, read lazily; damaged, ambiguous or dangerous files are refused."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from tests.kit.external_clips import CLIP, convention, npy_bytes, pixels, write_zip
from vidgen_bench.data.external.fitting import fitted
from vidgen_bench.data.external.npy_file import NpyBlock
from vidgen_bench.data.external.opening import open_source, source_of
from vidgen_bench.data.external.source import Source
from vidgen_bench.errors import DataError, RequestError, VidgenBenchError


def clips_of(source: Source, rows: int = 2) -> np.ndarray:
    return np.concatenate([part.numpy() for part in fitted(source, CLIP).read(range(source.count), rows=rows)])


def _npy(folder: Path, clips: np.ndarray) -> Path:
    np.save(folder / "c.npy", clips)
    return folder / "c.npy"


def _npz(folder: Path, clips: np.ndarray) -> Path:
    np.savez(folder / "c.npz", clips)
    return folder / "c.npz"


def _compressed(folder: Path, clips: np.ndarray) -> Path:
    np.savez_compressed(folder / "c.npz", samples=clips, labels=np.arange(3))
    return folder / "c.npz"


def _safetensors(folder: Path, clips: np.ndarray) -> Path:
    save_file({"videos": clips, "labels": np.arange(3)}, folder / "c.safetensors")
    return folder / "c.safetensors"


def _zip(folder: Path, clips: np.ndarray) -> Path:
    """One clip per member, the last two as a batch, names that sort badly as text, and hidden files of a file manager."""
    members = {
        "c/10.npy": npy_bytes(clips[1:]),
        "c/2.npy": npy_bytes(clips[0]),
        "__MACOSX/2.npy": b"",
        "c/.hidden": b"",
    }
    return write_zip(folder / "c.zip", members)


@pytest.mark.parametrize("write", [_npy, _npz, _compressed, _safetensors, _zip])
@pytest.mark.parametrize("axes", ["NTHWC", "NCTHW", "NTCHW"])
def test_every_container_and_layout_gives_the_same_clips(tmp_path: Path, write, axes: str) -> None:
    made = pixels()
    path = write(tmp_path, np.ascontiguousarray(made.transpose(["NTHWC".index(a) for a in axes])))
    source = open_source(path)
    assert (source.kind, source.count, source.layout) == (path.suffix[1:], 3, axes)
    assert np.array_equal(clips_of(source), convention(made))
    assert np.array_equal(clips_of(source), convention(made)), "a source can be read twice"
    assert np.array_equal(np.concatenate([p.numpy() for p in fitted(source, CLIP).read([2])]), convention(made[2:3]))


def test_an_npy_file_stays_on_the_disk(tmp_path: Path) -> None:
    source = open_source(_npy(tmp_path, pixels()))
    assert isinstance(source._blocks[0], NpyBlock)  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_signed_floats_are_taken_as_they_are(tmp_path: Path, dtype: str) -> None:
    made = convention(pixels())
    np.save(tmp_path / "c.npy", made.astype(dtype))  # p / 128 - 1 is exact in all of these
    source = open_source(tmp_path / "c.npy")
    assert source.value_range == "-1,1"
    assert np.array_equal(clips_of(source), made)


def test_tensors_in_memory_are_read_too() -> None:
    made = convention(pixels())
    assert np.array_equal(clips_of(source_of(torch.from_numpy(made))), made)
    half = torch.from_numpy(made).bfloat16()
    assert np.array_equal(clips_of(source_of(half)), half.float().numpy())


def test_bfloat16_tensors_are_read_from_a_file(tmp_path: Path) -> None:
    from safetensors.torch import save_file as save_tensors

    made = torch.from_numpy(convention(pixels())).contiguous().bfloat16()
    save_tensors({"x": made}, tmp_path / "c.safetensors")
    source = open_source(tmp_path / "c.safetensors")
    assert source.value_range == "-1,1"
    assert np.array_equal(clips_of(source), made.float().numpy())


@pytest.mark.parametrize(("value_range", "scale"), [("0,1", 255.0), ("0,255", 1.0)])
def test_other_ranges_are_scaled_when_they_are_named(value_range: str, scale: float) -> None:
    made = pixels()
    floats = (made / scale).astype(np.float64)
    with pytest.raises(RequestError, match=r"[Pp]ass --range"):
        source_of(floats)
    given = clips_of(source_of(floats, value_range=value_range))
    assert np.abs(given - convention(made)).max() < 1e-5


@pytest.mark.parametrize(
    ("low", "high", "given", "message"),
    [
        (0.0, 1.0, None, "between 0 and 1, which may be a range of 0 to 1 or a part of -1 to 1"),
        (-0.04, 1.0, None, "Pass --range 0,1 or --range=-1,1"),
        (0.0, 255.0, None, "If they are pixel values, pass --range 0,255"),
        (-0.5, 0.5, None, "such as -0.5 to 0.5, or have a mean subtracted. Pass --range=-1,1 if"),
        (-0.95, 0.05, None, "Pass --range=-1,1 if"),
        (-1.3, 1.2, None, "between -1.3 and 1.2; expected uint8, or floats"),
        (0.0, 300.0, None, "between 0 and 300; expected"),
        (-1.0, 1.01, "-1,1", "clip 2 of the array contains the value 1.01, outside the range -1,1"),
        (-0.5, 1.0, "0,1", "contains the value -0.5, outside the range 0,1"),
        (0.0, 256.0, "0,255", "contains the value 256"),
    ],
)
def test_ambiguous_and_wrong_ranges_are_refused(low: float, high: float, given: str | None, message: str) -> None:
    floats = np.full((3, 3, 6, 24, 24), max(low, 0.0))
    floats[1, 0, 0, 0, 0], floats[2, 1, 3, 5, 7] = low, high
    with pytest.raises(RequestError, match=message):
        source_of(floats, value_range=given)


def test_rounding_beyond_the_range_is_cut_off() -> None:
    floats = np.full((1, 3, 6, 24, 24), -1 - 5e-6, np.float32)
    floats[0, 0, 0, 0, 0] = 1 + 5e-6
    assert float(clips_of(source_of(floats)).min()) == -1.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    floats = np.zeros((3, 3, 6, 24, 24), np.float32)
    floats[1, 0, 0, 0, 0] = value
    with pytest.raises(DataError, match=f"clip 1 of the array contains the value {value}"):
        source_of(floats)


@pytest.mark.parametrize(
    ("shape", "layout", "message"),
    [
        ((3, 6, 24, 24, 4), None, "no possible channel axis"),
        ((6, 24, 24, 1), None, "no possible channel axis"),
        ((2, 3, 3, 24, 24), None, "may be NCTHW or NTCHW. Pass --layout"),
        ((2, 3, 6, 24, 3), None, "may be NTHWC or NCTHW. Pass --layout"),
        ((2, 3, 6, 24, 24), "NTHWC", "as NTHWC it would have 24 channels"),
        ((24, 24, 3), None, "expected five axes"),
        ((0, 3, 6, 24, 24), None, "contains no clips"),
        ((2, 3, 0, 24, 24), None, "its clips are empty"),
        ((2, 3, 6, 24, 24), "NHWC", "layout 'NHWC' is unknown. Did you mean 'NTHWC'"),
    ],
)
def test_shapes_that_do_not_fit_clips_are_refused(shape: tuple[int, ...], layout: str | None, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        source_of(np.zeros(shape, np.uint8), layout=layout)


def test_a_given_layout_resolves_an_ambiguous_shape() -> None:
    made = pixels(2, frames=3)
    source = source_of(made.transpose(0, 4, 1, 2, 3), layout="ncthw")
    assert np.array_equal(source.read(1, 0, 3), made[1])
    assert [shape.frames for shape in source.shapes] == [3, 3]


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex64", "uint16"])
def test_other_types_are_refused(dtype: str) -> None:
    with pytest.raises(RequestError, match=f"has type {dtype}; expected uint8"):
        source_of(np.zeros((1, 3, 6, 24, 24), dtype))


def test_a_range_for_uint8_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(RequestError, match="uint8 with values 0 to 255; --range 0,1 is only for floats"):
        source_of(pixels(), value_range="0,1")
    with pytest.raises(RequestError, match=r"range '0-1' is unknown\. Did you mean"):
        source_of(pixels(), value_range="0-1")


def test_the_hash_is_of_the_values_and_how_they_are_understood(tmp_path: Path) -> None:
    made = pixels()
    one = open_source(_npy(tmp_path, made)).sha256
    assert one == source_of(made).sha256
    assert one == open_source(_npz(tmp_path, made)).sha256
    assert one != source_of(made[::-1]).sha256
    floats = (made / 255).astype(np.float32)
    assert source_of(floats, value_range="0,1").sha256 != source_of(floats, value_range="0,255").sha256


class Trap:
    """Unpickling it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["c.npy", "c.npz", "c.zip", "c.pkl"])
def test_nothing_is_ever_unpickled(tmp_path: Path, name: str) -> None:
    trap, trace = np.empty(1, object), tmp_path / "sprung"
    trap[0] = Trap(trace)
    content = npy_bytes(trap)
    assert not trace.exists()
    if name in ("c.npz", "c.zip"):
        write_zip(tmp_path / name, {"arr_0.npy": content})
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RequestError, match=r"Python objects|is a pickle"):
        open_source(tmp_path / name)
    assert not trace.exists()


def test_a_zip_whose_member_is_not_what_its_shape_asks_for_is_refused(tmp_path: Path) -> None:
    content = npy_bytes(pixels())
    bomb = content.replace(b"(3, 6, 24, 24, 3)", b"(9, 6, 24, 24, 3)")
    write_zip(tmp_path / "a.zip", {"a.npy": bomb})
    with pytest.raises(DataError, match="needs 93,440 bytes, the file has 31,232"):
        open_source(tmp_path / "a.zip")
    write_zip(tmp_path / "b.zip", {"b.npy": content + bytes(1000)})
    with pytest.raises(DataError, match="needs 31,232 bytes, the file has 32,232"):
        open_source(tmp_path / "b.zip")


def test_a_clip_of_any_size_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|u1", "fortran_order": False, "shape": (1, 3, 16, 10**5, 10**5)}
    )
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match=r"a\.npy: cannot be read as an array"):
        open_source(tmp_path / "a.npy")
    with pytest.raises(RequestError, match="a clip of 16 x 100000 x 100000 is too large"):
        source_of(np.broadcast_to(np.uint8(0), (1, 3, 16, 10**5, 10**5)))


@pytest.mark.parametrize("name", ["c.npy", "c.npz", "c.zip"])
@pytest.mark.parametrize("shape", [b"(4096, ", b"(1000000000000000,)}", b"(-1, 3)}"])
def test_a_header_that_is_cut_or_lies_is_refused(tmp_path: Path, name: str, shape: bytes) -> None:
    text = (b"{'descr': '|u1', 'fortran_order': False, 'shape': " + shape).ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    if name == "c.npy":
        (tmp_path / name).write_bytes(content)
    else:
        write_zip(tmp_path / name, {"arr_0.npy": content})
    with pytest.raises(DataError, match="cannot be read as an array"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("write", [_npy, _npz, _compressed, _safetensors, _zip])
@pytest.mark.parametrize("keep", [0, 11, 200, -300])
def test_truncated_files_are_named(tmp_path: Path, write, keep: int) -> None:
    path = write(tmp_path, pixels())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=path.name):
        clips_of(open_source(path))


def test_a_flipped_bit_in_a_zip_is_reported(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "c.zip", {"a.npy": npy_bytes(pixels())}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[20_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npy cannot be read as an array \(Bad CRC-32"):
        clips_of(open_source(path))


def test_files_that_hold_something_else_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=pixels(), b=pixels())
    with pytest.raises(RequestError, match="contains the arrays a, b, and it is not clear which has the clips"):
        open_source(tmp_path / "two.npz")
    write_zip(tmp_path / "c.zip", {"a.npy": npy_bytes(pixels()), "b.gif": b""})
    with pytest.raises(RequestError, match=r"contains b\.gif; expected \.npy arrays"):
        open_source(tmp_path / "c.zip")
    write_zip(tmp_path / "d.zip", {})
    with pytest.raises(RequestError, match=r"contains no \.npy array"):
        open_source(tmp_path / "d.zip")
    write_zip(tmp_path / "e.zip", {"a.npy": npy_bytes(pixels()), "b.npy": npy_bytes(convention(pixels()))})
    with pytest.raises(RequestError, match="expected the same type"):
        open_source(tmp_path / "e.zip")
    with pytest.raises(RequestError, match="There is no file or folder"):
        open_source(tmp_path / "nowhere.npy")
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(RequestError, match=r"a\.mp4 is a single file; expected the folder"):
        open_source(tmp_path / "a.mp4")
    (tmp_path / "a.tar").write_bytes(b"")
    with pytest.raises(RequestError, match=r"a\.tar: the format \.tar is not supported"):
        open_source(tmp_path / "a.tar")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a separate cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("write", [_npy, _npz, _compressed, _safetensors, _zip])
def test_clips_are_read_in_any_order(tmp_path: Path, cache: Path, write) -> None:
    made = pixels()
    source = open_source(write(tmp_path, made))
    for order in ([2, 0, 1], [1, 1, 0, 2], [0, 1, 2]):
        some = np.concatenate([part.numpy() for part in fitted(source, CLIP).read(order)])
        assert np.array_equal(some, convention(made[order]))
    assert not [p for p in cache.rglob("*") if p.is_file()], "what was unpacked has no name"


def test_an_archive_is_decompressed_once_however_its_clips_are_read(tmp_path: Path, cache: Path, monkeypatch) -> None:
    made = pixels(64)
    source = open_source(_compressed(tmp_path, made))
    read, decompressed = zipfile.ZipExtFile.read, 0

    def counted(self: zipfile.ZipExtFile, size: int = -1) -> bytes:
        nonlocal decompressed
        data = read(self, size)
        decompressed += len(data)
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    clips = fitted(source, CLIP)
    for _ in range(3):  # several measures
        got = np.concatenate([part.numpy() for part in clips.read(clips.order)])
        assert np.array_equal(got, convention(made[list(clips.order)]))
    assert source.sha256 == source_of(made).sha256
    assert decompressed < 2 * made.nbytes


def test_many_members_share_one_temporary_file(tmp_path: Path, cache: Path, monkeypatch) -> None:
    made, opened, open_one = pixels(80), [], tempfile.TemporaryFile

    def counted(*arguments: Any, **named: Any) -> Any:
        opened.append(open_one(*arguments, **named))
        return opened[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    path = write_zip(tmp_path / "c.zip", {f"{i}.npy": npy_bytes(made[2 * i : 2 * i + 2]) for i in range(40)})
    clips = fitted(open_source(path), CLIP)
    got = np.concatenate([part.numpy() for part in clips.read(clips.order)])
    assert np.array_equal(got, convention(made[list(clips.order)]))
    assert len(opened) == 1


def test_a_disk_without_room_for_an_archive_is_named(tmp_path: Path, cache: Path) -> None:
    cache.write_bytes(b"a file in the way")
    source = open_source(_compressed(tmp_path, pixels()))
    with pytest.raises(VidgenBenchError, match=r"cache.* could not be written"):
        list(fitted(source, CLIP).read([2, 1, 0]))


def test_masked_arrays_are_refused() -> None:
    masked = np.ma.masked_array(pixels(), mask=pixels() > 250)
    with pytest.raises(RequestError, match="The array is masked; masked pixels have no colour"):
        source_of(masked)
    assert source_of(masked.filled(0)).count == 3


@pytest.mark.parametrize("dtype", [object, np.dtype([("r", "u1"), ("g", "u1")]), "U3", "datetime64[s]"])
def test_arrays_that_do_not_contain_numbers_are_refused(dtype: object) -> None:
    with pytest.raises(RequestError, match="expected uint8, float16"):
        source_of(np.zeros((1, 3, 6, 24, 24), dtype))


_SHAPE = (1, 3, 6, 24, 24)


@pytest.mark.filterwarnings("ignore")  # torch's deprecation warnings
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.zeros(_SHAPE, device="meta"), "on the meta device, so it has no values"),
        (lambda: torch.zeros(_SHAPE).to_sparse(), "is torch.sparse_coo; expected a dense one"),
        (lambda: torch.quantize_per_tensor(torch.zeros(_SHAPE), 1.0, 0, torch.quint8), "quantised; .*dequantize"),
        (
            lambda: torch.nested.nested_tensor([torch.zeros(3, 6, 24, 24), torch.zeros(3, 7, 24, 24)]),
            r"nested; .*torch\.stack",
        ),
        (lambda: torch.zeros(_SHAPE, dtype=torch.complex64), "has type complex64; expected uint8"),
        (lambda: torch.zeros(_SHAPE, dtype=torch.float8_e4m3fn), "has type float8_e4m3fn; expected uint8"),
        (lambda: torch.zeros(_SHAPE, dtype=torch.int64), "has type int64; expected uint8"),
    ],
)
def test_tensors_that_are_not_dense_are_refused(make, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        source_of(make())


def test_a_negated_view_and_a_leaf_with_a_gradient_are_read() -> None:
    made = torch.from_numpy(convention(pixels()))
    assert np.array_equal(clips_of(source_of(made.clone().requires_grad_())), made.numpy())
    view = torch.complex(torch.zeros_like(made), -made).conj().imag
    assert view.is_neg()
    assert np.array_equal(clips_of(source_of(view)), made.numpy())
