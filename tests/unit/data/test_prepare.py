"""Preparing a data set: decoded once, resumed after a kill, safe for concurrent processes, strict about bad videos."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.kit.data_files import SMALL, decode, write_lists, write_stopped, write_tree, write_video
from tests.kit.prepared_videos import prepared
from vidgen_bench.api import VideoSource
from vidgen_bench.data import prepare as module
from vidgen_bench.data.decoding.journal import JOURNAL_FILE
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.prepare import store_folder
from vidgen_bench.errors import DataError, DataWarning, VidgenBenchError


def refusal(source: VideoSource, cache: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        prepared(source, cache, **options)
    return str(caught.value)


def tree_of(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_every_listed_video_is_stored_as_decoded_resized_and_cropped(tmp_path: Path) -> None:
    source = write_tree(tmp_path)
    store = prepared(source, tmp_path / "cache", workers=2)
    assert [e.path for e in store.train] == [f"{c}/v_{c}_g0{g}_c01.avi" for c in ("Alpha", "Beta") for g in (1, 2)]
    assert [(e.label, e.frames) for e in store.test] == [(0, 10), (1, 10)]
    assert store.classes == ("Alpha", "Beta")
    assert store.missing == ()
    for entry in store.train + store.test:
        expected = SMALL.apply(decode(source.videos / entry.path).frames)
        assert np.array_equal(store.frames[entry.first : entry.first + entry.frames], expected)
    assert tree_of(store.folder) == {"frames.u8", "index.json"}
    store.verify()


def test_real_videos_have_all_their_frames(shared: Path, tmp_path: Path) -> None:
    videos = shared / "data" / "ucf101-sample" / "videos"
    source = VideoSource(videos, tmp_path / "splits")
    name = "BaseballPitch/v_BaseballPitch_g01_c01.avi"
    write_lists(source.splits, ["BaseballPitch"], [f"{name} 1"], ["BaseballPitch/v_BaseballPitch_g02_c01.avi"])
    message = refusal(source, tmp_path / "cache")
    assert "v_BaseballPitch_g02_c01.avi" in message
    copy = tmp_path / "videos" / "BaseballPitch"
    copy.mkdir(parents=True)
    for group in (1, 2):
        shutil.copy(videos / name, copy / f"v_BaseballPitch_g0{group}_c01.avi")
    paper = FrameGeometry(64, 85, "cubic", (0, 10, 64, 64))
    store = prepared(VideoSource(tmp_path / "videos", source.splits), tmp_path / "cache", geometry=paper)
    assert [e.frames for e in store.train + store.test] == [107, 107]
    assert np.array_equal(store.frames[:107], paper.apply(decode(videos / name).frames))


def test_a_ready_store_opens_and_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_tree(tmp_path)
    first = prepared(source, tmp_path / "cache")
    monkeypatch.setattr(module, "decode_all", None)  # would raise if called
    again = prepared(source, tmp_path / "cache")
    assert again.fingerprint == first.fingerprint
    assert store_folder(source, split=1, geometry=SMALL, cache=tmp_path / "cache") == first.folder


def test_another_geometry_or_a_changed_video_is_another_store(tmp_path: Path) -> None:
    source, cache = write_tree(tmp_path), tmp_path / "cache"
    first = prepared(source, cache)
    other = prepared(source, cache, geometry=FrameGeometry(16, 20, "cubic-antialias", (0, 2, 16, 16)))
    assert other.folder != first.folder
    assert other.fingerprint != first.fingerprint
    write_video(source.videos / first.train[0].path, 8, seed=99)
    changed = prepared(source, cache)
    assert changed.folder != first.folder
    assert changed.fingerprint != first.fingerprint


def test_the_fingerprint_depends_on_content_not_on_place_time_or_spelling(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "a")
    first = prepared(source, tmp_path / "cache")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    moved = VideoSource(tmp_path / "b" / "videos", tmp_path / "b" / "splits")
    for path in moved.videos.rglob("*.avi"):
        os.utime(path, (1, 1))
    (moved.videos / "Beta" / "v_Beta_g01_c01.avi").rename(moved.videos / "Beta" / "v_bETA_g01_c01.avi")
    second = prepared(moved, tmp_path / "cache")
    assert second.folder != first.folder
    assert second.fingerprint == first.fingerprint


def test_bad_videos_are_all_listed_and_tolerated_only_by_number(tmp_path: Path) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    (source.videos / "Alpha" / "v_Alpha_g01_c01.avi").write_bytes(b"")
    cut = source.videos / "Beta" / "v_Beta_g02_c01.avi"
    write_video(cut, 60, seed=5)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    message = refusal(source, cache)
    assert "2 video(s) cannot be used" in message
    assert "v_Alpha_g01_c01.avi: the file is empty" in message
    assert "v_Beta_g02_c01.avi: truncated: its header declares " in message
    assert "--allow-missing 2" in message
    assert "2 video(s)" in refusal(source, cache, allow_missing=1)
    store = prepared(source, cache, allow_missing=2)
    assert store.missing == ("Alpha/v_Alpha_g01_c01.avi", "Beta/v_Beta_g02_c01.avi")
    assert len(store.train) == 4
    assert "--allow-missing 2" in refusal(source, cache), "the store is there, but the request tolerates nothing"


def test_absent_and_bad_videos_count_together(tmp_path: Path) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    (source.videos / "Alpha" / "v_Alpha_g01_c01.avi").write_text("no video")
    (source.videos / "Beta" / "v_Beta_g01_c01.avi").unlink()
    assert "--allow-missing 2" in refusal(source, cache, allow_missing=1)
    store = prepared(source, cache, allow_missing=2)
    assert set(store.missing) == {"Alpha/v_Alpha_g01_c01.avi", "Beta/v_Beta_g01_c01.avi"}


def test_a_class_may_not_lose_all_its_training_videos(tmp_path: Path) -> None:
    source = write_tree(tmp_path, groups=2)
    (source.videos / "Beta" / "v_Beta_g01_c01.avi").write_text("no video")
    assert "class 'Beta' has no training videos" in refusal(source, tmp_path / "cache", allow_missing=1)


def test_a_video_shorter_than_a_clip_is_named(tmp_path: Path) -> None:
    message = refusal(write_tree(tmp_path), tmp_path / "cache", clip_frames=10)
    assert "4 video(s) are shorter than a clip of 10 frames" in message
    assert "Alpha/v_Alpha_g01_c01.avi (8 frames)" in message


_START = """
import sys, time
from pathlib import Path
from vidgen_bench.api import VideoSource
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.prepare import prepare
root = Path(sys.argv[1])
def report(what, done, total):
    print(what, done, total, flush=True)
    time.sleep(float(sys.argv[2]))
