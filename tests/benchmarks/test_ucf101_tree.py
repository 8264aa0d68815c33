"""``python -m benchmarks.ucf101_tree``: the size and names of UCF101, out of a few clips."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import ucf101_tree
from benchmarks.ucf101_tree import CLASSES, TEST, TRAIN, main, names
from tests.kit.data_files import decode, write_video
from vidgen_bench.api import VideoSource
from vidgen_bench.data.ucf101.tree import read_tree


@pytest.mark.parametrize(("groups", "videos"), [(TRAIN, 9_537), (TEST, 3_783)])
def test_the_lists_have_the_numbers_of_split_1(groups: range, videos: int) -> None:
    found = names(groups)
    assert len(set(found)) == videos
    per_group = Counter(re.sub(r"_c\d\d\.avi\Z", "", name) for name in found)
    assert len(per_group) == 101 * len(groups)
    assert set(per_group.values()) == {4, 5, 6, 7}
    assert len({name.partition("/")[0] for name in found}) == len(set(CLASSES)) == 101


def test_the_folder_is_a_data_set_of_hard_links_to_the_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ucf101_tree, "CLASSES", ["Archery", "HandstandPushups"])
    monkeypatch.setattr(ucf101_tree, "VIDEOS", {TRAIN: 170, TEST: 60})
    (tmp_path / "given").mkdir()
    for number in range(3):
        write_video(tmp_path / "given" / f"{number}.avi", 12, seed=number)
    main([str(tmp_path / "made"), "--clips", str(tmp_path / "given"), "--frames", "5"])
    source = VideoSource(tmp_path / "made" / "videos", tmp_path / "made" / "splits")
    tree = read_tree(source, 1)
    assert (len(tree.train), len(tree.test)) == (170, 60)
    assert tree.test[-1].path.startswith("HandstandPushups/v_HandStandPushups_g07_")
    assert len({(source.videos / video.path).stat().st_ino for video in tree.train + tree.test}) == 3
    assert len(decode(source.videos / tree.train[0].path).frames) == 5


def test_a_folder_without_clips_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "made"), "--clips", str(tmp_path)])
    assert "expected a folder with .avi files" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
