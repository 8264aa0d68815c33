"""The built-in data set: drawings match their class, and they are written once, completely, in the UCF101 layout."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from tests.kit.data_files import decode
from vidgen_bench.api import VideoSource
from vidgen_bench.data.shapes import shapes, write
from vidgen_bench.data.shapes.draw import CLASSES, SHAPES, draw_clip
from vidgen_bench.data.shapes.motion import MOTIONS
from vidgen_bench.data.shapes.write import encode, written
from vidgen_bench.data.ucf101.tree import read_tree
from vidgen_bench.errors import RequestError, VidgenBenchError


def quiet(what: str, done: int, total: int) -> None:
    """Ignore a progress report."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the data set 16 videos instead of 320; return that number."""
    monkeypatch.setattr(write, "GROUPS", 2)
    monkeypatch.setattr(write, "CLIPS", 1)
    monkeypatch.setattr(write, "HELD_OUT", (2,))
    return 16


def covered(frames: np.ndarray) -> np.ndarray:
    """Return bool [T, H, W]: where the shape is, which is brighter than any background."""
    return frames.max(axis=-1) > 200


def test_there_are_eight_classes_of_shape_and_motion() -> None:
    assert len(CLASSES) == 8
    assert {s + m for s in SHAPES for m in MOTIONS} == set(CLASSES)
    assert list(CLASSES) == sorted(CLASSES)


@pytest.mark.parametrize("group", [1, 4, 9])
@pytest.mark.parametrize("name", CLASSES)
def test_a_clip_moves_as_its_class_says(name: str, group: int) -> None:
    seen = covered(draw_clip(CLASSES.index(name), group, 1))
    area = seen.sum(axis=(1, 2))
    x = np.array([np.nonzero(s)[1].mean() for s in seen])
    y = np.array([np.nonzero(s)[0].mean() for s in seen])
    motion = next(m for m in MOTIONS if name.endswith(m))
    expected = {"Slide": (True, False), "Bounce": (False, True), "Orbit": (True, True), "Pulse": (False, False)}[motion]
    assert (np.ptp(x) > 30, np.ptp(y) > 30) == expected
    assert (area.max() > 3 * area.min()) == (motion == "Pulse")


@pytest.mark.parametrize("name", CLASSES)
def test_a_clip_shows_the_shape_its_class_says(name: str) -> None:
    seen = covered(draw_clip(CLASSES.index(name), 3, 2))
    largest = seen[seen.sum(axis=(1, 2)).argmax()]
    rows, columns = np.nonzero(largest)
    filled = len(rows) / (np.ptp(rows) + 1) / (np.ptp(columns) + 1)
    assert abs(filled - (np.pi / 4 if name.startswith("Disc") else 0.5)) < 0.08
    assert 20 <= np.ptp(columns) + 1 <= 64


def test_the_shape_stays_inside_what_the_square_crop_keeps() -> None:
    for label in range(8):
        seen = covered(draw_clip(label, 2, 1)).any(axis=(0, 1))
        columns = np.nonzero(seen)[0]
        assert columns.min() >= 19
        assert columns.max() <= 139


def test_groups_have_their_own_backgrounds_and_classes_share_them() -> None:
    def colour(label: int, group: int, clip: int) -> np.ndarray:
        frame = draw_clip(label, group, clip)[0]
        return frame[~covered(frame)].mean(axis=0)

    groups = {g: np.array([colour(label, g, 1) + colour(label, g, 2) for label in range(8)]) / 2 for g in (3, 4, 6)}
    means = [classes.mean(axis=0) for classes in groups.values()]
    between = min(np.abs(means[a] - means[b]).max() for a, b in ((0, 1), (0, 2), (1, 2)))
    within = max(np.abs(classes - classes.mean(axis=0)).max() for classes in groups.values())
    assert between > 30
    assert within < 12


def test_what_is_drawn_never_changes() -> None:
    """If the hash changes, the data set does: raise VERSION in write.py, and retrain the measuring network."""
    digest = hashlib.sha256()
    for label in range(8):
        digest.update(draw_clip(label, 1 + label, 1 + label % 4).tobytes())
    assert digest.hexdigest() == "c08d20f7a334b0bc2b98edeb8ec9da471e7b87115285e8602ed7eb345a4eccc9"


