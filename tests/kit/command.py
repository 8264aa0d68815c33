"""The command line, called in this process where that is enough and in one of its own where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.forked import THREADS, run_command

START = "from vidgen_bench.cli.main import main; main()"
"""Starts the command line in a new interpreter."""


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """Calls ``vidgen-bench`` in a folder, 120 columns wide."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Done:
        """Run ``main()`` in this process."""
        from vidgen_bench.cli.main import main

        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setenv("COLUMNS", "120")
        self.monkeypatch.setattr(sys, "argv", ["vidgen-bench", *map(str, arguments)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capsys.readouterr()
        assert "Traceback" not in out + err
        return Done(int(ended.value.code or 0), out, err)

    def spawn(self, *arguments: str | Path, start: str | None = None, **environment: str) -> Done:
        """Run the command in a process of its own; ``start`` is Python code that starts it in a new interpreter."""
        whole = os.environ | THREADS | {"COLUMNS": "120"} | environment
        if start is None:
            done = run_command(arguments, self.folder, whole)
        else:
            call = [sys.executable, "-c", start, *map(str, arguments)]
            done = subprocess.run(call, cwd=self.folder, env=whole, capture_output=True, text=True, timeout=120)
        return Done(done.returncode, done.stdout, done.stderr)
