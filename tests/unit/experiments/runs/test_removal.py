"""A run folder is removed whole, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.kit.run_states import begun_run, finished_run, traced, write_request
from vidgen_bench.errors import BusyError, RecordError, RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.owner import OWNER, Ownership
from vidgen_bench.experiments.runs.removal import remove_run
from vidgen_bench.system import this_process


def test_a_run_goes_with_the_empty_folders_above_it(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first, second = (finished_run(runs, traced(seed=seed)) for seed in (0, 1))
    (first / "sample" / "deep").mkdir(parents=True)
    (first / "sample" / "deep" / "clip.gif").write_bytes(b"x")
    remove_run(first, runs)
    assert not first.exists()
    assert second.is_dir()
    remove_run(second, runs)
    assert list(runs.iterdir()) == []


def test_links_are_removed_and_what_they_lead_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write_request(outside)
    (outside / "file").write_text("mine")
    folder = begun_run(tmp_path / "runs" / "seed-0")
    for name, target in (("sample", outside), (".lock", outside / "file"), (OWNER, outside / "file")):
        (folder / name).symlink_to(target)
    os.mkfifo(folder / "pipe")
    remove_run(folder, tmp_path / "runs")
    assert not folder.exists()
    assert (outside / "file").read_text() == "mine"


def test_a_folder_on_the_way_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "outside" / "seed-0")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "track").symlink_to(tmp_path / "outside")
    with pytest.raises(RecordError, match="a symbolic link"):
        remove_run(tmp_path / "runs" / "track" / "seed-0", tmp_path / "runs")
    assert folder.is_dir()


@pytest.mark.parametrize("where", ["outside/seed-0", "runs", "runs/../outside/seed-0"])
def test_nothing_outside_the_folder_of_runs_is_removed(tmp_path: Path, where: str) -> None:
    write_request(tmp_path / "outside" / "seed-0")
    write_request(tmp_path / "runs")
    with pytest.raises(RequestError, match="is not below the folder of runs"):
        remove_run(tmp_path / where, tmp_path / "runs")
    assert (tmp_path / where / "request.json").exists()


def test_a_folder_with_other_runs_inside_is_refused(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "runs" / "track")
    write_request(folder / "tgan" / "seed-0")
    with pytest.raises(RequestError, match="has other runs inside"):
        remove_run(folder, tmp_path / "runs")
    assert (folder / "request.json").exists()


def test_a_run_that_a_process_holds_stays(tmp_path: Path) -> None:
    folder = begun_run(tmp_path / "runs" / "seed-0")
    with RunFolder(folder).locked(), pytest.raises(BusyError, match="is being used by"):
        remove_run(folder, tmp_path / "runs")
    assert (folder / "request.json").exists()
    remove_run(folder, tmp_path / "runs")


def test_a_run_that_a_process_of_another_machine_holds_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begun_run(tmp_path / "runs" / "seed-0")
    with monkeypatch.context() as there:
        there.setattr("vidgen_bench.experiments.run.owner.machine", lambda: "another machine")
        Ownership(folder).take()
    assert this_process.machine() != "another machine"
    with pytest.raises(BusyError):
        remove_run(folder, tmp_path / "runs")
    assert (folder / "request.json").exists()
