"""The declarations of videos on the user's disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidgen_bench.api import VideoSource
from vidgen_bench.data.ucf101 import VideoFolder, ucf101, video_folder
from vidgen_bench.errors import DataError
from vidgen_bench.host.declarations import fault


def quiet(what: str, done: int, total: int) -> None:
    """Ignore a progress report."""


@pytest.mark.parametrize("declared", [ucf101, video_folder])
def test_the_declarations_keep_the_contract(declared: VideoFolder) -> None:
    assert fault("data set", declared) is None


def test_both_folders_are_returned_as_given(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "s").mkdir()
    assert ucf101.locate(tmp_path / "v", tmp_path / "s", tmp_path, quiet) == VideoSource(tmp_path / "v", tmp_path / "s")


def test_without_folders_it_says_how_to_get_ucf101(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"needs --data.*UCF101\.rar.*ucfTrainTestlist"):
        ucf101.locate(None, None, tmp_path, quiet)
    with pytest.raises(DataError, match=r"needs --splits.*classInd.txt"):
        ucf101.locate(tmp_path, None, tmp_path, quiet)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--data .*absent is not a folder"):
        video_folder.locate(tmp_path / "absent", tmp_path, tmp_path, quiet)


@pytest.mark.parametrize("module", ["vidgen_bench.data.ucf101", "vidgen_bench.data.shapes", "vidgen_bench.cli.data"])
def test_a_declaration_imports_neither_torch_nor_numpy(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'numpy', 'scipy', 'av', 'decord'}} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "[]"
