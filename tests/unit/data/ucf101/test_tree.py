"""The UCF101 layout: valid trees are read, errors are refused with file and line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.kit.data_files import write_lists
from vidgen_bench.api import VideoSource
from vidgen_bench.data.ucf101.tree import Tree, Video, read_tree
from vidgen_bench.errors import DataError

FILES = ["Alpha/v_Alpha_g01_c01.avi", "Alpha/v_Alpha_g02_c01.avi", "Beta/v_Beta_g01_c01.avi", "Beta/v_Beta_g02_c01.avi"]
TRAIN = ["Alpha/v_Alpha_g01_c01.avi 1", "Beta/v_Beta_g01_c01.avi 2"]
TEST = ["Alpha/v_Alpha_g02_c01.avi", "Beta/v_Beta_g02_c01.avi"]


def source(
    root: Path,
    files: list[str] = FILES,
    train: list[str] = TRAIN,
    test: list[str] = TEST,
    classes: tuple[str, ...] = ("Alpha", "Beta"),
) -> VideoSource:
    (root / "videos").mkdir(parents=True, exist_ok=True)
    for file in files:
        (root / "videos" / file).parent.mkdir(parents=True, exist_ok=True)
        (root / "videos" / file).write_bytes(b"no decoder looks at this")
    write_lists(root / "splits", list(classes), train, test)
    return VideoSource(root / "videos", root / "splits")


def refusal(given: VideoSource, **options: int) -> str:
    with pytest.raises(DataError) as caught:
        read_tree(given, 1, **options)
    return str(caught.value)


def test_a_split_is_read_in_list_order(tmp_path: Path) -> None:
    given = source(tmp_path, train=TRAIN[::-1])
    assert read_tree(given, 1) == Tree(
        classes=("Alpha", "Beta"),
        train=(Video("Beta/v_Beta_g01_c01.avi", 1), Video("Alpha/v_Alpha_g01_c01.avi", 0)),
        test=(Video("Alpha/v_Alpha_g02_c01.avi", 0), Video("Beta/v_Beta_g02_c01.avi", 1)),
    )


def test_the_real_lists_are_read(shared: Path) -> None:
    data = shared / "data" / "weizmann"
    tree = read_tree(VideoSource(data / "videos", data / "splits"), 1)
    assert tree.classes == ("Bend", "JumpingJack", "OneHandWave", "TwoHandWave")
    assert (len(tree.train), len(tree.test)) == (56, 16)
    assert all((data / "videos" / video.path).is_file() for video in tree.train + tree.test)


@pytest.mark.parametrize(
    "listed", ["HandstandPushups/v_HandStandPushups_g01_c01.avi", "HandstandPushups/v_HandstandPushups_g01_c01.avi"]
)
def test_handstand_pushups_is_found_however_the_list_spells_it(tmp_path: Path, listed: str) -> None:
    """The genuine UCF101 has the folder HandstandPushups and in it files v_HandStandPushups_..."""
    on_disk = "HandstandPushups/v_HandStandPushups_g01_c01.avi"
    given = source(
        tmp_path,
        files=[on_disk, "HandstandPushups/v_HandStandPushups_g02_c01.avi"],
        train=[f"{listed} 1"],
        test=["HandstandPushups/v_HandStandPushups_g02_c01.avi"],
        classes=("HandstandPushups",),
    )
    assert read_tree(given, 1).train == (Video(on_disk, 0),)


def test_files_that_differ_in_case_only_are_refused_unless_one_is_spelt_exactly(tmp_path: Path) -> None:
    twins = ["Alpha/v_Alpha_g01_c01.avi", "Alpha/v_ALPHA_g01_c01.avi"]
    given = source(tmp_path, files=[*FILES, *twins])
    if len(list((tmp_path / "videos" / "Alpha").iterdir())) != 3:
        pytest.skip("this file system does not tell upper from lower case")
    assert read_tree(given, 1).train[0].path == "Alpha/v_Alpha_g01_c01.avi"
    given = source(tmp_path, files=FILES, train=["Alpha/v_alpha_g01_c01.avi 1", TRAIN[1]])
    assert "differ in case only" in refusal(given)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "contains no folder" in refusal(source(tmp_path, files=[]))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    given = source(tmp_path)
    assert "is not a folder" in refusal(VideoSource(tmp_path / "absent", given.splits))


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    assert "none of the 2 class folders" in refusal(source(tmp_path, files=["Holiday/v_Holiday_g01_c01.avi"]))


def test_a_class_with_an_empty_folder_is_refused(tmp_path: Path) -> None:
    given = source(tmp_path, files=FILES[:2])
    (tmp_path / "videos" / "Beta").mkdir()
    assert "the class 'Beta' has no videos" in refusal(given, allow_missing=2)


def test_a_class_without_training_videos_is_refused(tmp_path: Path) -> None:
    text = refusal(source(tmp_path, train=TRAIN[:1]))
    assert "the class 'Beta' has no training videos" in text
    assert "trainlist01.txt" in text


def test_a_missing_file_is_named_with_its_line_and_the_option_to_tolerate_it(tmp_path: Path) -> None:
    given = source(tmp_path, test=[*TEST, "Beta/v_Beta_g03_c01.avi"])
    text = refusal(given)
    assert "Beta/v_Beta_g03_c01.avi" in text
    assert "testlist01.txt:3" in text
    assert "--allow-missing 1" in text


def test_a_tolerated_missing_file_is_recorded(tmp_path: Path) -> None:
    tree = read_tree(source(tmp_path, test=[*TEST, "Beta/v_Beta_g03_c01.avi"]), 1, allow_missing=1)
    assert tree.missing == ("Beta/v_Beta_g03_c01.avi",)
    assert len(tree.test) == 2


@pytest.mark.parametrize(
    "line",
    [
        "../secret/v_secret_g01_c01.avi",
        "Alpha/../../v_Alpha_g01_c01.avi",
        "/etc/v_etc_g01_c01.avi",
        r"..\x\v_x_g01_c01.avi",
        "C:/v_C_g01_c01.avi",
    ],
)
def test_a_path_that_climbs_out_is_refused(tmp_path: Path, line: str) -> None:
    text = refusal(source(tmp_path, test=[*TEST, line]))
    assert "testlist01.txt:3" in text
    assert "leads out of the folder" in text


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, what: str) -> None:
    given = source(tmp_path, files=FILES[:2] if what == "folder" else FILES[:3])
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("v_Beta_g01_c01.avi", "v_Beta_g02_c01.avi"):
        (outside / name).write_bytes(b"x")
    if what == "folder":
        os.symlink(outside, tmp_path / "videos" / "Beta")
    else:
        os.symlink(outside / "v_Beta_g02_c01.avi", tmp_path / "videos" / "Beta" / "v_Beta_g02_c01.avi")
    assert "is a link that leads out of" in refusal(given)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("Alpha/v_Alpha_g01_c01.avi", r"trainlist01.txt:2.*expected a video and its class number"),
        ("Alpha/v_Alpha_g01_c01.avi one", r"trainlist01.txt:2.*expected a video and its class number"),
        ("Alpha/holiday.avi 1", r"trainlist01.txt:2.*expected Class/v_Class_gNN_cNN.avi"),
        ("v_Alpha_g01_c01.avi 1", r"trainlist01.txt:2.*expected Class/v_Class_gNN_cNN.avi"),
        ("Alpha/v_Beta_g01_c01.avi 1", r"trainlist01.txt:2.*has the class 'Beta', its folder 'Alpha'"),
        ("Alpha/v_Alpha_g02_c01.avi 2", r"trainlist01.txt:2.*is labelled 2; classInd.txt gives 'Alpha' the number 1"),
        ("Alpah/v_Alpah_g01_c01.avi 1", r"trainlist01.txt:2.*no class 'Alpah'.*Did you mean 'Alpha'"),
        ("Beta/V_BETA_G01_c01.avi 2", r"trainlist01.txt:2.*is already listed at .*trainlist01.txt:1"),
    ],
)
def test_a_bad_training_line_is_refused_with_file_and_line(tmp_path: Path, train: str, message: str) -> None:
    given = source(tmp_path, train=[TRAIN[1], train], test=TEST)
    with pytest.raises(DataError, match=message):
        read_tree(given, 1)


def test_a_video_in_both_lists_is_refused(tmp_path: Path) -> None:
    text = refusal(source(tmp_path, test=[*TEST, FILES[0]]))
    assert "testlist01.txt:3" in text
    assert "trainlist01.txt:1" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "lists no classes"),
        ("Alpha 1\n", "expected a number and a class name"),
        ("1 Alpha\n1 Beta\n", "is already on an earlier line"),
        ("1 Alpha\n2 alpha\n", "is already on an earlier line"),
        ("1 Alpha\n3 Beta\n", "expected 1 to 2 without gaps"),
        ("1 ..\n", "expected a number and a class name"),
    ],
)
def test_a_bad_class_list_is_refused(tmp_path: Path, content: str, message: str) -> None:
    given = source(tmp_path)
    (given.splits / "classInd.txt").write_text(content)
    assert message in refusal(given)


@pytest.mark.parametrize("name", ["classInd.txt", "trainlist01.txt", "testlist01.txt"])
def test_a_missing_list_is_named(tmp_path: Path, name: str) -> None:
    given = source(tmp_path)
    (given.splits / name).unlink()
    text = refusal(given)
    assert name in text
    assert "--splits" in text


def test_an_empty_or_binary_list_is_refused(tmp_path: Path) -> None:
    given = source(tmp_path, test=[])
    assert "the list is empty" in refusal(given)
    (given.splits / "testlist01.txt").write_bytes(b"\xff\xfe\x00\x80")
    assert "cannot be read as text" in refusal(given)


def test_windows_line_ends_a_byte_order_mark_and_blank_lines_are_accepted(tmp_path: Path) -> None:
    given = source(tmp_path)
    (given.splits / "classInd.txt").write_bytes(b"\xef\xbb\xbf1 Alpha\r\n2 Beta\r\n\r\n")
    assert read_tree(given, 1).classes == ("Alpha", "Beta")


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    train = [*TRAIN, "Alpha/v_Alpha_g03_c01.avi 1"]
    given = source(tmp_path, train=train)
    (tmp_path / "videos" / "loop").symlink_to("loop")
    (tmp_path / "videos" / "Alpha" / "x.avi").symlink_to("x.avi")
    (tmp_path / "videos" / "Alpha" / "v_Alpha_g03_c01.avi").symlink_to("v_Alpha_g03_c01.avi")
    assert "1 listed video(s) are not in" in refusal(given)
    assert read_tree(given, 1, allow_missing=1).missing == ("Alpha/v_Alpha_g03_c01.avi",)


def test_a_class_of_frame_folders_is_named_with_what_to_do(tmp_path: Path) -> None:
    given = source(tmp_path, files=[*FILES[:2], "Beta/v_Beta_g01_c01/1.png"])
    text = refusal(given, allow_missing=2)
    assert "the class 'Beta' has no videos; its folder has only folders (v_Beta_g01_c01)" in text
    assert "ffmpeg -pattern_type glob -i 'v_Beta_g01_c01/*.png' -c:v ffv1 v_Beta_g01_c01.avi" in text


def test_files_with_another_suffix_than_in_the_lists_are_named(tmp_path: Path) -> None:
    text = refusal(source(tmp_path, files=[name.replace(".avi", ".MP4") for name in FILES]))
    assert "There is Alpha/v_Alpha_g01_c01.MP4: write the suffixes in the lists as those of the files." in text
    assert "There is" not in refusal(source(tmp_path / "other", files=FILES[1:]))


def test_links_are_found_by_listing_each_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def calls(clips: int) -> int:
        files = [f"Alpha/v_Alpha_g{group:02}_c{clip:02}.avi" for group in (1, 2) for clip in range(1, clips + 1)]
        given = source(tmp_path / str(clips), files, [f"{f} 1" for f in files[:clips]], files[clips:], ("Alpha",))
        counted: list[object] = []
        with monkeypatch.context() as patch:
            for name in ("stat", "lstat", "readlink"):
                real = getattr(os, name)
                patch.setattr(os, name, lambda *a, real=real, **k: counted.append(a) or real(*a, **k))
            assert len(read_tree(given, 1).train) == clips
        return len(counted)

    assert calls(40) == calls(2)
