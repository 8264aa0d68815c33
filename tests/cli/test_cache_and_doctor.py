"""``vidgen-bench cache`` and ``vidgen-bench doctor`` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.cache_files import KEY, aged, filled_cache
from tests.kit.command import Command
from tests.kit.safe_text import check_json, check_text
from vidgen_bench.data.lock import hold
from vidgen_bench.experiments.doctor.finding import Finding

HEAVY = "import atexit, sys; atexit.register(lambda: print('heavy:', sorted({'torch', 'numpy'} & set(sys.modules))));"


@pytest.fixture
def cache(command: Command) -> Path:
    return filled_cache(command.folder / "cache" / "vidgen-bench")


def test_the_cache_is_shown_by_kinds_and_by_entries(command: Command, cache: Path) -> None:
    done = command("cache")
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: line.split()[1:4] for line in done.out.splitlines() if line and not line.startswith(" ")}
    assert rows["decoded"] == ["3", "30", "B"]
    assert set(rows) >= {"videos", "decoded", "reference", "anchors", "index", "unfinished", "other"}
    assert f"160 B in 17 files in {cache}" in done.out
    done = command("cache", "show", "decoded")
    assert f"stores/{KEY}" in done.out
    assert "anchors" not in done.out
    found = check_json(command("cache", "show", "--json").out)
    assert {entry["kind"]: entry["files"] for entry in found["entries"] if entry["kind"] == "reference"} == {
        "reference": 2
    }
    done = command("cache", "show", "decode")
    assert (done.code, "Did you mean 'decoded'?" in done.err) == (2, True)


def test_an_empty_cache_says_so(command: Command) -> None:
    done = command("cache")
    assert (done.code, done.out.startswith("There is nothing in the cache ")) == (0, True)
    assert command("cache", "clean", "all", "--yes").out == "There is nothing to remove.\n"


def test_clean_shows_what_it_would_remove_and_removes_it(command: Command, cache: Path) -> None:
    done = command("cache", "clean", "decoded", "anchors", "--dry-run")
    assert done.code == 0
    assert "Would remove 2 entries (5 files), which frees 50 B." in done.out
    assert f"stores/{KEY}" in done.out
    done = command("cache", "clean", "decoded")
    assert (done.code, "Pass --yes to remove" in done.err) == (2, True)
    assert (cache / "stores" / KEY).exists()
    done = command("cache", "clean", "decoded", "--yes")
    assert (done.code, done.out) == (0, "Removed 1 entry (3 files), which frees 30 B.\n")
    assert not (cache / "stores" / KEY).exists()
    assert (cache / "anchors" / "f4.json").exists()
    assert command("cache", "clean").code == command("cache", "clean", "decodd").code == 2


def test_clean_by_age(command: Command, cache: Path) -> None:
    import time

    aged(cache, "shapes-1", 40 * 86400, time.time())
    assert (
        command("cache", "clean", "--older-than", "30", "--yes").out == "Removed 1 entry (2 files), which frees 20 B.\n"
    )
    assert not (cache / "shapes-1").exists()
    assert command("cache", "clean", "--older-than", "-1").code == 2


def test_clean_keeps_what_a_process_makes_and_removes_the_others(command: Command, cache: Path) -> None:
    with hold(cache / "stores" / KEY, lambda *_: None, ""):
        done = command("cache", "clean", "decoded", "videos", "--yes")
    assert done.code == 75
    assert done.out == "Removed 2 entries (3 files), which frees 30 B.\n"
    assert f"stores/{KEY} is being made by another process" in done.err
    assert (cache / "stores" / KEY).exists()


@pytest.mark.parametrize("start", [["cache", "show", "decoded"]])
def test_no_torch_is_imported(command: Command, cache: Path, start: list[str]) -> None:
    done = command.spawn(*start, start=HEAVY + "from vidgen_bench.cli.main import main; main()")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "heavy: []"


def test_names_from_elsewhere_are_texts(command: Command, cache: Path) -> None:
    (cache / "stores" / "a\x1b[31m\u202e").mkdir()
    for arguments in (["cache"], ["cache", "show", "decoded"], ["cache", "show", "--json"]):
        done = command(*arguments)
        assert done.code == 0
        check_text(done.out)


def test_doctor_finds_nothing_broken_here(command: Command) -> None:
    done = command("doctor")
    assert (done.code, done.err) == (0, "")
    assert {line.split()[0] for line in done.out.splitlines()[:-1] if not line.startswith(" ")} <= {"ok", "note"}
    assert done.out.endswith("Nothing is broken.\n")
    assert len(done.out.splitlines()) <= 24
    names = {line.split()[1] for line in done.out.splitlines()[:-1] if not line.startswith(" ")}
    assert names >= {"python", "torch", "device", "threads", "decoders", "plugins", "cache", "disk"}


def test_doctor_names_what_is_broken_with_its_fix(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(host: object, runs: Path) -> list[Finding]:
        return [
            Finding("torch", "ok", "torch 2"),
            Finding("decoders", "note", "OpenCV differs", "runs do not use it"),
            Finding("plugins", "fault", "mine: \x1b[31mbroken", "pip uninstall mine"),
        ]

    monkeypatch.setattr("vidgen_bench.experiments.doctor.examine.examine", examine)
    done = command("doctor")
    assert done.code == 1
    assert done.err == "error: Broken: plugins. Each has its fix beside it.\n"
    assert [line.split() for line in done.out.splitlines()] == [
        ["ok", "torch", "torch", "2"],
        ["note", "decoders", "OpenCV", "differs"],
        ["runs", "do", "not", "use", "it"],
        ["fault", "plugins", "mine:", r"\x1b[31mbroken"],
        ["fix:", "pip", "uninstall", "mine"],
    ]
    done = command("doctor", "--json")
    assert (done.code, json.loads(done.out)["healthy"]) == (1, False)
