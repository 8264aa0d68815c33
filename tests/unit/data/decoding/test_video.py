"""Decoding: both decoders give the same pixels, and a damaged file is reported by name."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.kit.data_files import Decoded, decode, write_video
from vidgen_bench.data.decoding import video
from vidgen_bench.data.shapes.write import encode
from vidgen_bench.errors import DataError


def with_pyav(path: Path, monkeypatch: pytest.MonkeyPatch) -> Decoded:
    with monkeypatch.context() as patch:
        patch.setattr(video, "_decord", lambda: None)
        return decode(path)


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("ucf101-sample/videos/BaseballPitch/v_BaseballPitch_g01_c01.avi", 107),
        ("weizmann/videos/Bend/v_Bend_g01_c01.avi", 61),
    ],
)
def test_real_videos_decode_to_the_right_frames_in_both_decoders(
    shared: Path, monkeypatch: pytest.MonkeyPatch, name: str, frames: int
) -> None:
    path = shared / "data" / name
    decord, pyav = decode(path), with_pyav(path, monkeypatch)
    assert decord.decoder.startswith("decord ")
    assert pyav.decoder == f"pyav {av.__version__}"
    assert decord.frames.shape == (frames, 240, 320, 3)
    assert decord.header_frames == frames
    assert np.array_equal(decord.frames, pyav.frames)


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
    reading = video.read(tmp_path / "v.avi", lambda frames: sizes.append(len(frames)), sizes.clear)
    assert sizes == [32, 32, 6]
    assert reading.frames == 70


def test_pyav_takes_over_where_decord_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "v.avi", 20, seed=3)
    library = video._decord()
    if library is None:
        pytest.skip("decord has no wheel for this platform")
    good = decode(tmp_path / "v.avi")

    class Failing(library.VideoReader):
        def next(self):  # fails after a chunk has been handed on, which must then not be kept
            raise library.DECORDError("made to fail")

    monkeypatch.setattr(library, "VideoReader", Failing)
    decoded = decode(tmp_path / "v.avi")
    assert decoded.decoder.startswith("pyav ")
    assert np.array_equal(decoded.frames, good.frames)


@pytest.mark.parametrize("decord", [True, False])
def test_a_truncated_video_is_an_error_with_both_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decord: bool
) -> None:
    write_video(tmp_path / "v.avi", 60, seed=1)
    data = (tmp_path / "v.avi").read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(data[: len(data) // 2])
    if not decord:
        monkeypatch.setattr(video, "_decord", lambda: None)
    with pytest.raises(DataError, match=r"cut\.avi: truncated: the header declares 60 frames, \d\d could be decoded"):
        decode(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"this is a text\n" * 100, "cannot be read as a video"), (b"RIFF", "video")],
)
def test_a_file_that_is_not_a_video_is_named(tmp_path: Path, content: bytes, message: str) -> None:
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
