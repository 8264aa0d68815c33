"""Files that end too early are refused by name; complete ones are not."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.kit.data_files import decode, moving_frames, write_video, write_with
from tests.kit.video_variants import VARIANTS
from vidgen_bench.data.decoding.truncation import truncation
from vidgen_bench.errors import DataError


def write(path: Path, **options: str) -> bytes:
    """Write a video of 12 frames by its suffix and return its bytes."""
    write_with(path, moving_frames(12, seed=1), "mpeg4", **options)
    return path.read_bytes()


KINDS = [("a.avi", {}), ("a.mp4", {}), ("a.mp4", {"movflags": "faststart"}), ("a.mov", {}), ("a.mkv", {})]


@pytest.mark.parametrize(("name", "options"), KINDS)
def test_a_complete_file_is_accepted(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    write(tmp_path / name, **options)
    assert truncation(tmp_path / name) is None
    assert len(decode(tmp_path / name).frames) == 12


@pytest.mark.parametrize(("name", "options"), KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_truncated_file_is_refused_with_both_sizes(
    tmp_path: Path, name: str, options: dict[str, str], share: float
) -> None:
    data = write(tmp_path / name, **options)
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match=rf"{name}: truncated: its header declares [\d,]+ bytes, the file has [\d,]+\."):
        decode(tmp_path / name)


OTHERS = [
    ("theora", r"its last page is not "),
    ("wmv", r"its header declares "),
    ("h264 in ts", r"its last packet is not "),
]


@pytest.mark.parametrize(("name", "message"), OTHERS)
def test_a_truncated_file_of_another_kind_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = VARIANTS[name].write(tmp_path)
    data = path.read_bytes()
    frames = len(decode(path).frames)
    path.write_bytes(data + b"a note")
    assert len(decode(path).frames) == frames
    for share in (0.3, 0.6, 0.95, 0.999):
        path.write_bytes(data[: int(len(data) * share) | 1])  # an even size may be a whole number of packets
        with pytest.raises(DataError, match=rf"video{path.suffix}: truncated: {message}"):
            decode(path)


def test_an_ogv_that_ends_between_two_pages_is_refused(tmp_path: Path) -> None:
    path = VARIANTS["theora"].write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"OggS")])
    with pytest.raises(DataError, match=r"video\.ogv: truncated: its last page is not the end of a stream"):
        decode(path)


def test_a_header_of_an_impossible_size_is_a_truncation(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3\x01" + b"\xfe" * 20)
    assert str(truncation(path)).startswith("truncated: its header declares 71,")


def test_an_avi_without_the_index_that_it_declares_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "a.avi")
    data = data[: data.index(b"idx1")]
    (tmp_path / "a.avi").write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    with pytest.raises(DataError, match=r"a\.avi: truncated: its header declares an index, and the file has none"):
        decode(tmp_path / "a.avi")


def test_an_avi_whose_writer_stopped_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", 12, seed=1)
    data = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(data[:4] + bytes(4) + data[8:])
    with pytest.raises(DataError, match=r"a\.avi: unfinished: the program that wrote it stopped"):
        decode(tmp_path / "a.avi")


@pytest.mark.parametrize(("name", "options"), KINDS)
@pytest.mark.parametrize("more", [b"a note", bytes(99), b"!! written by a camera"])
def test_bytes_after_the_end_do_no_harm(tmp_path: Path, name: str, options: dict[str, str], more: bytes) -> None:
    data = write(tmp_path / name, **options)
    (tmp_path / name).write_bytes(data + more)
    assert len(decode(tmp_path / name).frames) == 12
