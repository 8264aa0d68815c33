"""Clips of another length or size are refused, or changed as requested with a record of the change."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.kit.external_clips import CLIP, convention, pixels, smooth
from vidgen_bench.api import Clip
from vidgen_bench.data.external.fitting import Clips, fitted, measuring_order
from vidgen_bench.data.external.opening import source_of
from vidgen_bench.errors import RequestError


def read(clips: Clips) -> np.ndarray:
    return np.concatenate([part.numpy() for part in clips.read(range(clips.count))])


def test_clips_that_fit_are_never_changed() -> None:
    made = pixels()
    clips = fitted(source_of(made), CLIP, resize=True, trim="centre")
    assert clips.changes == ()
    assert np.array_equal(read(clips), convention(made))


def test_clips_are_read_in_batches_of_any_size() -> None:
    clips = fitted(source_of(pixels(count=7)), CLIP)
    assert [len(part) for part in clips.read(range(7), rows=3)] == [3, 3, 1]
    assert [len(part) for part in clips.read(range(1, 6), rows=4)] == [4, 1]
    assert np.array_equal(np.concatenate([p.numpy() for p in clips.read(range(1, 6), rows=4)]), read(clips)[1:6])


@pytest.mark.parametrize(("trim", "start"), [("first", 0), ("centre", 3)])
def test_trim_keeps_the_frames_it_names(trim: str, start: int) -> None:
    made = pixels(frames=13)
    clips = fitted(source_of(made), CLIP, trim=trim)
    assert clips.changes == (f"trim={trim}",)
    assert np.array_equal(read(clips), convention(made[:, start : start + 6]))


@pytest.mark.parametrize("size", [16, 64])
def test_resize_is_pillows_bicubic(size: int) -> None:
    made = smooth(size=size) // 2 + 60  # no overshoot is cut off, which Pillow does between rows and columns
    clips = fitted(source_of(made), CLIP, resize=True)
    assert clips.changes == (f"resize=cubic-antialias:{size}->24",)
    pillow = np.stack(
        [[np.asarray(Image.fromarray(f).resize((24, 24), Image.Resampling.BICUBIC)) for f in clip] for clip in made]
    )
    apart = np.abs(read(clips) - convention(pillow)) * 128
    assert apart.max() <= 1  # Pillow rounds there too
    assert apart.mean() < 0.25


def test_floats_are_rounded_where_they_are_resized_and_the_change_says_so() -> None:
    made = smooth()
    floats = (made / 255).astype(np.float32)
    clips = fitted(source_of(floats, value_range="0,1"), CLIP, resize=True, trim="first")
    assert clips.changes == ("rounded", "resize=cubic-antialias:64->24")
    assert np.array_equal(read(clips), read(fitted(source_of(made), CLIP, resize=True)))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (pixels(frames=5), "clip 0 of the array has 5 frames; expected 6. Frames are never added"),
        (pixels(frames=7), "has 7 frames; expected 6. Pass --trim first or --trim centre"),
        (pixels(size=32), "frames of 32 x 32; expected 24 x 24. Pass --resize"),
        (pixels()[:, :, :20], "20 rows and 24 columns; expected 24 x 24"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_option_that_would_change_it(made: np.ndarray, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        fitted(source_of(made), CLIP)


def test_options_do_not_help_where_they_cannot() -> None:
    with pytest.raises(RequestError, match=r"expected 6\. Frames are never added"):
        fitted(source_of(pixels(frames=5)), CLIP, trim="first")
    with pytest.raises(RequestError, match="Crop the clips to a square before you pass them"):
        fitted(source_of(pixels()[:, :, :20]), CLIP, resize=True)
    with pytest.raises(RequestError, match=r"trim 'center' is unknown\. Did you mean 'centre'"):
        fitted(source_of(pixels()), Clip(4, 24, 2), trim="center")


def test_sorted_clips_are_measured_as_a_random_subset_of_every_class() -> None:
    made = np.zeros((5_120, 1, 1, 1, 3), np.uint8)
    made += np.repeat(np.arange(10, dtype=np.uint8), 512)[:, None, None, None, None]
    clips = Clips(source_of(made), Clip(1, 1, 10), None, ())
    (batch,) = clips.read(clips.order[:2_048], rows=2_048)
    classes = np.rint(batch.numpy()[:, 0, 0, 0, 0] * 128 + 128).astype(int)
    shares = np.bincount(classes, minlength=10) / 2_048
    assert np.abs(shares - 0.1).max() < 0.02  # four standard deviations of a draw without replacement are 0.02
    assert float(np.exp(-(shares * np.log(shares)).sum())) > 9.9, "the Inception Score of a perfect classifier"


def test_the_order_is_a_function_of_the_number_of_clips_alone() -> None:
    assert measuring_order(7) == (6, 5, 3, 2, 1, 0, 4)
    assert sorted(measuring_order(1_000)) == list(range(1_000))
    assert measuring_order(1_001)[:1_000] != measuring_order(1_000)
    assert (measuring_order(0), measuring_order(1)) == ((), (0,))
    source, other = source_of(pixels(7)), source_of(pixels(7, seed=1))
    assert fitted(source, CLIP).order == fitted(other, CLIP).order == measuring_order(7)
