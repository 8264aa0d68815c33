"""A stranger's package, with its own pyproject, in an environment of its own: installed, listed, and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.tiny import Workplace, make_workplace

PROJECT = Path(__file__).resolve().parents[2]
STRANGER = PROJECT / "tests" / "stranger"


@dataclass(frozen=True)
class Environment:
    """A virtual environment; it borrows third-party libraries from the one that runs the tests, and nothing else."""

    bin: Path
    workplace: Workplace

    def call(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's own ``vidgen-bench``."""
        variables = {k: v for k, v in self.workplace.environment(**more).items() if k != "PYTHONPATH"}
        command = [str(self.bin / "vidgen-bench"), *arguments]
        return subprocess.run(
            command, cwd=self.workplace.root, env=variables, capture_output=True, text=True, timeout=240
        )


def install(python: Path, source: Path, copy: Path) -> None:
    """Install a copy of a project, for real: built, with metadata, from nothing but what is on this machine."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "runs", "tests", "leaderboards", "*.egg-info")
    shutil.copytree(source, copy, ignore=ignored if source == PROJECT else None)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", str(copy)],
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    root = tmp_path_factory.mktemp("stranger")
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
    install(python, PROJECT, root / "vidgen-bench")
    install(python, STRANGER, root / "vidgen-drift")
    return Environment(scripts, make_workplace(root))


def test_both_come_from_the_fresh_environment(fresh: Environment) -> None:
    code = "import vidgen_bench, vidgen_backbones, vidgen_drift; print(vidgen_bench.__file__, vidgen_drift.__file__)"
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [str(fresh.bin / "python"), "-c", code]
    result = subprocess.run(
        command, cwd=fresh.workplace.root, env=variables, capture_output=True, text=True, check=True
    )
    for path in result.stdout.split():
        assert fresh.bin.parent in Path(path).parents


def test_it_is_listed_with_its_distribution(fresh: Environment) -> None:
    result = fresh.call("plugins", "--json")
    assert result.returncode == 0, result.stderr
    found = [p for p in _entries(json.loads(result.stdout)) if p.get("name") == "drift"]
    assert len(found) == 1
    text = json.dumps(found[0])
    for word in ("vidgen-drift", "0.1.0", "between", "before", "after", "z' = rate f(z)"):
        assert word in text


def _entries(listing: object) -> list[dict]:
    """Every object in the listing that has a name, whatever it is grouped by."""
    if isinstance(listing, dict):
        inner = [e for value in listing.values() for e in _entries(value)]
        return [listing, *inner] if "name" in listing else inner
    return [e for value in listing for e in _entries(value)] if isinstance(listing, list) else []


def test_its_option_is_shown_and_checked(fresh: Environment) -> None:
    shown = fresh.call("plugins", "show", "drift")
    assert shown.returncode == 0, shown.stderr
    for word in ("rate", "number", "0.5", "speed of the path", "slow"):
        assert word in shown.stdout
    wrong = fresh.call("run", "tgan+drift", "--set", "temporal.rat=1", *fresh.workplace.data_arguments, "--dry-run")
    assert wrong.returncode == 2
    assert "Did you mean 'rate'" in _words(wrong.stderr)
    below = fresh.call("run", "tgan+drift", "--set", "temporal.rate=-1", *fresh.workplace.data_arguments, "--dry-run")
    assert below.returncode == 2
    assert "at least 0" in _words(below.stderr)


def _words(text: str) -> str:
    return " ".join(text.split())


def test_the_allow_list_leaves_it_out(fresh: Environment) -> None:
    result = fresh.call("plugins", "--json", VIDGEN_BENCH_PLUGINS="vidgen-bench")
    assert result.returncode == 0
    assert "drift" not in {p["name"] for p in _entries(json.loads(result.stdout))}


def test_it_runs(fresh: Environment) -> None:
    arguments = ["--budget", "iterations=2", "--set", "temporal.rate=0.2", *fresh.workplace.data_arguments]
    result = fresh.call("run", "tgan+drift", *arguments)
    assert result.returncode == 0, result.stderr
    (record,) = fresh.workplace.records().values()
    assert record["spec"] == "tgan+drift"
    assert record["options"]["temporal.rate"] == {"value": 0.2, "origin": "given"}
    assert record["parameters"]["temporal"] == 10_100
    assert {p["distribution"] for p in record["plugins"]} >= {"vidgen-bench", "vidgen-drift"}
    assert record["status"] == "finished"


def test_contributing_opens_with_these_very_lines() -> None:
    page = (PROJECT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL)
    module = (STRANGER / "vidgen_drift.py").read_text()
    assert blocks[0] == ("python", module)
    assert ("toml", (STRANGER / "pyproject.toml").read_text()) in blocks
    assert page.index("30 lines") < page.index("```")
    assert sum(1 for line in module.splitlines() if line.strip()) <= 30
