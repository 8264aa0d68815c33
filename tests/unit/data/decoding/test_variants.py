"""Videos of every kind decode to the frames that ffmpeg shows; damage is refused by name."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.kit.data_files import decode
from tests.kit.video_variants import VARIANTS, raw_frames
from vidgen_bench.data.decoding import video
from vidgen_bench.data.decoding.decoder_errors import LoggedErrors
from vidgen_bench.errors import DataError

QUICK = {
    "mpeg4",
    "h264 of 10 bits",
    "h264 of BT.709",
    "h264 interlaced",
    "raw palette",
    "theora",
    "width 48",
    "rotated by 90",
    "mirrored",
    "two streams",
    "empty chunks",
    "cut to hidden packets",
    "cut in open groups to avi",
}
"""The variants of a plain test run; ``pytest -m slow`` runs the others."""


def some(names: set[str]) -> list[object]:
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in sorted(names)]


@pytest.mark.parametrize("name", some(set(VARIANTS)))
def test_frames_are_those_that_ffmpeg_shows(tmp_path: Path, name: str) -> None:
    path = VARIANTS[name].write(tmp_path)
    assert np.array_equal(decode(path).frames, raw_frames(path))


def test_there_are_enough_variants_and_one_decoder() -> None:
    assert len(VARIANTS) >= 40
    assert not [path for path in Path(video.__file__).parent.glob("*.py") if "decord" in path.read_text()]


@pytest.mark.parametrize("name", ["empty chunks", "variable rate in avi", "cut to hidden packets"])
def test_packets_with_bytes_are_counted_and_not_the_frames_of_the_header(tmp_path: Path, name: str) -> None:
    path = VARIANTS[name].write(tmp_path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        declared = stream.frames
        counted = sum(1 for packet in container.demux(stream) if packet.size and not packet.is_discard)
    assert declared > counted == len(decode(path).frames)


def damaged(folder: Path, name: str) -> Path:
    """Write a variant, and put zeros over half of its largest packet behind the first three."""
    path = VARIANTS[name].write(folder)
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    position, size = max(places[3:], key=lambda place: place[1])
    data = bytearray(path.read_bytes())
    data[position + size // 2 : position + size] = bytes(size - size // 2)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", some({"mpeg4", "xvid", "h264", "h264 in mkv", "ffv1", "png", "av1", "msmpeg4"}))
def test_damage_that_still_decodes_is_refused(tmp_path: Path, name: str) -> None:
    path = damaged(tmp_path, name)
    for _ in range(2):  # FFmpeg leaves out a message that is equal to the last
        with pytest.raises(DataError, match=rf"video{path.suffix}: damaged: .+\. Copy it again"):
            decode(path)


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("vp9", 0),  # the size of a block
        ("theora", 60),  # in a page, which has a checksum
        pytest.param("h264 in mkv", 0, marks=pytest.mark.slow),
        pytest.param("wmv", 0, marks=pytest.mark.slow),
        pytest.param("flv", -4, marks=pytest.mark.slow),  # the size of the packet before
    ],
)
def test_packets_that_a_container_loses_are_damage(tmp_path: Path, name: str, offset: int) -> None:
    path = VARIANTS[name].write(tmp_path)
    with av.open(str(path)) as container:
        place = [packet.pos for packet in container.demux(video=0) if packet.size][9] + offset
    data = bytearray(path.read_bytes())
    data[place : place + 8] = b"\xaa" * 8
    path.write_bytes(data)
    with pytest.raises(DataError, match=rf"video{path.suffix}: damaged: .+\. Copy it again"):
        decode(path)


def test_a_frame_that_the_decoder_marks_is_refused_without_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoggedErrors, "take", lambda errors, shown: None)
    with pytest.raises(DataError, match=r"video\.avi: damaged: the decoder had to conceal errors"):
        decode(damaged(tmp_path, "mpeg4"))