def test_videos_are_mpeg4_with_the_fourcc_of_ucf101(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    frames = draw_clip(0, 1, 1)
    path.write_bytes(encode(frames))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert container.format.name == "avi"
        assert (stream.codec_context.name, stream.codec_context.codec_tag) == ("mpeg4", "XVID")
        assert (stream.frames, stream.width, stream.height, float(stream.average_rate or 0)) == (24, 160, 120, 25.0)
    decoded = decode(path).frames
    assert np.abs(decoded.astype(int) - frames).mean() < 4, "the colours survive"


def test_encoding_is_a_function_of_the_frames() -> None:
    frames = draw_clip(5, 2, 3)
    assert encode(frames) == encode(frames)


def test_it_is_written_in_the_ucf101_layout(tmp_path: Path, few: int) -> None:
    steps: list[tuple[int, int]] = []
    source = written(tmp_path, lambda what, done, total: steps.append((done, total)))
    tree = read_tree(source, 1)
    assert tree.classes == CLASSES
    assert len(tree.train) == len(tree.test) == 8
    assert tree.train[0].path == "DiscBounce/v_DiscBounce_g01_c01.avi"
    assert steps[-1] == (few, few)
    assert np.abs(decode(source.videos / tree.test[-1].path).frames.astype(int) - draw_clip(7, 2, 1)).mean() < 4
    assert {p.name for p in tmp_path.iterdir()} <= {"shapes-1", "shapes-1.lock"}


def test_the_full_lists_hold_out_three_groups(tmp_path: Path) -> None:
    write._write_splits(tmp_path / "splits")
    train = (tmp_path / "splits" / "trainlist01.txt").read_text().splitlines()
    test = (tmp_path / "splits" / "testlist01.txt").read_text().splitlines()
    assert (len(train), len(test)) == (224, 96)
    assert not {line.split("_g")[1][:2] for line in train} & {line.split("_g")[1][:2] for line in test}


def test_what_is_there_is_not_written_again(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    first = written(tmp_path, quiet)
    monkeypatch.setattr(write, "draw_clip", None)  # would raise if called
    assert (
        written(tmp_path, quiet)
        == first
        == VideoSource(tmp_path / "shapes-1" / "videos", tmp_path / "shapes-1" / "splits")
    )


@pytest.mark.parametrize("harm", ["file gone", "file cut", "marker gone", "marker nonsense"])
def test_what_is_not_whole_is_written_again(tmp_path: Path, few: int, harm: str) -> None:
    source = written(tmp_path, quiet)
    video = source.videos / "DiscPulse" / "v_DiscPulse_g01_c01.avi"
    marker = source.videos.parent / "complete.json"
    good = video.read_bytes()
    if harm == "file gone":
        video.unlink()
    elif harm == "file cut":
        video.write_bytes(good[:100])
    elif harm == "marker gone":
        marker.unlink()
    else:
        marker.write_text("[]")
    written(tmp_path, quiet)
    assert video.read_bytes() == good


def test_stopped_half_way_nothing_half_written_is_left(tmp_path: Path, few: int) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, interrupt)
    assert {p.name for p in tmp_path.iterdir()} <= {"shapes-1.lock"}


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path, few: int) -> None:
    left = tmp_path / ".shapes-1.dead.part"
    (left / "videos").mkdir(parents=True)
    written(tmp_path, quiet)
    assert not left.exists()


_WRITE = """
import sys
from pathlib import Path
from vidgen_bench.data.shapes import write
write.GROUPS, write.CLIPS, write.HELD_OUT = 2, 1, (2,)
"""


def test_two_that_start_at_once_write_it_once(tmp_path: Path) -> None:
    code = _WRITE + "write.written(Path(sys.argv[1]), lambda what, done, total: print(what, done, flush=True))"
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("drawing the shapes videos 16" in text for text in said) == 1
    assert write._complete(tmp_path / "shapes-1")


@pytest.mark.skipif(os.name != "posix", reason="a limit on file size stands for a full disk")
def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    code = _WRITE + (
        "import resource\n"
        "from vidgen_bench.errors import VidgenBenchError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n    write.written(Path(sys.argv[1]), lambda *a: None)\n"
        "except VidgenBenchError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert "shapes-1 could not be written" in said.stdout
    assert {p.name for p in tmp_path.iterdir()} <= {"shapes-1.lock"}


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(VidgenBenchError, match="shapes-1 could not be written"):
        written(tmp_path / "cache", quiet)


def test_your_own_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="Leave out --data and --splits"):
        shapes.locate(tmp_path, None, tmp_path, quiet)