store = prepare(VideoSource(root / "videos", root / "splits"), split=1, geometry=FrameGeometry(16, 20, "cubic", (0, 2,
16, 16)),
                clip_frames=4, cache=root / "cache", workers=1, report=report)
print("fingerprint", store.fingerprint, flush=True)
"""


def start(root: Path, pause: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _START, str(root), str(pause)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("after", [1, 13])
def test_after_a_kill_it_continues_to_identical_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    source = write_tree(tmp_path, groups=8)
    whole = prepared(source, tmp_path / "elsewhere")
    process = start(tmp_path, pause=0.3)
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[:2] == ["decoding", str(after)]:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    done: list[int] = []
    resumed = prepared(source, tmp_path / "cache", report=lambda what, d, n: done.append(d))
    assert resumed.fingerprint == whole.fingerprint
    assert (resumed.folder / "frames.u8").read_bytes() == (whole.folder / "frames.u8").read_bytes()
    assert done[0] >= after - 5, "what was settled more than a second before is not decoded again"
    resumed.verify()


@pytest.mark.parametrize("harm", ["half a line", "frames lost", "index without rename", "parts left"])
def test_leftovers_of_a_killed_process_are_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    whole = prepared(source, tmp_path / "elsewhere")
    partial = stopped_half_way(source, cache, monkeypatch)
    journal = partial / JOURNAL_FILE
    if harm == "half a line":
        journal.write_bytes(journal.read_bytes()[:-20])
    elif harm == "frames lost":
        os.truncate(partial / "frames.u8", 9 * 3 * 16 * 16)
    elif harm == "index without rename":
        (partial / "index.json").write_text("{half")
    else:
        (partial / "parts").mkdir(exist_ok=True)
        (partial / "parts" / "0.u8").write_bytes(b"half a video")
    resumed = prepared(source, cache)
    assert (resumed.folder / "frames.u8").read_bytes() == (whole.folder / "frames.u8").read_bytes()
    assert tree_of(resumed.folder) == {"frames.u8", "index.json"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"frames": 8', '"frames": "8"'),
        ('"first": 0', '"first": false'),
        ('"first": 0', '"first": -1'),
        ('"frames": 8', f'"frames": {"9" * 5000}'),
        ('{"path"', "[" * 100_000),
        ('"sha256": "', '"sha256": "x'),
        ('"decoder"', '"decoders"'),
    ],
    ids=["text", "flag", "negative", "vast", "nested", "hash", "key"],
)
def test_a_damaged_line_of_the_journal_is_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    journal = stopped_half_way(source, cache, monkeypatch) / JOURNAL_FILE
    assert old in journal.read_text()
    journal.write_text(journal.read_text().replace(old, new, 1))
    prepared(source, cache).verify()


def test_another_hash_in_the_journal_never_becomes_a_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    whole = prepared(source, tmp_path / "elsewhere")
    journal = stopped_half_way(source, cache, monkeypatch) / JOURNAL_FILE
    sha256 = whole.train[1].sha256
    journal.write_text(journal.read_text().replace(sha256, sha256[::-1]))
    assert prepared(source, cache).fingerprint == whole.fingerprint


def stopped_half_way(source: VideoSource, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stop with Ctrl-C after four videos; return the unfinished folder."""

    def interrupt(what: str, done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(source, cache, report=interrupt)
    (partial,) = (cache / "stores").glob("*.partial")
    assert len((partial / JOURNAL_FILE).read_text().splitlines()) == 4
    return partial


def test_after_ctrl_c_only_the_rest_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    stopped_half_way(source, cache, monkeypatch)
    done: list[int] = []
    prepared(source, cache, report=lambda what, d, n: done.append(d))
    assert done == [4, 5, 6, 7, 8]


def test_two_that_start_at_once_make_one_store(tmp_path: Path) -> None:
    source = write_tree(tmp_path, groups=6)
    first, second = start(tmp_path, pause=0.2), start(tmp_path, pause=0.2)
    said = [process.communicate(timeout=60)[0].splitlines() for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    assert said[0][-1] == said[1][-1] == f"fingerprint {prepared(source, tmp_path / 'cache').fingerprint}"
    decoded = [sum(line.startswith("decoding") for line in lines) for lines in said]
    assert sorted(decoded) == [0, 13], "one decodes all twelve, the other waits"
    assert any("waiting for another process" in line for lines in said for line in lines)


def test_a_full_disk_is_reported_and_finished_videos_stay_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, cache = write_tree(tmp_path, groups=4), tmp_path / "cache"
    copied = 0

    def copy(origin: Any, target: Any, length: int) -> None:
        nonlocal copied
        copied += 1
        if copied == 4:
            target.write(origin.read(1000))  # half of it arrives
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        target.write(origin.read())

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", copy)
        with pytest.raises(VidgenBenchError, match=r"frames\.u8 could not be written: No space left on device"):
            prepared(source, cache)
    done: list[int] = []
    store = prepared(source, cache, report=lambda what, d, n: done.append(d))
    assert done[0] == 3
    store.verify()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    source = write_tree(tmp_path)
    (tmp_path / "cache").write_text("a file stands where the folder should be")
    with pytest.raises(VidgenBenchError, match=r"cache.*could not be written"):
        prepared(source, tmp_path / "cache")


def test_videos_that_seem_to_have_stopped_are_stored_and_reported_once(tmp_path: Path) -> None:
    source = write_tree(tmp_path, frames=12)
    write_stopped(source.videos / "Alpha" / "v_Alpha_g01_c01.avi", 12, moving=5)
    with pytest.warns(DataWarning, match=r"In 1 of 6 videos at least half .*: Alpha/v_Alpha_g01_c01\.avi\.") as told:
        store = prepared(source, tmp_path / "cache")
    assert [w.category for w in told].count(DataWarning) == 1
    assert [e.repeats for e in store.train] == [6, 0, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        prepared(source, tmp_path / "cache")


def test_damage_is_counted_by_allow_missing(tmp_path: Path) -> None:
    source = write_tree(tmp_path, groups=4, frames=12)
    path = source.videos / "Alpha" / "v_Alpha_g01_c01.avi"
    with av.open(str(path)) as container:
        position, size = max(((p.pos, p.size) for p in container.demux(video=0) if p.size), key=lambda place: place[1])
    data = bytearray(path.read_bytes())
    data[position + size // 2 : position + size] = bytes(size - size // 2)
    path.write_bytes(data)
    assert "v_Alpha_g01_c01.avi: damaged: " in refusal(source, tmp_path / "cache")
    store = prepared(source, tmp_path / "cache", allow_missing=1)
    assert store.missing == ("Alpha/v_Alpha_g01_c01.avi",)


def test_a_store_is_made_again_after_the_decoding_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_tree(tmp_path)
    first = prepared(source, tmp_path / "cache")
    monkeypatch.setattr(module, "DECODING", 1)
    second = prepared(source, tmp_path / "cache")
    assert second.folder != first.folder
    assert second.fingerprint == first.fingerprint
