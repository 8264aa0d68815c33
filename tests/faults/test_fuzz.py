"""Whatever a file or word from elsewhere holds, a command does its work or refuses it with a sentence.

No traceback, internal error, hang, memory beyond 2 GiB, file outside its folder, program or connection. The same seeds make the
same cases, so a failure is repeated with ``pytest -k`` and the number that it prints.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

import tests.kit.faults.inputs as inputs_module
from tests.kit.faults.commands import LONG
from tests.kit.faults.inputs import Input, inputs
from tests.kit.faults.watched import Outcome, run_watched
from tests.kit.workplace import Workplace

FEW, MANY = 300, 10_000 if LONG else 300
"""Cases of a plain run, and of a slow one, of other cases."""

KINDS = (
    "record.json", "submitted results", "track", "suite", "protocol", "split lists", "command line", "arrays", "videos and pictures",
    "instrument files", "run folder", "cache",
)  # fmt: skip


def tried(place: Workplace, kind: Input, count: int, folder: Path, seed: int) -> list[Outcome]:
    """Return how ``count`` commands with spoiled inputs of one kind ended."""

    def make(number: int) -> Sequence[str]:
        shutil.rmtree(folder / "case", ignore_errors=True)
        (folder / "case").mkdir()
        return kind.make(random.Random(f"{kind.name} {seed} {number}"), folder / "case")

    commands: list[Callable[[], Sequence[str]]] = [partial(make, number) for number in range(count)]
    return run_watched(commands, folder, [place.root / "cache", place.root / "share"])


def check(place: Workplace, name: str, total: int, seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in place.environment(COLUMNS="120", TMPDIR=str(folder)).items():
        monkeypatch.setenv(variable, value)
    kinds = inputs(place)
    assert tuple(kind.name for kind in kinds) == KINDS
    kind = next(k for k in kinds if k.name == name)
    victim = folder / "victim"
    victim.write_text("precious")
    count = round(total * kind.share / sum(k.share for k in kinds))
    try:
        found = tried(place, kind, count, folder, seed)
    finally:
        shutil.rmtree(place.root / "cache")
        shutil.copytree(place.root / "whole cache", place.root / "cache")
    assert len(found) == count
    print(
        f"{name}: {count} cases, exit codes {dict(sorted(Counter(o.code for o in found).items()))}"
    )  # the table of the faults
    bad = [(number, o) for number, o in enumerate(found) if o.fault]
    assert not bad, f"{len(bad)} of {count} {name}: " + "\n".join(
        f"case {n}: {o.fault}: {o.output[-600:]}" for n, o in bad[:8]
    )
    assert victim.read_text() == "precious"
    # a test of the test: spoiled inputs are mostly refused, so the commands do read them
    assert sum(o.code != 0 for o in found) > 0.1 * count


@pytest.mark.parametrize("name", KINDS)
def test_a_few_spoiled_inputs(finished: Workplace, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(finished, name, FEW, 0, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", KINDS)
def test_many_spoiled_inputs(finished: Workplace, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(finished, name, MANY, 1, tmp_path, monkeypatch)


class Calm(random.Random):
    """Chance that leaves everything as it is."""

    def random(self) -> float:
        return 0.99


@pytest.mark.parametrize("name", [k for k in KINDS if k != "command line"])
def test_the_originals_are_sound(
    finished: Workplace, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the faults, each command does its work: what is refused is refused for the faults."""
    for variable, value in finished.environment(COLUMNS="120").items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(inputs_module, "spoil", lambda name, content, chance: content)
    kind = next(k for k in inputs(finished) if k.name == name)

    def make() -> Sequence[str]:
        (tmp_path / "case").mkdir()
        return kind.make(Calm(0), tmp_path / "case")

    (outcome,) = run_watched([make], tmp_path, [finished.root / "cache", finished.root / "share"])
    assert (outcome.code, outcome.fault) == (0, ""), outcome.output


def _die() -> Sequence[str]:
    os.kill(os.getpid(), signal.SIGABRT)
    return []


def test_the_watch_sees_what_it_must_not_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that crash, say nothing or reach out of their folder are faults; one that works or refuses is none."""
    outside, other = tmp_path.parent / "outside the folder", tmp_path.parent / "another file"
    other.write_text("precious")
    (tmp_path / "inside").write_text("x")

    def reaching(deed: Callable[[], object]) -> Callable[[], Sequence[str]]:
        def command() -> Sequence[str]:
            monkeypatch.setattr("vidgen_bench.cli.main._run", lambda: deed() and 0)
            return []

        return command

    def connect() -> None:
        with socket.socket() as one, contextlib.suppress(OSError):
            one.connect(("127.0.0.1", 9))

    def send() -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as one:
            one.sendto(b"x", ("127.0.0.1", 9))

    deeds = [
        lambda: outside.write_text("x"), lambda: subprocess.run(["/bin/sh", "-c", "true"]), connect, lambda: 1 / 0,
        lambda: b"x" * (2**31 + 2**28) and None, lambda: print("internal error: x"), lambda: sys.exit(2),
        lambda: os.replace(tmp_path / "inside", outside), lambda: os.link(tmp_path / "printed", outside),
        lambda: outside.symlink_to("/etc"), lambda: os.truncate(other, 0), lambda: other.chmod(0o777),
        send,
    ]  # fmt: skip
    commands = [lambda: ["tracks"], _die, lambda: ["no such command"], *map(reaching, deeds)]
    found = [o.fault for o in run_watched(commands, tmp_path, [])]
    assert found[:3] == ["", "ended with -6", ""]
    assert [f.split(" '")[0].split(" (")[0] for f in found[3:]] == [
        "reached the file", "reached the program", "reached socket.connect", "ended with 99", found[7], "internal error", "said nothing",
        "reached os.rename of", "reached os.link of", "reached os.symlink of", "reached os.truncate of", "reached os.chmod of",
        "reached socket.sendto",
    ]  # fmt: skip
    assert found[7].endswith("MiB")
