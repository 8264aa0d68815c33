"""Whose a run folder is, and that one process works in it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from vidgen_bench.compose.resolve import Resolved
from vidgen_bench.config.spec import parse
from vidgen_bench.errors import BusyError, RecordError, RequestError, UnreadableError
from vidgen_bench.experiments.run.folder import FILES, RunFolder, folder_of
from vidgen_bench.records.entries import Setting
from vidgen_bench.records.record import read_record
from vidgen_bench.system import regular_files
from vidgen_bench.training import checkpoint

REQUEST = {
    "spec": "tgan+ode1",
    "seed": 0,
    "options": {"backbone.width": 1.0},
    "environment": {"torch": "2.13.0", "threads": 2},
}


def resolved(text: str, **given) -> Resolved:
    return Resolved(parse(text), {k.replace("__", "."): Setting(value=v, origin="given") for k, v in given.items()})


def test_the_folder_is_named_by_track_spec_given_options_and_seed():
    runs = Path("runs")
    assert (
        folder_of(runs, "shapes-smoke", resolved("tgan+ode1:equal"), 3)
        == runs / "shapes-smoke" / "tgan+ode1.equal" / "seed-3"
    )
    given = folder_of(runs, "t~iterations=5", resolved("tgan+ode1", backbone__width=0.5, temporal__embedding=False), 0)
    assert given == runs / "t~iterations=5" / "tgan+ode1,backbone.width=0.5,temporal.embedding=false" / "seed-0"


def test_a_long_name_is_shortened_without_two_runs_sharing_a_folder():
    many = {f"backbone__option_{i}": i for i in range(20)}
    a = folder_of(Path("r"), "t", resolved("tgan+ode1", **many), 0)
    b = folder_of(Path("r"), "t", resolved("tgan+ode1", **{**many, "backbone__option_19": 20}), 0)
    assert a != b
    assert max(len(part) for part in a.parts) < 130


def test_the_same_request_claims_a_folder_again(tmp_path):
    folder = RunFolder(tmp_path)
    folder.claim(REQUEST)
    folder.claim(json.loads(json.dumps(REQUEST)))
    assert folder.request() == REQUEST


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": "tgan+ode2"}, 'its spec is "tgan\\+ode1", not "tgan\\+ode2"'),
        ({"options": {"backbone.width": 0.5}}, "in its options, backbone.width is 1.0, not 0.5"),
        ({"environment": {"torch": "2.14.0", "threads": 2}}, "2.13.0.*2.14.0"),
    ],
)
def test_a_folder_that_belongs_to_another_run_is_refused_and_kept(tmp_path, change, message):
    folder = RunFolder(tmp_path)
    folder.claim(REQUEST)
    with pytest.raises(RequestError, match=message):
        folder.claim({**REQUEST, **change})
    assert folder.request() == REQUEST


def test_a_damaged_request_is_told(tmp_path):
    (tmp_path / "request.json").write_text("{")
    with pytest.raises(RecordError, match="is damaged"):
        RunFolder(tmp_path).request()


def test_results_without_a_request_are_told(tmp_path):
    (tmp_path / "last.pt").write_bytes(b"x")
    with pytest.raises(RecordError, match=r"no request\.json"):
        RunFolder(tmp_path).request()


def test_two_processes_do_not_share_a_folder(tmp_path):
    with (
        RunFolder(tmp_path).locked(),
        pytest.raises(BusyError, match=rf"is being used by process {os.getpid()} on .* since 20"),
        RunFolder(tmp_path).locked(),
    ):
        pytest.fail("locked twice")
    with RunFolder(tmp_path).locked():
        assert (tmp_path / ".lock").exists()


def test_what_a_kill_left_half_written_is_cleared_away(tmp_path):
    (tmp_path / ".last.pt.abc.part").write_bytes(b"half")
    (tmp_path / ".other.part").mkdir()  # nobody's file
    (tmp_path / "last.pt").write_bytes(b"whole")
    with RunFolder(tmp_path).locked():
        assert {p.name for p in tmp_path.iterdir()} == {".lock", ".other.part", "last.pt", "owner.json"}


@pytest.mark.parametrize("name", [*FILES, "best-000000002.pt", ".lock"])
def test_a_file_of_a_run_that_is_a_link_is_refused_before_anything_is_written(tmp_path, name):
    (tmp_path / "victim").write_text("precious")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / name).symlink_to(tmp_path / "victim")
    with pytest.raises(RecordError, match=rf"{name} is a symbolic link"), RunFolder(folder).locked():
        pytest.fail("used")
    assert (tmp_path / "victim").read_text() == "precious"
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize("name", ["request.json", "record.json", "trace.jsonl"])
def test_a_pipe_in_a_run_folder_is_refused_by_its_readers(tmp_path, name):
    os.mkfifo(tmp_path / name)
    folder = RunFolder(tmp_path)
    read = {"request.json": folder.request, "record.json": folder.record, "trace.jsonl": folder.trace}[name]
    with pytest.raises(RecordError, match=rf"{name} is a named pipe"):
        read()


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    RunFolder(tmp_path).claim(REQUEST)
    (tmp_path / "trace.jsonl").write_text("")
    (tmp_path / "last.pt").write_bytes(b"")

    def denied(*arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(regular_files.os, "open", denied)
    readers = (
        RunFolder(tmp_path).request,
        RunFolder(tmp_path).trace,
        lambda: checkpoint.load(tmp_path / "last.pt", torch.device("cpu")),
        lambda: read_record(tmp_path / "request.json"),
    )
    for read in readers:
        with pytest.raises(UnreadableError, match="could not be read: Permission denied") as caught:
            read()
        assert not {word for word in ("Delete", "damaged") if word in str(caught.value)}
