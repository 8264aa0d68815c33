"""Films as files, read back: frame counts, sizes, durations, pixels; and what a format cannot hold."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.pictures import animation
from vidgen_bench.experiments.pictures.animation import Film, check_film, durations, mp4_encoder, write_film
from vidgen_bench.system.output_file import write_output


def moving(total: int, height: int = 40, width: int = 60) -> list[np.ndarray]:
    """Frames in which smooth colour drifts and a white square moves a pixel a frame."""
    y, x = np.mgrid[:height, :width]
    frames = []
    for t in range(total):
        frame = np.stack([x * 4 + t, y * 5, 200 - x - y + t], axis=-1) % 256
        frame[8:16, 4 + t % 40 : 12 + t % 40] = 255
        frames.append(frame.astype(np.uint8))
    return frames


def read(path: Path) -> tuple[list[np.ndarray], list[float]]:
    """Return the frames of a film and how many seconds each is shown."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            shown = [(f.to_ndarray(format="rgb24"), float(f.time)) for f in container.decode(stream)]
            assert stream.duration is not None
            end = float(stream.duration * stream.time_base)
        starts = [start for _, start in shown] + [end]
        return [f for f, _ in shown], list(np.diff(starts))
    frames, seconds = [], []
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            frames.append(np.asarray(image.convert("RGB")))
            seconds.append(image.info["duration"] / 1000)
    return frames, seconds


NEAR = {"gif": 12.0, "webp": 6.0, "mp4": 6.0}
"""Mean difference of a byte; which frame it is, the place of the square tells."""


@pytest.mark.parametrize("layout", ["gif", "webp", "mp4"])
@pytest.mark.parametrize(("total", "rate"), [(16, 8.0), (61, 32.0), (23, 12.0), (7, 8.8)])
def test_every_frame_comes_back_at_its_time(tmp_path, layout, total, rate):
    made = moving(total)
    write_film(tmp_path / f"a.{layout}", Film(made, rate), layout)
    frames, seconds = read(tmp_path / f"a.{layout}")
    assert len(frames) == len(seconds) == total
    for here, there in zip(frames, made, strict=True):
        assert here.shape == there.shape
        assert np.abs(here.astype(int) - there).mean() < NEAR[layout]
        white = np.flatnonzero(there[12].min(axis=-1) == 255)
        assert here[10:14].mean(axis=(0, 2)).argmax() in white
    for end, passed in enumerate(accumulate(seconds), start=1):
        assert abs(passed - end / rate) <= {"gif": 0.0051, "webp": 0.00051, "mp4": 0.0001}[layout]
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{layout}"]


@pytest.mark.parametrize(("rate", "unit"), [(8.0, 10), (32.0, 10), (12.0, 10), (50.0, 10), (8.8, 1), (90.0, 1)])
def test_rounded_durations_do_not_drift(rate, unit):
    found = durations(1000, rate, unit)
    assert all(d % unit == 0 and d > 0 for d in found)
    for end, passed in enumerate(accumulate(found), start=1):
        assert abs(passed - 1000 * end / rate) <= unit / 2 + 1e-6


def test_a_gif_keeps_rare_colours(tmp_path):
    """One small yellow spot on noise: the palette is not spent on what is frequent."""
    noise = np.random.default_rng(0).integers(30, 90, (4, 64, 64, 3)).astype(np.uint8)
    noise[:, 30:33, 30:33] = (250, 230, 10)
    write_film(tmp_path / "a.gif", Film(list(noise), 8.0), "gif")
    frames, _ = read(tmp_path / "a.gif")
    assert np.abs(frames[2][31, 31].astype(int) - (250, 230, 10)).max() < 24


def test_odd_sides_are_filled_up_with_white(tmp_path):
    write_film(tmp_path / "a.mp4", Film(moving(5, 39, 61), 8.0), "mp4")
    frames, _ = read(tmp_path / "a.mp4")
    assert frames[0].shape == (40, 62, 3)
    assert frames[0][-1, -1].min() > 200


def test_without_libx264_mpeg4_writes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MP4_ENCODERS", ("no-such-encoder", "mpeg4"))
    assert mp4_encoder() == "mpeg4"
    made = moving(20)
    write_film(tmp_path / "a.mp4", Film(made, 8.0 * 1.7), "mp4")
    frames, seconds = read(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
    assert len(frames) == 20
    assert abs(sum(seconds) - 20 / 13.6) < 1e-3
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(frames, made, strict=True)) < 8


def test_without_any_encoder_mp4_is_refused(monkeypatch):
    monkeypatch.setattr(animation, "MP4_ENCODERS", ("no-such-encoder",))
    with pytest.raises(RequestError, match=r"has no encoder no-such-encoder\. Choose gif, webp or png"):
        check_film("mp4", 8.0, 64, 64)


@pytest.mark.parametrize(
    ("layout", "rate", "side", "words"),
    [
        ("gif", 64.0, 64, "64 frames per second are too many for gif.*at most 50.*factor of at most 6.25"),
        ("webp", 96.0, 64, "too many for webp.*at most 90"),
        ("webp", 8.0, 20_000, "20000 x 20000 pixels is too large for webp, which allows 16383"),
        ("mp4", 8.0, 20_000, "too large for mp4"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(layout, rate, side, words):
    with pytest.raises(RequestError, match=words):
        check_film(layout, rate, side, side)
    check_film(layout, 50.0, 1024, 768)


@pytest.mark.parametrize("layout", ["gif", "webp", "mp4"])
def test_a_film_that_cannot_be_written_leaves_the_old_one(tmp_path, layout):
    path = tmp_path / "folder"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(VidgenBenchError, match="is a folder; expected a regular file"):
        write_film(path, Film(moving(3), 8.0), layout)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("layout", ["gif", "webp", "mp4"])
def test_a_film_goes_through_a_link_that_the_user_names_and_through_no_other(tmp_path, layout):
    victim, link = tmp_path / f"victim.{layout}", tmp_path / f"link.{layout}"
    victim.write_text("precious")
    link.symlink_to(victim)
    with pytest.raises(VidgenBenchError, match="is a symbolic link"):
        write_film(link, Film(moving(3), 8.0), layout)
    assert victim.read_text() == "precious"
    write_film(link, Film(moving(3), 8.0), layout, write_output)
    assert link.is_symlink()
    assert victim.read_bytes() != b"precious"
