"""An environment of its own for packages of strangers: they are installed into it as a person would, and nothing is downloaded."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.kit.workplace import Workplace, make_workplace

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Environment:
    """A virtual environment; it borrows third-party libraries from the one that runs the tests, and nothing else."""

    python: Path
    workplace: Workplace

    @property
    def root(self) -> Path:
        """The folder that commands run in."""
        return self.workplace.root

    def call(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's own ``vidgen-bench``."""
        return self._call([str(self.python.parent / "vidgen-bench"), *arguments], **more)

    def python_code(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run Python code in the environment."""
        return self._call([str(self.python), "-c", code])

    def type(self, line: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a person types it: ``pip``, ``pytest`` or ``vidgen-bench``, whose runs are of the tiny track.

        A variable may stand before it, as in ``VIDGEN_BENCH_PLUGINS=tgan vidgen-bench plugins``.
        """
        first, *arguments = shlex.split(line)
        if "=" in first:
            name, _, value = first.partition("=")
            return self.type(shlex.join(arguments), **{name: value}, **more)
        if first == "pip":
            return self.pip(*arguments)
        if first == "pytest":
            return self._call([str(self.python), "-m", "pytest", "-p", "no:cacheprovider", *arguments], **more)
        assert first == "vidgen-bench", line
        tiny = self.workplace.data_arguments if arguments[0] == "run" else []
        return self.call(*arguments, *tiny, **more)

    def pip(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pip, for real: what it installs is built, with metadata, from nothing but what is on this machine."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), command, "--quiet"]
        offline = ["--no-deps", "--no-build-isolation", "--no-index"] if command == "install" else []
        return self._call([*pip, "--disable-pip-version-check", *offline, *arguments])

    def _call(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        variables = {k: v for k, v in self.workplace.environment(**more).items() if k != "PYTHONPATH"}
        return subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, timeout=240)


def make_environment(root: Path) -> Environment:
    """Return an environment below this folder, with a workplace and vidgen-bench in it as its wheel has it."""
    venv.create(root / "env", with_pip=False)
    scripts = root / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    if not python.exists():
        python = scripts / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    # a plain path line adds the libraries without their own .pth files: an editable vidgen-bench stays behind
    lines = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "borrowed.pth").write_text("".join(f"{line}\n" for line in sorted(lines)))
    environment = Environment(python, make_workplace(root))
    ignored = shutil.ignore_patterns(".*", "__pycache__", "runs", "tests", "*.egg-info")
    shutil.copytree(PROJECT, root / "vidgen-bench", ignore=ignored)
    succeed(environment.pip("install", str(root / "vidgen-bench")))
    return environment


def succeed(result: subprocess.CompletedProcess[str]) -> str:
    """Return what a command wrote to standard output, all of it that ended well."""
    assert result.returncode == 0, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result.stdout
