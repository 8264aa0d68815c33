"""Drawing clips: the offset rule, the order of epochs, and batches as functions of name and position only."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.kit.numbered_store import LENGTHS, store_of
from vidgen_bench.api import Feed
from vidgen_bench.data import sampler as sampler_module
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.placed_frames import sent
from vidgen_bench.data.sampler import AHEAD, ClipSampler, _starts
from vidgen_bench.data.store import Store
from vidgen_bench.errors import DataError, RequestError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_of(tmp_path)


@pytest.fixture
def sampler(store: Store) -> ClipSampler:
    return ClipSampler(store, "train", seed=5, device="cpu")


def read(clips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the frame numbers [N, T] and the video numbers [N] encoded in the pixels."""
    pixels = (clips * 128 + 128).round().long()
    assert torch.equal(pixels[:, 1], pixels[:, 1, :1, :1, :1].expand_as(pixels[:, 1])), "one video a clip"
    return pixels[:, 0, :, 0, 0], pixels[:, 1, 0, 0, 0]


def test_a_batch_holds_consecutive_frames_of_one_video_and_its_label(sampler: ClipSampler) -> None:
    batch = sampler.batch("d", Feed(8), 3, rows=5)
    assert batch.clips.shape == (5, 3, 8, 16, 16)
    assert batch.clips.dtype == torch.float32
    assert batch.labels.dtype == torch.int64
    frames, videos = read(batch.clips)
    assert torch.equal(frames[:, 1:] - frames[:, :-1], torch.ones(5, 7, dtype=torch.int64))
    assert torch.equal(batch.labels, videos % 3)


