"""docs/plugins/your-own-launcher.md: the launcher that it builds, with the files as the page shows them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.kit.conformance import failures
from tests.kit.fresh_environment import make_environment, succeed
from tests.kit.tutorial import PAGES, shown_files, typed, write_files
from tests.kit.wrong import host_of
from vidgen_bench.api import Job, Started
from vidgen_bench.conformance import cases

PAGE = (PAGES / "your-own-launcher.md").read_text()
FOLDER = "vidgen-nice"


@pytest.fixture
def nice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The host of the page's module, in a folder of its own."""
    write_files(tmp_path, shown_files(PAGE))
    monkeypatch.syspath_prepend(str(tmp_path / FOLDER))
    monkeypatch.chdir(tmp_path)
    yield host_of("vidgen_nice")
    for name in [name for name in sys.modules if name.partition(".")[0] == "vidgen_nice"]:
        del sys.modules[name]


def test_the_page_shows_three_files(nice) -> None:
    assert set(shown_files(PAGE)) == {
        f"{FOLDER}/{name}" for name in ("pyproject.toml", "vidgen_nice/__init__.py", "vidgen_nice/line.py")
    }
    assert not nice.broken
    assert nice.find("launcher", "nice").declaration.outlives is False


def test_its_jobs_have_the_priority_of_its_option(nice, tmp_path: Path) -> None:
    launcher = nice.find("launcher", "nice").declaration
    arguments = ("plugins", "rehearse", "a", f"--notes={tmp_path / 'notes'}", "--seconds=60")
    handle = launcher.submit([Job("a", "a", arguments, tmp_path / "a.txt")], launcher.options(level=7))
    assert [type(event) for event in handle.poll()] == [Started]
    assert os.getpriority(os.PRIO_PROCESS, handle.running[1].pid) == 7
    handle.cancel()
    assert handle.poll()[0].exit_code == 143
    assert list(handle.jobs) == []


def test_quick_checks_pass(nice) -> None:
    chosen = {case.check: case for case in cases("nice", nice)}
    for check in ("refusal", "output", "cancel"):
        chosen[check]()


@pytest.mark.slow
def test_every_check_passes(nice) -> None:
    assert failures("nice", nice) == {}


def plain(text: str) -> str:
    """Return the words of a text without its seconds."""
    return re.sub(r"\d+\.\d s", "# s", " ".join(text.split()))


@pytest.mark.slow
def test_the_page_is_followed_in_a_fresh_environment(tmp_path: Path) -> None:
    reader = make_environment(tmp_path)
    write_files(reader.root, shown_files(PAGE))
    lines = list(typed(PAGE))
    assert [line for line, _ in lines] == [
        "pip install -e vidgen-nice",
        "vidgen-bench plugins show nice",
        "vidgen-bench plugins check nice",
    ]
    for line, shown in lines:
        came = succeed(reader.type(line, COLUMNS="120"))
        assert plain(came) == plain(shown) or line.startswith("pip")
    arguments = ["--seeds", "0-1", "--budget", "iterations=2", *reader.workplace.data_arguments]
    succeed(reader.call("run", "tgan+ode1", *arguments, "--on", "nice", "--set", "launcher.level=15"))
    assert len(reader.workplace.records()) == 2
