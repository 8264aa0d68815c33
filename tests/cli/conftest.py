"""Workplaces for the command-line tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.workplace import Workplace, make_workplace


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace that tests share: its videos are decoded once, its reference and anchors scored once."""
    return make_workplace(tmp_path_factory.mktemp("workplace"))


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """A workplace that only this test uses."""
    return make_workplace(tmp_path)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line in a folder of its own, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Command(tmp_path, monkeypatch, capsys)
