"""Finding files, and what tells whether they have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidgen_bench.leaderboard.files import UNKNOWN, FoundFile, files_below


def found(root: Path, *, skipped: tuple[str, ...] = ()) -> list[FoundFile]:
    faults: list[OSError] = []
    files = sorted(files_below(root, lambda name: name == "a.json", faults.append, skipped))
    assert faults == []
    return files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (
        "a.json",
        "b.json",
        "x/a.json",
        "x/published/a.json",
        "published/a.json",
        ".hidden/a.json",
        "x/.a.json",
    ):
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "root"


def test_files_at_any_depth(root: Path) -> None:
    files = found(root, skipped=("published",))
    assert [f.path for f in files] == [root / "a.json", root / "x" / "a.json", root / "x" / "published" / "a.json"]
    stat = (root / "a.json").stat()
    assert (files[0].size, files[0].mtime_ns) == (6, stat.st_mtime_ns)
    assert all(f.target == os.path.realpath(f.path) for f in files)


def test_runs_that_were_put_aside_are_found_only_if_they_are_named(root: Path) -> None:
    aside = root / "x" / "seed-0.2026-11-30T0915"
    aside.mkdir()
    (aside / "a.json").touch()
    assert aside / "a.json" not in [file.path for file in found(root)]
    assert [file.path for file in found(aside)] == [aside / "a.json"]


def test_a_file_itself_whatever_its_name(root: Path) -> None:
    assert [f.path for f in found(root / "b.json")] == [root / "b.json"]


def test_links(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    (root / "y").mkdir()
    (root / "y" / "a.json").symlink_to(root / "b.json")
    (root / "z").mkdir()
    (root / "z" / "a.json").symlink_to(root / "nothing")
    (root / "loop").symlink_to(root, target_is_directory=True)
    linked = {f.path.relative_to(tmp_path / "link"): f for f in found(tmp_path / "link")}
    assert len(linked) == 6
    assert linked[Path("a.json")].target == os.path.realpath(root / "a.json")
    for folder in ("y", "z"):  # a link to a file is found, and is never taken for the file that it leads to
        assert linked[Path(folder, "a.json")].target == os.path.realpath(root / folder) + os.sep + "a.json"
        assert linked[Path(folder, "a.json")].size == UNKNOWN


def test_a_link_that_the_user_names_is_the_file_it_leads_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.json").symlink_to(root / "b.json")
    assert [f.path for f in found(tmp_path / "mine.json")] == [root / "b.json"]


def test_a_folder_that_cannot_be_searched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def forbidden(path: str) -> object:
        if path.endswith("x"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidden)
    faults: list[OSError] = []
    files = list(files_below(root, lambda name: name == "a.json", faults.append))
    assert sorted(f.path for f in files) == [root / "a.json", root / "published" / "a.json"]
    assert [(f.filename, f.strerror) for f in faults] == [(str(root / "x"), "Permission denied")]
