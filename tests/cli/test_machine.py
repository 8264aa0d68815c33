"""A machine that lacks something: one sentence with what to change, the right exit code, never "internal error"."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from tests.kit.command import Command, Done


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


@pytest.fixture
def homeless(command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """A command of a user without a home folder, on platformdirs versions that raise."""

    def no_home(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_dir", no_home)
    monkeypatch.setattr(platformdirs, "user_data_dir", no_home)
    return command


def test_without_a_home_the_shipped_instruments_are_found(homeless: Command) -> None:
    assert homeless("plugins", "show", "c3d-shapes").code == 0
    assert homeless("plugins", "show", "i3d-kinetics400").code == 0
    assert homeless("run", "tgan+conv1d", "--dry-run").code == 0


def test_without_a_home_the_leaderboard_reads_without_its_index(homeless: Command) -> None:
    assert homeless("leaderboard").code == 0


@pytest.mark.parametrize(
    "arguments", [["data", "prepare"], ["run", "tgan+conv1d"], ["reference", "build"]], ids=" ".join
)
def test_without_a_home_the_cache_needs_a_variable(homeless: Command, arguments: list[str]) -> None:
    done = homeless(*arguments)
    assert done.code == 2
    assert "There is no home folder for the cache of decoded videos. Set XDG_CACHE_HOME" in done.err
    assert not os.listdir(homeless.folder)


def test_an_older_platformdirs_makes_no_folder_called_tilde(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "~/.cache/vidgen-bench")
    assert command("data", "prepare").code == 2
    assert not os.listdir(command.folder)


@pytest.mark.parametrize("arguments", ["tracks", "run tgan+conv1d", "evaluate x.npy"])
def test_a_deleted_current_folder_is_named(tmp_path: Path, arguments: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {sys.executable} -m vidgen_bench {arguments}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "error: The current folder cannot be used: No such file or directory. Change to another one with cd."
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WORLD_SIZE", "0", "WORLD_SIZE=0: expected a number of processes"),
        ("WORLD_SIZE", "99999999999999999999", "expected a number of processes"),
        ("WORLD_SIZE", "²", "expected a number of processes"),
        ("RANK", "x", "RANK=x: expected a number from 0 to 1"),
        ("RANK", "5", "RANK=5: expected a number from 0 to 1"),
        ("MASTER_PORT", "abc", "MASTER_PORT=abc: expected a number from 1 to 65535"),
        ("MASTER_PORT", "99999999", "MASTER_PORT=99999999: expected"),
        ("MASTER_ADDR", "name.invalid", "MASTER_ADDR=name.invalid: no machine has this name"),
        ("MASTER_ADDR", "", "MASTER_ADDR is not set"),
    ],
)
def test_odd_variables_of_torchrun_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    import torch

    from vidgen_bench.errors import RequestError
    from vidgen_bench.training.distributed import Process

    usual = {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511"}
    for key, text in {**usual, name: value}.items():
        monkeypatch.setenv(key, text)
    with pytest.raises(RequestError, match="Start several processes with torchrun, or unset WORLD_SIZE") as refused:
        Process.of_environment(torch.device("cpu"))
    assert words in str(refused.value)


def test_a_rank_alone_silences_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "3")
    assert "tgan" in command("run", "tgan+conv1d", "--dry-run").out


HUGE = [
    ("--set", "backbone.batch=99999999999999999999"),
    ("--set", "backbone.batch=" + "9" * 5000),
    ("--set", "backbone.learning_rate=1e300"),
    ("--set", "backbone.learning_rate=" + "9" * 400),
    ("--threads", "100000"),
    ("--workers", "999999"),
    ("--seed", "9" * 5000),
    ("--seeds", "9" * 5000),
    ("--budget", "iterations=" + "9" * 5000),
    ("--budget", "flops=1e999"),
]


@pytest.mark.parametrize(("option", "value"), HUGE, ids=[f"{o} {v[:40]}" for o, v in HUGE])
def test_huge_values_are_refused(command: Command, option: str, value: str) -> None:
    done = command("run", "tgan+conv1d", option, value, "--dry-run")
    assert done.code == 2, done.err
    assert len(done.err) < 1200
    assert not os.listdir(command.folder)


def test_a_batch_larger_than_the_memory_is_refused_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace
    from typing import Any

    from vidgen_bench.api import Feed
    from vidgen_bench.errors import RequestError
    from vidgen_bench.experiments.run import batch_memory

    player: Any = SimpleNamespace(name="critic", batch=1_000_000_000, feed=Feed(16))
    game: Any = SimpleNamespace(players=[SimpleNamespace(feed=None), player])
    with pytest.raises(RequestError, match=r"Player 'critic' takes batches of 1,000,000,000 clips"):
        batch_memory.require_memory(game, 64, 1)
    monkeypatch.setattr(batch_memory, "total_memory", lambda: None)
    batch_memory.require_memory(game, 64, 1)


def _ending(command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Done:
    from vidgen_bench.cli import main

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(main, "make_app", lambda only: fail)
    return command()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, os.strerror(errno.EIO), "frames.u8"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
        NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead"),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried 99 bytes"
        ),
        OverflowError("int too big to convert"),
    ],
    ids=repr,
)
def test_a_fault_of_the_machine_is_no_internal_error(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    done = _ending(command, monkeypatch, error)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_too_few_open_files_are_a_sentence(command: Command) -> None:
    start = (
        "import resource, sys; from vidgen_bench.cli.main import main; import torch, vidgen_bench.experiments.run.execute; "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)); main()"
    )
    done = command.spawn("data", "prepare", start=start, XDG_CACHE_HOME=str(command.folder / "cache"))
    assert done.code in (1, 2), done.err
    assert "internal error" not in done.err
    assert "Traceback" not in done.err
