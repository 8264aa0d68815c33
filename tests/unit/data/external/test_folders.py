"""Folders of videos and of pictures: the right pixels in the right order, and errors that name the file."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, ExifTags, Image

from tests.kit.data_files import write_stopped
from tests.kit.external_clips import CLIP, convention, gif, pixels, smooth, write_animation, write_frames
from vidgen_bench.api import Clip
from vidgen_bench.data.external.fitting import fitted
from vidgen_bench.data.external.opening import open_source
from vidgen_bench.data.external.source import ClipShape
from vidgen_bench.data.shapes.write import encode
from vidgen_bench.errors import DataError, DataWarning, RequestError
from vidgen_bench.experiments.pictures.animation import Film, write_film


def read(path: Path, clip: Clip = CLIP) -> np.ndarray:
    """Return all the clips of a folder."""
    clips = fitted(open_source(path), clip)
    return np.concatenate([part.numpy() for part in clips.read(range(clips.count))])


def test_pictures_come_back_exactly_and_in_natural_order(tmp_path: Path) -> None:
    made = pixels(count=11, frames=12)
    for number, clip in enumerate(made, start=1):
        write_frames(tmp_path / f"clip_{number}", clip)
    (tmp_path / ".DS_Store").write_bytes(b"left by a file manager")
    source = open_source(tmp_path)
    assert (source.kind, source.count, set(source.shapes)) == ("frames", 11, {ClipShape(12, 24, 24)})
    assert source.names[:3] == ["clip_1", "clip_2", "clip_3"]
    assert np.array_equal(read(tmp_path, Clip(12, 24, 2)), convention(made))


def test_lossless_webp_comes_back_exactly(tmp_path: Path) -> None:
    made = pixels()
    for number, clip in enumerate(made):
        write_animation(tmp_path / f"{number}.webp", clip, lossless=True)
    assert np.array_equal(read(tmp_path), convention(made))


def palette_clip() -> np.ndarray:
    """Return uint8 [6, 24, 24, 3] of few colours, with a block that moves over a still background."""
    clip = np.full((6, 24, 24, 3), (200, 30, 90), np.uint8)
    clip[:, ::3] = (10, 60, 250)
    for t in range(6):
        clip[t, 4:12, 3 * t : 3 * t + 6] = (250, 250, 0)
    return clip


@pytest.mark.parametrize("how", [{}, {"disposal": 1}, {"disposal": 2}, {"optimize": True}])
def test_gifs_of_few_colours_come_back_exactly(tmp_path: Path, how: dict[str, object]) -> None:
    clip = palette_clip()
    write_animation(tmp_path / "a.gif", clip, **how)
    assert np.array_equal(read(tmp_path), convention(clip[None]))


def test_partial_frames_are_composed_with_earlier_ones(tmp_path: Path) -> None:
    clip = palette_clip()
    write_animation(tmp_path / "a.gif", clip, disposal=1)
    with Image.open(tmp_path / "a.gif") as image:
        image.seek(1)
        left, top, right, bottom = image.dispose_extent
        assert (right - left) * (bottom - top) < 24 * 24
    source = open_source(tmp_path)
    assert np.array_equal(source.read(0, 2, 4), clip[2:4])


def test_a_frame_may_be_disposed_of_before_the_next(tmp_path: Path) -> None:
    ground = np.arange(576, dtype=np.uint8).reshape(24, 24) % 100
    patch = np.full((5, 7), 120, np.uint8)
    frames = [
        (0, 0, ground, 1),
        (3, 4, patch, 3),
        (10, 9, patch, 1),
        (0, 0, patch, 3),
        (17, 19, patch, 0),
        (2, 2, patch, 0),
    ]
    (tmp_path / "a.gif").write_bytes(gif(24, frames))
    canvas, shown = ground.copy(), []
    for left, top, part, disposal in frames:
        seen = canvas.copy()
        seen[top : top + len(part), left : left + part.shape[1]] = part
        shown.append(seen)
        canvas = canvas if disposal == 3 else seen
    colours = np.stack([np.stack([s, 2 * s, 255 - s], axis=-1) for s in shown])
    assert np.array_equal(read(tmp_path), convention(colours[None]))


@pytest.mark.parametrize("container", ["gif", "webp"])
def test_transparent_pixels_are_refused(tmp_path: Path, container: str) -> None:
    pages = [Image.new("RGBA", (24, 24), (9 * t, 0, 0, 255)) for t in range(6)]
    for page in pages:
        page.paste((0, 0, 0, 0), (0, 0, 5, 5))
    pages[0].save(tmp_path / f"a.{container}", save_all=True, append_images=pages[1:], disposal=2)
    with pytest.raises(DataError, match=rf"a\.{container}, frame 0 has transparent pixels"):
        read(tmp_path)


def test_mp4_and_avi_come_back_nearly_and_mix_with_gif(tmp_path: Path) -> None:
    made = smooth()
    write_film(tmp_path / "1.mp4", Film(list(made[0]), 8.0), "mp4")
    (tmp_path / "2.AVI").write_bytes(encode(made[1]))
    write_film(tmp_path / "10.gif", Film(list(made[2]), 8.0), "gif")
    source = open_source(tmp_path)
    assert list(source.names) == ["1.mp4", "2.AVI", "10.gif"]
    assert set(source.shapes) == {ClipShape(6, 64, 64)}
    apart = np.abs(read(tmp_path, Clip(6, 64, 2)) - convention(made)).mean(axis=(1, 2, 3, 4)) * 128
    assert apart.max() < 8
    assert np.abs(apart).min() > 0


def test_grey_and_palette_pictures_become_rgb(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (24, 24), dtype=np.uint8)
    (tmp_path / "a").mkdir()
    for number in range(6):
        picture = Image.fromarray(grey)
        (picture if number % 2 else picture.convert("P")).save(tmp_path / "a" / f"{number}.png")
    assert np.array_equal(read(tmp_path), convention(np.broadcast_to(grey[None, None, :, :, None], (1, 6, 24, 24, 3))))


def test_links_out_of_the_folder_are_followed_only_on_request(tmp_path: Path) -> None:
    made = pixels(1)
    write_frames(tmp_path / "elsewhere" / "a", made[0])
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a").symlink_to(tmp_path / "elsewhere" / "a")
    with pytest.raises(RequestError, match=r"clips/a is a link that leads out of .*clips\. .*--follow-links"):
        open_source(tmp_path / "clips")
    clips = fitted(open_source(tmp_path / "clips", follow_links=True), CLIP)
    assert np.array_equal(next(clips.read([0])).numpy(), convention(made))


def test_a_picture_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "clips" / "a", pixels(1)[0])
    (tmp_path / "clips" / "a" / "frame_3.png").rename(tmp_path / "secret.png")
    (tmp_path / "clips" / "a" / "frame_3.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(RequestError, match=r"frame_3\.png is a link that leads out of"):
        open_source(tmp_path / "clips")


def test_links_inside_the_folder_and_the_folder_itself_are_followed_and_a_broken_one_is_named(tmp_path: Path) -> None:
    made = pixels(1)
    write_frames(tmp_path / "clips" / "a", made[0])
    (tmp_path / "clips" / "b").symlink_to("a")
    (tmp_path / "linked").symlink_to("clips")
    assert np.array_equal(read(tmp_path / "linked"), convention(np.concatenate([made, made])))
    (tmp_path / "clips" / "b").unlink()
    (tmp_path / "clips" / "b").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RequestError, match="b is a broken link"):
        open_source(tmp_path / "clips")


def test_the_hash_is_of_names_and_bytes(tmp_path: Path) -> None:
    write_frames(tmp_path / "x" / "a", pixels()[0])
    first = open_source(tmp_path / "x").sha256
    shutil.copytree(tmp_path / "x", tmp_path / "y")
    assert open_source(tmp_path / "y").sha256 == first
    (tmp_path / "y" / "a").rename(tmp_path / "y" / "b")
    assert open_source(tmp_path / "y").sha256 != first
    (tmp_path / "y" / "b").rename(tmp_path / "y" / "a")
    Image.fromarray(pixels(seed=1)[0, 0]).save(tmp_path / "y" / "a" / "frame_6.png")
    assert open_source(tmp_path / "y").sha256 != first


def _strip(folder: Path) -> None:
    Image.fromarray(pixels()[0].reshape(-1, 24, 3)).save(folder / "strip.png")


def _text(folder: Path) -> None:
    write_animation(folder / "a.gif", palette_clip())
    (folder / "notes.txt").write_text("")


def _both(folder: Path) -> None:
    write_animation(folder / "a.gif", palette_clip())
    write_frames(folder / "b", palette_clip())


def _run(folder: Path) -> None:
    (folder / "record.json").write_text("{}")


def _arrays(folder: Path) -> None:
    np.save(folder / "a.npy", pixels())


def _nested(folder: Path) -> None:
    write_frames(folder / "a" / "b", palette_clip())


def _classes(folder: Path) -> None:
    for name in "ab":
        (folder / name).mkdir()
        (folder / name / "1.mp4").write_bytes(b"video")


def _empty_clip(folder: Path) -> None:
    (folder / "a").mkdir()


def _two_kinds(folder: Path) -> None:
    write_frames(folder / "a", palette_clip())
    Image.fromarray(palette_clip()[0]).save(folder / "a" / "frame_1.jpg")


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda folder: None, "is empty; expected .mp4"),
        (_strip, "strip.png is a picture; a single picture is not read as a clip, not even a strip"),
        (_text, "notes.txt is not a clip; expected .mp4"),
        (_both, r"contains both folders \(b\) and files \(a.gif\)"),
        (_run, "is a run folder"),
        (_arrays, "a.npy is not a clip.*pack them into one .zip"),
        (_nested, "b is not a picture; expected a clip's frames"),
        (_empty_clip, "a is empty"),
        (_classes, r"a/1\.mp4 is a video in a subfolder; expected all videos in one folder.* Pass .*a, or move"),
        (_two_kinds, r"contains frames as \.jpg and \.png"),
    ],
)
def test_a_folder_that_does_not_contain_clips_is_refused(tmp_path: Path, fill, message: str) -> None:
    fill(tmp_path)
    with pytest.raises(RequestError, match=message):
        open_source(tmp_path)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


@pytest.mark.parametrize("name", ["a.webp", "a.gif", "a.mp4", "a.avi"])
@pytest.mark.parametrize(
    "harm", [_cut, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"no video" * 99)]
)
def test_a_damaged_video_is_named(tmp_path: Path, name: str, harm) -> None:
    path = tmp_path / name
    if name == "a.avi":
        path.write_bytes(encode(smooth()[0]))
    else:
        write_film(path, Film(list(smooth()[0]), 8.0), name[2:])
    harm(path)
    with pytest.raises((DataError, RequestError), match="a[.]" + name[2:]):
        read(tmp_path, Clip(6, 64, 2))


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels()[0])
    _cut(tmp_path / "a" / "frame_3.png")
    with pytest.raises(DataError, match=r"frame_3\.png: cannot be read as a picture"):
        read(tmp_path)


def test_a_png_with_a_wrong_checksum_is_named(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels()[0])
    path = tmp_path / "a" / "frame_3.png"
    content = bytearray(path.read_bytes())
    content[content.rfind(b"IEND") - 5] ^= 1  # the last byte of the checksum of the pixels
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"frame_3\.png: cannot be read as a picture"):
        read(tmp_path)


def views(stored: np.ndarray) -> list[np.ndarray]:
    """Return what a viewer shows of stored pixels under the EXIF orientations 1 to 8."""
    mirrored = stored[:, ::-1]
    upright = [stored, mirrored, np.rot90(stored, 2), np.rot90(mirrored, 2)]
    return [*upright, np.rot90(mirrored), np.rot90(stored, -1), np.rot90(mirrored, -1), np.rot90(stored)]


@pytest.mark.parametrize(("suffix", "how"), [("png", {}), ("jpg", {"quality": 98}), ("webp", {"lossless": True})])
def test_pictures_are_turned_as_a_viewer_turns_them(tmp_path: Path, suffix: str, how: dict[str, object]) -> None:
    stored = np.full((16, 32, 3), 90, np.uint8)
    stored[:8, :8] = 250
    for orientation in range(1, 9):
        path = tmp_path / (f"{orientation}.webp" if suffix == "webp" else f"{orientation}/0.{suffix}")
        path.parent.mkdir(exist_ok=True)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        Image.fromarray(stored).save(path, exif=exif, **how)
    source = open_source(tmp_path)
    for index, shown in enumerate(views(stored)):
        assert source.shapes[index] == ClipShape(1, *shown.shape[:2])
        assert np.abs(source.read(index, 0, 1)[0].astype(int) - shown).max() < 3


def test_metadata_that_cannot_be_read_turns_nothing(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels(1)[0])
    Image.fromarray(pixels(1)[0, 0]).save(tmp_path / "a" / "frame_1.png", exif=b"Exif\0\0" + b"junk" * 9)
    assert np.array_equal(read(tmp_path), convention(pixels(1)))


def test_a_png_of_16_bits_for_each_colour_is_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels(1)[0])
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 24, 24, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(24 * 145)))]
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in [*parts, (b"IEND", b"")]:
        content += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    (tmp_path / "a" / "frame_3.png").write_bytes(content)
    with pytest.raises(DataError, match=r"frame_3\.png has pixels of mode RGB;16B; expected 8-bit"):
        read(tmp_path)


def test_pictures_of_16_bits_and_of_changing_size_are_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels()[0])
    Image.fromarray(np.zeros((24, 24), np.uint16)).save(tmp_path / "a" / "frame_3.png")
    with pytest.raises(DataError, match=r"frame_3\.png has pixels of mode I;16"):
        read(tmp_path)
    Image.fromarray(pixels(size=12)[0, 0]).save(tmp_path / "a" / "frame_3.png")
    with pytest.raises(DataError, match=r"frame_3\.png is 12x12, the frames before it 24x24"):
        open_source(tmp_path)


def test_layout_and_range_are_for_arrays(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels()[0])
    with pytest.raises(RequestError, match="--layout and --range are for arrays"):
        open_source(tmp_path, value_range="0,1")


_POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for Ghostscript")
@pytest.mark.parametrize("name", ["frame_1.png", "frame_1.jpg", "frame_1.jpeg"])
def test_a_picture_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
    (tmp_path / "bin" / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)  # otherwise it is looked up once per process
    (tmp_path / "clips" / "a").mkdir(parents=True)
    (tmp_path / "clips" / "a" / name).write_bytes(_POSTSCRIPT)
    with pytest.raises(DataError, match=rf"{name}: cannot be read as a picture \(its content is not (PNG|JPEG)\)"):
        read(tmp_path / "clips")
    assert not (tmp_path / "called").exists()


def test_a_format_that_is_not_that_of_the_suffix_is_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", pixels()[0])
    Image.fromarray(pixels()[0, 0]).save(tmp_path / "a" / "frame_3.png", format="BMP")
    with pytest.raises(DataError, match=r"frame_3\.png: cannot be read as a picture \(its content is not PNG\)"):
        read(tmp_path)


def test_videos_that_seem_to_have_stopped_are_reported_once(tmp_path: Path) -> None:
    for number in range(7):
        write_stopped(tmp_path / f"{number}.avi", 12, moving=6)
    write_stopped(tmp_path / "moves.avi", 12, moving=7)
    with pytest.warns(
        DataWarning, match=r"In 7 of 8 videos .* 0\.avi, 1\.avi, 2\.avi, 3\.avi, 4\.avi and 2 more"
    ) as told:
        open_source(tmp_path)
    assert [w.category for w in told].count(DataWarning) == 1


def test_a_video_that_changes_after_it_was_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(encode(smooth(1)[0]))
    clips = fitted(open_source(tmp_path), Clip(6, 64, 2))
    (tmp_path / "a.avi").write_bytes(encode(smooth(1, frames=3)[0]))
    with pytest.raises(DataError, match=r"a\.avi: frames 0 to 5 are now 3 of 64 x 64; .* Do not change clips"):
        next(clips.read([0]))


@pytest.mark.parametrize("frames", [1, 6])
def test_pictures_that_change_after_they_were_opened_are_named(tmp_path: Path, frames: int) -> None:
    write_frames(tmp_path / "a", pixels(1)[0])
    clips = fitted(open_source(tmp_path), CLIP)
    for number in range(1, frames + 1):
        Image.new("RGB", (12, 12)).save(tmp_path / "a" / f"frame_{number}.png")
    with pytest.raises(DataError, match=r"^(a|.*frame_\d\.png)[: ].* Do not change clips"):
        next(clips.read([0]))


def test_frames_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "clips" / "a").mkdir(parents=True)
    Image.new("1", (8192, 8192)).save(tmp_path / "clips" / "a" / "0.png")
    for number in range(1, 8):
        (tmp_path / "clips" / "a" / f"{number}.png").hardlink_to(tmp_path / "clips" / "a" / "0.png")
    with pytest.raises(
        RequestError, match="a has frames of 8192 x 8192; 8 of them are too large to be resized at once"
    ):
        fitted(open_source(tmp_path / "clips"), Clip(8, 64, 2), resize=True)
