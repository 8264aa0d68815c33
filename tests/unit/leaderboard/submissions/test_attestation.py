"""Attestations and badges: a result is as far checked as the least checked of its seeds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.kit.submitted_results import attest, reasons, repeated, seeds_of, spoil, submitted
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

FOLDER = "test-64/tgan+ode1"


def page_line(root: Path) -> str:
    (line,) = [x for x in read_submissions(root).board().splitlines() if "seeds 0, 1, 2, 3, 4" in x]
    return line.rpartition("; ")[2]


def test_a_badge_needs_every_seed(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    assert page_line(tmp_path) == "self-reported"
    for path in paths[:4]:
        attest(path)
    assert page_line(tmp_path) == "self-reported"
    attest(paths[4], scores={}, tolerance=0.0, iterations=400)
    assert page_line(tmp_path) == "re-run in part"
    attest(paths[4], "recomputed")
    assert page_line(tmp_path) == "recomputed"
    attest(paths[4])
    assert page_line(tmp_path) == "re-run"
    assert reasons(tmp_path) == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"record": "0" * 64}, "attests another content"),
        ({"seed": 3}, "which the file name does not say"),
        ({"how": "believed"}, "is not a valid attestation: how"),
        ({"tolerance": 5.0}, "is not a valid attestation: tolerance"),
        ({"scores": {"fid": {"recorded": 100.0, "found": 102.0}}}, "by more than the tolerance"),
        ({"scores": {"fid": {"recorded": 100.0, "found": "\x1b[1m"}}}, r"'\x1b'"),
        ({"scores": {}}, "does not repeat the scores"),
        (
            {"scores": {"fid": {"recorded": 1.0, "found": 1.0}, "is": {"recorded": 1.0, "found": 1.0}}},
            "does not repeat",
        ),
        ({"iterations": 400, "tolerance": 0.0}, "without final scores"),
        ({"iterations": 400, "scores": {}}, "with an equal trace"),
        ({"iterations": 400, "scores": {}, "tolerance": 0.0, "how": "recomputed"}, "which is a re-run"),
        ({"iterations": 399, "scores": {}, "tolerance": 0.0}, "399 iterations, at which the record has no evaluation"),
        ({"iterations": 0, "scores": {}, "tolerance": 0.0}, "is not a valid attestation: iterations"),
        ({"who": "me"}, "unknown key"),
        ({"revision": ""}, "is not a valid attestation: revision"),
        ({"revision": " "}, "is not a valid attestation: revision"),
        ({"date": "2025-02-30"}, "the calendar has no day 2025-02-30"),
        ({"date": "9999-01-01"}, "has the date 9999-01-01, which is in the future"),
        ({"date": "2023-12-31"}, "the run finished on 2024-01-01, so nobody could repeat it before"),
        ({"version": "x" * 30_000}, "at most 20,000"),
    ],
)
def test_a_spoiled_attestation_is_listed_and_is_no_badge(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    paths = submitted(tmp_path, *seeds_of())
    for path in paths[1:]:
        attest(path)
    attest(paths[0], **changes)
    assert reason in reasons(tmp_path)[f"{FOLDER}/seed-0.attested.json"]
    assert page_line(tmp_path) == "self-reported"


def test_a_re_run_has_equal_scores(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    attest(paths[0], scores=repeated(paths[0], 1.001))
    assert "whose scores must be equal" in reasons(tmp_path)[f"{FOLDER}/seed-0.attested.json"]


@pytest.mark.parametrize(
    ("device", "world", "how", "badge"),
    [
        ("cuda", 1, "re-run", "self-reported"),
        ("mps", 1, "re-run", "self-reported"),
        ("cpu", 2, "re-run", "self-reported"),
        ("cuda", 1, "recomputed", "recomputed"),
        ("cpu", 1, "re-run", "re-run"),
    ],
)
def test_only_a_run_on_one_cpu_can_be_run_again(tmp_path: Path, device: str, world: int, how: str, badge: str) -> None:
    environment = {"torch": "2.6.0", "threads": 2, "device": device, "world": world}
    for path in submitted(tmp_path, *seeds_of(environment=environment)):
        attest(path, how)
    assert page_line(tmp_path) == badge
    refused = f"attests a re-run of a run on {world} x {device}; only runs on one CPU repeat to the same bytes"
    expected = [refused] if badge == "self-reported" else []
    assert list(dict.fromkeys(reasons(tmp_path).values())) == expected


def test_an_attestation_of_no_record_is_listed(tmp_path: Path) -> None:
    paths = submitted(tmp_path, *seeds_of())
    attest(paths[0])
    spoil(paths[0], lambda t: t.update(seed=1))
    assert "attests another content" in reasons(tmp_path)[f"{FOLDER}/seed-0.attested.json"]


def test_a_new_attestation_is_for_a_person(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    paths = submitted(tmp_path, *seeds_of())
    before = tmp_path_factory.mktemp("before") / "results"
    shutil.copytree(tmp_path, before)
    attest(paths[0])
    (found,) = check_history(read_submissions(before), read_submissions(tmp_path))
    assert (found.kind, found.path) == ("look", f"{FOLDER}/seed-0.attested.json")


def test_a_tolerance_above_one_percent_is_refused(tmp_path: Path) -> None:
    (path, *_) = submitted(tmp_path, *seeds_of())
    attest(path, "recomputed", tolerance=0.011)
    ((_, reason),) = reasons(tmp_path).items()
    assert "tolerance" in reason
