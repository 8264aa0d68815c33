"""A run folder from elsewhere cannot lead out of itself, and one that may not be written or read says so, without advice to delete it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.kit.workplace import Workplace

RUN = Path("tiny") / "tgan+conv1d" / "seed-0"

_DROPPED = "-dac_override,-dac_read_search"


@pytest.fixture(scope="module")
def finished(prepared: Workplace) -> Path:
    """A finished run, which no test changes."""
    result = prepared.run("tgan+conv1d", "--runs", "finished")
    assert result.returncode == 0, result.stderr
    return prepared.root / "finished"


@pytest.fixture(scope="module")
def as_user(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """What goes in front of a command so that permissions hold for it: nothing for a user, ``setpriv`` for root."""
    if os.geteuid():
        return ()
    words = ("setpriv", f"--bounding-set={_DROPPED}", f"--inh-caps={_DROPPED}")
    folder = tmp_path_factory.mktemp("closed")
    folder.chmod(0o555)
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("as root, without a working setpriv, every file may be written")
    if subprocess.run([*words, "touch", str(folder / "file")], capture_output=True, check=False).returncode == 0:
        pytest.skip("as root, permissions do not hold on this file system")
    return words


@pytest.fixture
def closed(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the finished run in folders that may only be read."""
    runs = tmp_path / "runs"
    shutil.copytree(finished, runs)
    (runs / RUN / ".lock").unlink(missing_ok=True)
    folders = [runs, *(path for path in runs.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield runs
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize("name", ["trace.jsonl", ".lock"])
def test_a_link_in_a_run_folder_is_refused_and_its_target_left_alone(
    prepared: Workplace, tmp_path: Path, name: str
) -> None:
    (tmp_path / "victim").write_text("precious")
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / name).symlink_to(tmp_path / "victim")
    result = prepared.run("tgan+conv1d", "--runs", str(tmp_path / "runs"))
    assert result.returncode == 2
    assert f"{folder / name} is a symbolic link; expected a regular file." in result.stderr
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.parametrize("link", ["tiny", pytest.param("tiny/tgan+conv1d/seed-0", marks=pytest.mark.slow)])
def test_a_linked_folder_below_the_runs_is_refused(prepared: Workplace, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".mine.part").write_text("precious")  # a run sweeps such files
    path = tmp_path / "runs" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    result = prepared.run("tgan+conv1d", "--runs", str(tmp_path / "runs"))
    assert result.returncode == 2
    assert f"{path} is a symbolic link; expected a folder." in result.stderr
    assert os.listdir(outside) == [".mine.part"]


@pytest.mark.slow
def test_a_finished_run_in_a_read_only_folder_is_read(
    prepared: Workplace, closed: Path, as_user: Sequence[str], tmp_path: Path
) -> None:
    before = sorted(closed.rglob("*"))
    ran = prepared.call("run", "tgan+conv1d", *prepared.data_arguments, "--runs", str(closed), before=as_user)
    assert ran.returncode == 0, ran.stderr
    assert "tgan+conv1d, seed 0, on tiny is already done." in ran.stdout
    where = ("--data", "data/videos", "--splits", "data/splits", "--device", "cpu")
    scored = prepared.call("evaluate", str(closed / RUN), *where, before=as_user)
    assert scored.returncode == 0, scored.stderr
    out = str(tmp_path / "clips.gif")
    drawn = prepared.call("sample", str(closed / RUN), "--out", out, "--device", "cpu", "--count", "1", before=as_user)
    assert drawn.returncode == 0, drawn.stderr
    assert sorted(closed.rglob("*")) == before


@pytest.mark.slow
def test_writing_into_a_read_only_folder_is_a_sentence(
    prepared: Workplace, closed: Path, as_user: Sequence[str]
) -> None:
    result = prepared.call("sample", str(closed / RUN), "--device", "cpu", "--count", "1", before=as_user)
    assert result.returncode == 1
    assert "could not be written: Permission denied" in result.stderr
    assert "internal error" not in result.stderr


@pytest.mark.parametrize("name", [pytest.param("request.json", marks=pytest.mark.slow), "last.pt"])
def test_a_file_that_may_not_be_read_is_not_called_damaged(
    prepared: Workplace, finished: Path, as_user: Sequence[str], tmp_path: Path, name: str
) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(finished, runs)
    if name == "last.pt":
        (runs / RUN / "record.json").unlink()  # a finished run does not read it
    (runs / RUN / name).chmod(0)
    result = prepared.call("run", "tgan+conv1d", *prepared.data_arguments, "--runs", str(runs), before=as_user)
    assert result.returncode == 1
    assert "Permission denied. " in result.stderr
    assert name in result.stderr
    assert not {word for word in ("internal error", "Delete", "damaged") if word in result.stderr}
