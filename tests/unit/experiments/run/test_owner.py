"""The owner token of a run folder: who may write where two machines do not share their locks."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from vidgen_bench.errors import BusyError, RecordError
from vidgen_bench.experiments.run import owner as module
from vidgen_bench.experiments.run.owner import OWNER, SILENT_SECONDS, Ownership, read_owner
from vidgen_bench.experiments.run.status import STATUS


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.2)


def elsewhere(folder: Path, *, silent: float = 0.0, **fields: object) -> Path:
    """Write the token of a process on another machine, whose last sign of life was some seconds ago."""
    mine = json.loads(Ownership(folder).owner.model_dump_json())
    path = folder / OWNER
    path.write_text(json.dumps(mine | {"token": "theirs", "host": "node7", "machine": "node7 x", "pid": 42} | fields))
    then = time.time() - silent
    os.utime(path, (then, then))
    return path


def test_a_token_is_taken_and_given_back(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path, attempt=3)
    ownership.take()
    ownership.check()
    found = read_owner(tmp_path)
    assert found == ownership.owner
    assert (found.pid, found.attempt) == (os.getpid(), 3)
    ownership.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("silent", [0.0, SILENT_SECONDS - 30, 30 - SILENT_SECONDS])
def test_an_owner_on_another_machine_that_gives_signs_of_life_is_not_disturbed(tmp_path: Path, silent: float) -> None:
    before = elsewhere(tmp_path, silent=silent, job="slurm 9_1").read_bytes()
    with pytest.raises(
        BusyError, match=r"is being used by process 42 on node7 \(slurm 9_1\) since 20.* UTC; its last"
    ) as busy:
        Ownership(tmp_path).take()
    assert busy.value.exit_code == 75
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(OWNER, before)]


@pytest.mark.parametrize("silent", [SILENT_SECONDS + 30, -SILENT_SECONDS - 30])
def test_a_silent_owner_is_replaced_whichever_clock_touched_its_file(tmp_path: Path, silent: float) -> None:
    elsewhere(tmp_path, silent=silent)
    ownership = Ownership(tmp_path)
    ownership.take()
    ownership.check()
    assert ownership.previous is not None
    assert ownership.previous.host == "node7"


def test_its_status_is_a_sign_of_life_too(tmp_path: Path) -> None:
    elsewhere(tmp_path, silent=1000)
    (tmp_path / STATUS).write_text("{}")
    with pytest.raises(BusyError):
        Ownership(tmp_path).take()


def test_a_dead_process_of_this_machine_is_not_waited_for(tmp_path: Path) -> None:
    here = Ownership(tmp_path).owner
    elsewhere(tmp_path, machine=here.machine, pid=2**22 + 1)  # larger than any process number of Linux
    Ownership(tmp_path).take()
    elsewhere(tmp_path, machine=here.machine, pid=os.getppid())
    with pytest.raises(BusyError):
        Ownership(tmp_path).take()


def test_who_lost_the_folder_stops_and_leaves_it_to_the_other(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path)
    ownership.take()
    path = elsewhere(tmp_path, silent=50)
    before = path.stat().st_mtime
    ownership.beat()
    with pytest.raises(
        BusyError, match=r"no longer belongs to this process: process 42 on node7 since .* has taken it"
    ):
        ownership.check()
    ownership.release()
    assert path.stat().st_mtime == before
    path.unlink()
    with pytest.raises(BusyError, match=r"owner\.json was deleted"):
        ownership.check()


def test_a_sign_of_life_makes_the_token_young(tmp_path: Path) -> None:
    ownership = Ownership(tmp_path)
    ownership.take()
    os.utime(tmp_path / OWNER, (1.0, 1.0))
    ownership.beat()
    assert abs(time.time() - (tmp_path / OWNER).stat().st_mtime) < 60


@pytest.mark.parametrize("linking", [True, False], ids=["", "no hard links"])
@pytest.mark.parametrize("found", ["nothing", "a dead owner"])
def test_of_several_that_start_at_once_one_gets_the_folder(
    tmp_path: Path, found: str, linking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object) -> None:
        raise OSError("no hard links here")

    if not linking:
        monkeypatch.setattr(os, "link", refuse)
    if found == "a dead owner":
        elsewhere(tmp_path, silent=1000)
    contenders = [Ownership(tmp_path) for _ in range(6)]
    for number, contender in enumerate(contenders):
        contender.owner = contender.owner.model_copy(update={"machine": f"node{number}"})
    together, won = threading.Barrier(len(contenders)), list[Ownership]()

    def contend(ownership: Ownership) -> None:
        together.wait()
        try:
            ownership.take()
        except BusyError:
            return
        won.append(ownership)

    threads = [threading.Thread(target=contend, args=(c,)) for c in contenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    won[0].check()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b'{"token": 1}', b"\xff" * 40, b'{"token": "' + b"x" * 20000 + b'"}']
)
def test_a_damaged_token_counts_as_one_until_it_is_old(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / OWNER
    path.write_bytes(content)
    with pytest.raises(BusyError, match="is being used by another process"):
        Ownership(tmp_path).take()
    os.utime(path, (1.0, 1.0))
    ownership = Ownership(tmp_path)
    ownership.take()
    ownership.check()


def test_the_message_spells_the_texts_of_a_token_from_elsewhere_on_one_line(tmp_path: Path) -> None:
    elsewhere(tmp_path, host="node7\nerror: \x1b[2J", job="\u202e1")
    with pytest.raises(BusyError) as raised:
        Ownership(tmp_path).take()
    assert r"process 42 on node7 error: \x1b[2J (\u202e1) since" in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / OWNER).symlink_to(tmp_path / "victim")
    with pytest.raises(RecordError, match="symbolic link"):
        Ownership(tmp_path).take()
    assert not (tmp_path / "victim").exists()
