"""Third-party packages, each with its own pyproject, in a fresh environment: installed, listed, checked, and run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.kit.fresh_environment import PROJECT, Environment, make_environment, succeed

STRANGER = PROJECT / "tests" / "stranger"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = make_environment(tmp_path_factory.mktemp("stranger"))
    shutil.copytree(STRANGER, environment.root / "vidgen-drift")
    succeed(environment.pip("install", str(environment.root / "vidgen-drift")))
    return environment


def test_both_come_from_the_fresh_environment(fresh: Environment) -> None:
    code = "import vidgen_bench, vidgen_backbones, vidgen_drift; print(vidgen_bench.__file__, vidgen_drift.__file__)"
    for path in succeed(fresh.python_code(code)).split():
        assert fresh.python.parents[1] in Path(path).parents


def test_statistics_and_weights_are_in_the_wheel_as_they_are_in_the_checkout(fresh: Environment) -> None:
    (installed,) = fresh.python.parents[1].rglob("site-packages/vidgen_bench/measure")
    ours = PROJECT / "vidgen_bench" / "measure"
    for folder, least in (("shipped", 9), ("instruments/c3d/weights", 3)):
        files = {path.relative_to(ours): path.read_bytes() for path in (ours / folder).rglob("*") if path.is_file()}
        assert len(files) >= least
        assert {name: (installed / name).read_bytes() for name in files} == files


def test_it_is_listed_with_its_distribution(fresh: Environment) -> None:
    result = fresh.call("plugins", "--json")
    assert result.returncode == 0, result.stderr
    found = [p for p in _entries(json.loads(result.stdout)) if p.get("name") == "drift"]
    assert len(found) == 1
    text = json.dumps(found[0])
    for word in ("vidgen-drift", "0.1.0", "between", "before", "after", "z' = rate f(z)"):
        assert word in text


def _entries(listing: object) -> list[dict]:
    """Every object in the listing that has a name, in any group."""
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_new_package_passes_and_trains_as_it_is(fresh: Environment) -> None:
    """What `plugins new` prints is typed, line by line, on a few pairs; test_tutorial.py does so for a backbone."""
    printed = succeed(fresh.call("plugins", "new", "my-ode"))
    install, check, run, leaderboard = [line.strip() for line in printed.splitlines() if line.startswith("  ")]
    few = {"VIDGEN_BENCH_PLUGINS": "my-ode,tgan,conv1d"}
    succeed(fresh.type(install))
    succeed(fresh.type(check, **few))
    succeed(fresh.type(run))
    table = succeed(fresh.type(leaderboard))
    assert [row for row in table.splitlines() if row.split()[:1] == ["tgan+my-ode"]], table
    (record,) = [r for r in fresh.workplace.records().values() if r["spec"] == "tgan+my-ode"]
    assert record["status"] == "finished"
    assert "vidgen-my-ode" in {p["distribution"] for p in record["plugins"]}
    passed = succeed(fresh.type("pytest -q my-ode -k 'declaration or shapes'", **few))  # its own tests are the checks
    assert re.search(r"^3 passed, \d+ deselected in", passed, re.MULTILINE), passed


def test_contributing_opens_with_these_very_lines() -> None:
    page = (PROJECT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL)
    module = (STRANGER / "vidgen_drift.py").read_text()
    assert blocks[0] == ("python", module)
    assert ("toml", (STRANGER / "pyproject.toml").read_text()) in blocks
    assert page.index("40 lines") < page.index("```")
    assert sum(1 for line in module.splitlines() if line.strip()) < 40
