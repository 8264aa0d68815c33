"""Clips are made from the pictures of a run or a submission: small, and none from a file that is not what its name says."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from tests.kit.board_records import moving_block, moving_pictures
from tests.kit.record_files import record
from vidgen_bench.experiments.submit.preview import preview
from vidgen_bench.leaderboard.page import film_files
from vidgen_bench.leaderboard.page.clips import MOST_BYTES, Clip, clip_of

RECORD = record("tgan+ode1")


def sheet(clip: Clip | None) -> Image.Image:
    assert clip is not None
    data = base64.b64decode(clip.address.removeprefix("data:image/webp;base64,"), validate=True)
    assert len(data) <= MOST_BYTES
    return Image.open(io.BytesIO(data), formats=["WEBP"])


def test_films_of_a_run_are_in_one_sheet(tmp_path: Path) -> None:
    moving_pictures(tmp_path / "samples.gif", size=16)
    moving_block(tmp_path / "sample-fps4x-seed0.gif", 61, 0, 16)
    moving_block(tmp_path / "sample-rewind8-seed0.gif", 24, 0, 16, 1)
    clip = clip_of([tmp_path], RECORD)
    assert clip is not None
    assert [(f.name, f.first, f.frames, f.rate) for f in clip.films] == [
        ("1x", 0, 16, 8.0),
        ("4x", 16, 61, 32.0),
        ("rewound", 77, 24, 8.0),
    ]
    made = sheet(clip)
    assert made.size == (192, 64 * 101)
    pixels = made.convert("RGB")
    first, later = pixels.crop((0, 0, 192, 64)), pixels.crop((0, 64 * 8, 192, 64 * 9))
    assert first.tobytes() != later.tobytes()
    real = clip_of([tmp_path], RECORD, real=True)
    assert real is not None
    assert [f.name for f in real.films] == ["1x"]
    assert sheet(real).tobytes() != sheet(clip).tobytes()


def test_a_preview_is_a_film_of_eight_frames(tmp_path: Path) -> None:
    page = Image.new("RGB", (1060, 540), "white")
    for t in range(8):
        page.paste(Image.new("RGB", (64, 512), (30 * t, 0, 0)), (12 + 64 * t, 16))
    page.save(tmp_path / "samples.png")
    small = preview(tmp_path / "samples.png")
    assert small is not None
    (tmp_path / "preview.jpg").write_bytes(small)
    (tmp_path / "samples.png").unlink()
    clip = clip_of([tmp_path], RECORD)
    assert clip is not None
    (film,) = clip.films
    assert (film.name, film.frames) == ("1x", 8)
    assert (film.frames - 1) / film.rate == (16 - 1) / 8  # seconds from the first to the last instant
    reds = [sheet(clip).convert("RGB").getpixel((96, 64 * t + 32)) for t in range(8)]
    assert [abs(red[0] - 30 * t) < 12 for t, red in enumerate(reds) if isinstance(red, tuple)] == [True] * 8


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg onload=alert(1)>", b"\x00" * 100])
def test_a_damaged_picture_is_no_clip(tmp_path: Path, content: bytes) -> None:
    for name in ("samples.gif", "preview.jpg", "sample-fps4x-seed0.gif"):
        (tmp_path / name).write_bytes(content)
    assert clip_of([tmp_path], RECORD) is None


def test_a_picture_of_another_format_or_behind_a_link_is_no_clip(tmp_path: Path) -> None:
    moving_pictures(tmp_path / "elsewhere" / "samples.gif", size=16)
    (tmp_path / "samples.gif").symlink_to(tmp_path / "elsewhere" / "samples.gif")
    Image.new("RGB", (1060, 540)).save(tmp_path / "preview.jpg", format="PNG")
    assert clip_of([tmp_path], RECORD) is None


def test_a_picture_with_very_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    Image.new("L", (5000, 5000)).save(tmp_path / "preview.jpg")
    assert clip_of([tmp_path], RECORD) is None


def test_a_small_file_with_very_many_pixels_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moving_pictures(tmp_path / "samples.gif", size=16)
    monkeypatch.setattr(film_files, "_MOST_PIXELS", 10_000)
    assert clip_of([tmp_path], RECORD) is None


def test_noise_is_reduced_until_it_is_small_enough(tmp_path: Path) -> None:
    pages = [Image.effect_noise((1060, 540), 90).convert("P") for _ in range(3)]
    pages[0].save(tmp_path / "samples.gif", save_all=True, append_images=pages[1:])
    sheet(clip_of([tmp_path], RECORD))
