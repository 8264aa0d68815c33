"""Decoding: the frames of ordinary videos, in order; a file that is no video is reported by name, and no name is a URL."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.kit.data_files import decode, moving_frames, write_stopped, write_video, write_with
from tests.kit.video_variants import ffmpeg
from vidgen_bench.data.decoding import containers, video
from vidgen_bench.data.shapes.write import encode
from vidgen_bench.errors import DataError


@pytest.mark.parametrize(
    ("name", "frames", "sha256"),
    [
        ("ucf101-sample/videos/BaseballPitch/v_BaseballPitch_g01_c01.avi", 107, "017f2dfe359e8bec"),
        ("weizmann/videos/Bend/v_Bend_g01_c01.avi", 61, "992f7e3389eb2bb7"),
    ],
)
def test_real_videos_decode_to_the_frames_of_earlier_versions(
    shared: Path, name: str, frames: int, sha256: str
) -> None:
    decoded = decode(shared / "data" / name)
    assert decoded.decoder == f"pyav {av.__version__}"
    assert decoded.frames.shape == (frames, 240, 320, 3)
    assert hashlib.sha256(decoded.frames.tobytes()).hexdigest()[:16] == sha256


def test_frames_come_in_order_and_none_is_lost(tmp_path: Path) -> None:
    levels = 20 + 3 * np.arange(70)  # more than two chunks; every frame has a grey of its own
    frames = np.broadcast_to(levels[:, None, None, None], (70, 48, 64, 3)).astype(np.uint8)
    (tmp_path / "v.avi").write_bytes(encode(frames))
    decoded = decode(tmp_path / "v.avi")
    assert decoded.frames.shape == frames.shape
    assert np.abs(decoded.frames.mean(axis=(1, 2, 3)) - levels).max() < 1.5


def test_long_videos_are_passed_on_in_chunks(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", 70, seed=3)
    sizes: list[int] = []
    reading = video.read(tmp_path / "v.avi", lambda frames: sizes.append(len(frames)))
    assert sizes == [32, 32, 6]
    assert reading.frames == 70


def test_a_long_frame_is_passed_on_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", 5, seed=3)
    monkeypatch.setattr(video, "_CHUNK_BYTES", 1)
    sizes: list[int] = []
    video.read(tmp_path / "v.avi", lambda frames: sizes.append(len(frames)))
    assert sizes == [1, 1, 1, 1, 1]


def test_equal_neighbours_are_counted(tmp_path: Path) -> None:
    write_stopped(tmp_path / "v.avi", 12, moving=8)
    assert decode(tmp_path / "v.avi").repeats == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"this is a text\n" * 100, "cannot be read as a video"),
        (b"RIFF", "video"),
        (b"ffconcat version 1.0\nfile other.avi\n", "Playlists are not followed"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n", "cannot be read as a video"),
    ],
)
def test_a_file_that_is_not_a_video_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    write_video(tmp_path / "other.avi", 5, seed=3)
    path = tmp_path / "bad.avi"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"bad\.avi: .*{message}"):
        decode(path)


def test_a_file_with_only_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(DataError, match=r"sound\.avi: the file has no video stream"):
        decode(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.avi: cannot be read"):
        decode(tmp_path / "absent.avi")


def test_a_suffix_that_is_not_a_videos_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "v.txt", 5, seed=3)
    with pytest.raises(DataError, match=r"v\.txt: its suffix is not one of a video; expected \.avi"):
        decode(tmp_path / "v.txt")


@pytest.mark.parametrize("suffix", [".avi", ".mp4", ".mkv"])
def test_a_title_may_be_in_any_encoding(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"v{suffix}"
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.2"]
    ffmpeg(*source, "-c:v", "mpeg4", "-metadata", "title=Cafe*", "-metadata:s:v", "title=Cafe*", str(path))
    path.write_bytes(path.read_bytes().replace(b"Cafe*", b"Caf\xe9s"))
    assert len(decode(path).frames) == 5


def test_a_stream_that_begins_late_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", 5, seed=3)

    class Late:
        """A container as PyAV's that has found another stream while it was read."""

        def __init__(self, container: Any) -> None:
            self._container = container

        def demux(self, stream: Any) -> Iterator[Any]:
            yield from self._container.demux(stream)
            raise IndexError("list index out of range")

    @contextmanager
    def opened(path: Path) -> Iterator[tuple[Any, Any]]:
        with containers.opened(path) as (container, stream):
            yield Late(container), stream

    monkeypatch.setattr(video, "opened", opened)
    assert len(decode(tmp_path / "v.avi").frames) == 5


def write_pictures(path: Path, sizes: list[tuple[int, int]]) -> None:
    """Write a video of JPEGs of these columns and rows; its header has the first size."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25, options={"strict": "unofficial"})
        stream.width, stream.height = sizes[0]
        stream.pix_fmt = "yuvj420p"
        for number, size in enumerate(sizes):
            picture = io.BytesIO()
            Image.new("RGB", size).save(picture, "JPEG")
            packet = av.Packet(picture.getvalue())
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 25)
            container.mux(packet)


@pytest.mark.parametrize("sizes", [[(800, 800)], [(64, 48), (800, 800)]])
def test_frames_that_are_too_large_are_refused_before_they_are_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(containers, "FRAME_BYTES", 2**20)
    write_pictures(tmp_path / "v.avi", sizes)
    converter, converted = video._converter, []
    monkeypatch.setattr(video, "_converter", lambda *kind: converted.append(kind[:2]) or converter(*kind))
    with pytest.raises(DataError, match=r"v\.avi has frames of 800 x 800 pixels, too large for a clip"):
        decode(tmp_path / "v.avi")
    assert (800, 800) not in converted


def test_a_codec_that_is_unknown_is_named(tmp_path: Path) -> None:
    write_with(tmp_path / "v.mp4", moving_frames(5, seed=1), "libx264")
    path = tmp_path / "unknown.mp4"
    path.write_bytes((tmp_path / "v.mp4").read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(DataError, match=r"unknown\.mp4: its video codec is unknown"):
        decode(path)


@pytest.mark.parametrize("name", [b"http:127.0.0.1.avi", b"tcp:127.0.0.1:9.avi", b"concat:a|b.avi", b"bad\xff.avi"])
def test_every_name_is_that_of_a_local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "v.avi", 5, seed=3)
    Path("v.avi").rename(os.fsdecode(name))
    assert len(decode(Path(os.fsdecode(name))).frames) == 5