def test_pixels_are_scaled_as_the_paper_does(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    (tmp_path / "frames.u8").write_bytes(bytes([0, 128, 255, 64] * (store.index.bytes // 4)))
    clips = ClipSampler(Store(tmp_path, store.index), "train", 0, "cpu").batch("d", Feed(4), 0, 1).clips
    assert clips.unique().tolist() == [-1.0, -0.5, 0.0, 127 / 128]


def test_an_epoch_shows_every_video_once_and_drops_the_rest(sampler: ClipSampler) -> None:
    rows = 2  # 7 videos: three batches, one video left out
    epochs = [
        torch.cat([read(sampler.batch("d", Feed(4), 3 * epoch + k, rows).clips)[1] for k in range(3)]).tolist()
        for epoch in range(6)
    ]
    assert all(len(set(epoch)) == 6 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1, "another order every epoch"
    assert {video for epoch in epochs for video in epoch} == set(range(7)), "not always the same one left out"


def test_more_rows_than_videos_take_epochs_without_a_gap(sampler: ClipSampler) -> None:
    videos = torch.cat([read(sampler.batch("d", Feed(4), k, rows=14).clips)[1] for k in range(3)])
    assert torch.equal(videos.bincount(), torch.full((7,), 6))


def test_a_batch_depends_on_seed_name_and_position_and_on_nothing_else(store: Store, sampler: ClipSampler) -> None:
    feed = Feed(4, augment=("flip",))
    batch = sampler.batch("d", feed, 11, rows=6)
    for position in (0, 5, 3):
        sampler.batch("d", feed, position, rows=6)
    again = sampler.batch("d", feed, 11, rows=6)
    fresh = ClipSampler(store, "train", 5, "cpu").batch("d", feed, 11, rows=6)
    assert torch.equal(again.clips, batch.clips)
    assert torch.equal(fresh.clips, batch.clips)
    others = [
        sampler.batch("g", feed, 11, 6),
        sampler.batch("d", feed, 12, 6),
        ClipSampler(store, "train", 6, "cpu").batch("d", feed, 11, 6),
    ]
    assert not any(torch.equal(other.clips, batch.clips) for other in others)


@pytest.mark.parametrize("rows", [2, 6, 20])
def test_batches_drawn_at_once_are_those_of_each_position(
    monkeypatch: pytest.MonkeyPatch, store: Store, rows: int
) -> None:
    """A block spans several epochs, and its end is not the end of an epoch."""
    feed = Feed(4, augment=("flip",))
    positions = (0, 1, AHEAD - 1, AHEAD, 3 * AHEAD + 5)
    together = [ClipSampler(store, "train", 5, "cpu").batch("d", feed, k, rows) for k in positions]
    monkeypatch.setattr(sampler_module, "AHEAD", 1)
    alone = [ClipSampler(store, "train", 5, "cpu").batch("d", feed, k, rows) for k in positions]
    for a, b in zip(together, alone, strict=True):
        assert torch.equal(a.clips, b.clips)
        assert torch.equal(a.labels, b.labels)


def test_the_clips_of_earlier_versions_are_drawn(sampler: ClipSampler) -> None:
    """Records of runs depend on them: the numbers of videos and of first frames, as they were before batches were drawn 64 at once."""
    frames, videos = read(sampler.batch("discriminator", Feed(4, augment=("flip",)), 77, 6).clips)
    assert (videos.tolist(), frames[:, 0].tolist()) == ([3, 6, 5, 2, 1, 4], [5, 8, 13, 12, 1, 13])


@pytest.mark.parametrize("world", [2, 3])
def test_processes_share_the_batch_of_one(sampler: ClipSampler, world: int) -> None:
    feed = Feed(4, stride=2, augment=("flip",))
    whole = sampler.batch("d", feed, 4, rows=6)
    parts = [sampler.batch("d", feed, 4, 6, rank, world) for rank in range(world)]
    assert torch.equal(torch.cat([p.clips for p in parts]), whole.clips)
    assert torch.equal(torch.cat([p.labels for p in parts]), whole.labels)


def test_rows_that_do_not_divide_are_refused(sampler: ClipSampler) -> None:
    with pytest.raises(RequestError, match="5 rows for 2 process"):
        sampler.batch("d", Feed(4), 0, 5, 0, 2)


@pytest.mark.parametrize(
    ("length", "feed", "starts"),
    [
        (20, Feed(16), range(4)),  # randint(0, 20 - 16): the last legal start, 4, is never drawn
        (16, Feed(16), range(1)),
        (17, Feed(16), range(1)),
        (40, Feed(16, stride=2), range(9)),  # span 31: [0, 40 - 31)
        (31, Feed(16, stride=2), range(1)),
        (10, Feed(1), range(10)),  # a single frame is uniform over all
    ],
)
def test_the_offset_rule(length: int, feed: Feed, starts: range) -> None:
    bits = torch.randint(-(2**63), 2**63 - 1, (4000,), generator=torch.Generator().manual_seed(0))
    start, stride = _starts(torch.full((4000,), length), feed, bits)
    counts = start.bincount(minlength=len(starts))
    assert sorted(start.unique().tolist()) == list(starts)
    assert (counts - 4000 / len(starts)).abs().max() < 5 * (4000 / len(starts)) ** 0.5
    assert torch.all(stride == feed.stride)


def test_a_video_shorter_than_the_span_is_read_frame_by_frame_from_its_first(tmp_path: Path) -> None:
    sampler = ClipSampler(store_of(tmp_path, [30]), "train", 0, "cpu")
    frames, _ = read(sampler.batch("d", Feed(16, stride=2), 0, 1).clips)
    assert frames.tolist() == [list(range(16))]


def test_stride_takes_every_second_frame(tmp_path: Path) -> None:
    sampler = ClipSampler(store_of(tmp_path, [40]), "train", 0, "cpu")
    frames, _ = read(sampler.batch("d", Feed(16, stride=2), 0, 1).clips)
    assert (frames[0] - frames[0, 0]).tolist() == list(range(0, 32, 2))


def test_single_frames_come_from_everywhere_in_a_video(tmp_path: Path) -> None:
    sampler = ClipSampler(store_of(tmp_path, [10]), "train", 0, "cpu")
    seen = {int(read(sampler.batch("i", Feed(1), k, 1).clips)[0]) for k in range(200)}
    assert seen == set(range(10))


def test_flip_mirrors_half_of_the_clips_whole(sampler: ClipSampler) -> None:
    plain = torch.cat([sampler.batch("d", Feed(4), k, 7).clips for k in range(60)])
    flipped = torch.cat([sampler.batch("d", Feed(4, augment=("flip",)), k, 7).clips for k in range(60)])
    same = (plain == flipped).flatten(1).all(1)
    mirrored = (plain.flip(-1) == flipped).flatten(1).all(1)
    assert torch.all(same ^ mirrored)
    assert 0.4 < mirrored.float().mean() < 0.6


def test_shift_crops_each_clip_at_its_own_column_and_never_in_measurements(tmp_path: Path, store: Store) -> None:
    geometry = FrameGeometry(16, 16 + 64, "cubic", (0, 32, 16, 16))
    wide = store_of(tmp_path / "wide", geometry=geometry.whole_columns)
    assert wide.geometry.width == 80
    sampler, plain = ClipSampler(store, "train", 5, "cpu", wide), ClipSampler(store, "train", 5, "cpu")
    shift = Feed(4, augment=("shift-x",))
    batches = [sampler.batch("d", shift, k, 7) for k in range(120)]
    columns = torch.cat([(b.clips[:, 2] * 128 + 128).round().long() for b in batches])
    assert bool((columns == columns[:, :1, :1, :1] + torch.arange(16)).all())  # whole rows, the same cut in every frame
    first = columns[:, 0, 0, 0]
    assert set(first.tolist()) == set(range(4, 61))  # TGANv2's 4 .. 60 of 64 spare columns
    assert abs(first.float().mean() - 32) < 2
    for k, shifted in enumerate(batches[:5]):  # the same videos and frames as without
        ordinary = plain.batch("d", Feed(4), k, 7)
        assert torch.equal(shifted.labels, ordinary.labels)
        assert all(torch.equal(a, b) for a, b in zip(read(shifted.clips), read(ordinary.clips), strict=True))
    halves = [sampler.batch("d", shift, 3, 4, rank, 2).clips for rank in (0, 1)]
    assert torch.equal(torch.cat(halves), sampler.batch("d", shift, 3, 4).clips)
    indices = torch.arange(9)
    assert torch.equal(sampler.evaluation("real", indices, 4).clips, plain.evaluation("real", indices, 4).clips)


def test_shift_needs_a_wide_store_of_the_same_videos(tmp_path: Path, sampler: ClipSampler, store: Store) -> None:
    with pytest.raises(RequestError, match=r"shift-x.*no wide store"):
        sampler.batch("d", Feed(4, augment=("shift-x",)), 0, 1)
    with pytest.raises(DataError, match="does not have the same videos"):
        ClipSampler(store, "train", 5, "cpu", store_of(tmp_path / "other", [20, 20]))


def test_a_feed_longer_than_a_video_names_the_video(sampler: ClipSampler) -> None:
    with pytest.raises(DataError, match="v1 has 16 frames, the feed needs 17"):
        sampler.batch("d", Feed(17), 0, 1)


def test_evaluation_clips_are_functions_of_their_index(sampler: ClipSampler) -> None:
    together = sampler.evaluation("real", torch.arange(20), frames=8)
    apart = [sampler.evaluation("real", torch.tensor([i]), frames=8) for i in (13, 2, 19)]
    assert torch.equal(torch.cat([b.clips for b in apart]), together.clips[[13, 2, 19]])
    assert torch.equal(torch.cat([b.labels for b in apart]), together.labels[[13, 2, 19]])
    videos = read(together.clips)[1]
    assert sorted(videos[:7].tolist()) == sorted(videos[7:14].tolist()) == list(range(7))
    assert not torch.equal(sampler.evaluation("other", torch.arange(20), frames=8).clips, together.clips)


def test_a_pass_shows_every_video_exactly_once_in_list_order(sampler: ClipSampler) -> None:
    batches = list(sampler.passes("reference", 3, frames=8, rows=3))
    assert [len(b.labels) for b in batches] == [3, 3, 1] * 3
    frames, videos = read(torch.cat([b.clips for b in batches]))
    assert videos.tolist() == list(range(7)) * 3
    assert torch.equal(torch.cat([b.labels for b in batches]), videos % 3)
    starts = frames[:, 0].view(3, 7)
    assert not torch.equal(starts[0], starts[1]), "fresh offsets every pass"
    again = torch.cat([b.clips for b in sampler.passes("reference", 3, frames=8, rows=100)])
    assert torch.equal(again, torch.cat([b.clips for b in batches])), "the rows of a batch do not matter"


def test_the_test_split_is_separate(store: Store) -> None:
    held_out = ClipSampler(store, "test", 5, "cpu")
    assert held_out.videos == 1
    assert read(held_out.batch("d", Feed(16), 0, 1).clips)[1].tolist() == [len(LENGTHS)]


def test_no_warning_and_no_global_random_state(store: Store, recwarn: pytest.WarningsRecorder) -> None:
    before = torch.get_rng_state()
    ClipSampler(store, "train", 5, "cpu").batch("d", Feed(8, augment=("flip",)), 0, 4)
    assert torch.equal(torch.get_rng_state(), before)
    assert not recwarn.list


def test_what_is_read_from_a_file_goes_to_the_device_from_page_locked_memory(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    """Copies from ordinary memory make the host wait; the device here is torch's, which holds no numbers."""
    pinned: list[torch.Tensor] = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda values: pinned.append(values) or values)
    batch = ClipSampler(store, "train", 5, "meta").batch("d", Feed(4, augment=("flip",)), 0, 2)
    assert batch.clips.device.type == batch.labels.device.type == "meta"
    assert {values.dtype for values in pinned} == {torch.uint8, torch.bool, torch.int64}


def test_what_is_on_the_device_stays_there() -> None:
    values = torch.zeros(2, device="meta")
    assert sent(values, torch.device("meta:0")) is values


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_gpu_gives_the_same_clips(store: Store, sampler: ClipSampler) -> None:
    feed = Feed(8, augment=("flip",))
    on_gpu = ClipSampler(store, "train", 5, "cuda")
    assert on_gpu._frames.frames.held
    assert torch.equal(on_gpu.batch("d", feed, 3, 6).clips.cpu(), sampler.batch("d", feed, 3, 6).clips)
