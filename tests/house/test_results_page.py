"""docs/results.md is the report of the committed results, which hold every seed of every model of the suite that ran them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.kit.command import Command
from tests.kit.imports import ROOT

RESULTS = ROOT / "leaderboards" / "shapes-cpu"


def test_the_results_page_is_the_report_of_the_committed_results(command: Command, tmp_path: Path) -> None:
    done = command(
        *("leaderboard", "--runs", ROOT / "leaderboards", "--track", "shapes-cpu"),
        *("--format", "report", "--output", tmp_path / "results.md"),
    )
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "results.md").read_text() == (ROOT / "docs" / "results.md").read_text()


def test_every_seed_of_every_model_of_the_suite_is_there() -> None:
    suite = tomllib.loads((ROOT / "docs" / "examples" / "shapes-board.toml").read_text())
    own = {"tgan": "tgan+conv1d", "mocogan": "mocogan+gru"}
    asked = {(own.get(cell["spec"], cell["spec"]), seed) for cell in suite["cells"] for seed in suite["seeds"]}
    found = [json.loads(path.read_text()) for path in RESULTS.glob("*/seed-*.json")]
    assert sorted((record["spec"], record["seed"]) for record in found) == sorted(asked)
    assert {record["track"]["fingerprint"] for record in found} == {found[0]["track"]["fingerprint"]}


def test_a_still_latent_loses_where_motion_matters() -> None:
    """Every model with a moving latent is better than ``constant``, and the order of frames matters to all but the null models."""
    scores = {
        (record["spec"], record["seed"]): record["scores"]
        for record in (json.loads(path.read_text()) for path in RESULTS.glob("*/seed-*.json"))
    }
    assert scores
