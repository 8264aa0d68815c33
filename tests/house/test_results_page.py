"""docs/results.md is the report of the committed results, which hold every seed of every model of the suite that ran them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.kit.command import Command
from tests.kit.imports import ROOT

RESULTS = ROOT / "leaderboards" / "shapes-cpu"


def records() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*/seed-*.json"))]


def test_the_results_page_is_the_report_of_the_committed_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "results.md"
    done = Command(tmp_path, monkeypatch, capsys)(
        *("leaderboard", "--runs", ROOT / "leaderboards", "--track", "shapes-cpu", "--output", page),
        *("--format", "report"),
    )
    assert (done.code, done.err) == (0, "")
    assert page.read_text() == (ROOT / "docs" / "results.md").read_text()


def test_every_seed_of_every_model_of_the_suite_is_there() -> None:
    suite = tomllib.loads((ROOT / "docs" / "examples" / "shapes-board.toml").read_text())
    own = {"tgan": "tgan+conv1d", "mocogan": "mocogan+gru"}
    expected = {(own.get(cell["spec"], cell["spec"]), seed) for cell in suite["cells"] for seed in suite["seeds"]}
    found = records()
    assert sorted((record["spec"], record["seed"]) for record in found) == sorted(expected)
    assert len({(record["track"]["fingerprint"], record["data"]["fingerprint"]) for record in found}) == 1


def test_the_scores_see_a_still_latent_and_the_order_of_frames() -> None:
    """Every seed of ``constant`` is worse than the mean of every other model; only the null models do not mind shuffled frames."""
    scores: dict[str, dict[str, list[float]]] = {}
    for record in records():
        for name in ("fid", "fid-shuffled"):
            scores.setdefault(record["spec"], {}).setdefault(name, []).append(record["scores"][name]["mean"])
    still = scores.pop("tgan+constant")
    assert all(min(still["fid"]) > mean(of["fid"]) for of in scores.values())
    assert mean(still["fid-shuffled"]) == pytest.approx(mean(still["fid"]), rel=0.02)
    for spec, of in scores.items():
        change = mean(of["fid-shuffled"]) / mean(of["fid"])
        assert change == pytest.approx(1.0, abs=0.02) if spec == "tgan+iid" else change > 1.3, spec
