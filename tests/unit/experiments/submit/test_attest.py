"""Attesting: equal records, scores within the tolerance, or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.kit.record_files import MEASURED, record
from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.submit.attest import attest, submitted_record
from vidgen_bench.experiments.submit.rerun import unequal
from vidgen_bench.records.entries import Score


def test_records_that_differ_in_measured_only_are_equal() -> None:
    assert unequal(record(), record(measured=MEASURED | {"train_seconds": 1.0, "resumed": 3})) == []


def test_the_fields_that_differ_are_named() -> None:
    other = record(scores={"is": [3.0], "fid": [300.0]}, version="0.2.0")
    assert unequal(record(), other) == ["version", "scores"]


def test_scores_within_the_tolerance_are_attested(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[2]
    one = submitted_record(path)
    found = {name: Score.of([s.mean * 1.005]) for name, s in one.scores.items()}
    target = attest(path, one, found, "recomputed", device="cuda", tolerance=0.01)
    assert target.name == "seed-2.attested.json"
    assert hashlib.sha256(path.read_bytes()).hexdigest() in target.read_text()
    assert reasons(tmp_path) == {}


def test_other_scores_are_not_attested(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[2]
    one = submitted_record(path)
    found = {name: Score.of([s.mean * 1.02]) for name, s in one.scores.items()}
    with pytest.raises(VidgenBenchError, match="Nothing was attested") as caught:
        attest(path, one, found, "recomputed", device="cuda", tolerance=0.01)
    assert caught.value.exit_code == 1
    assert not list(tmp_path.rglob("*.attested.json"))


def test_only_an_accepted_record_is_repeated(tmp_path: Path) -> None:
    path = submitted(tmp_path, *seeds_of())[2]
    spoil(path, lambda t: t["plugins"][0].update(version="\x1b[2J"))
    with pytest.raises(RequestError, match="is not a submitted record") as caught:
        submitted_record(path)
    assert "\x1b" not in str(caught.value)
    with pytest.raises(RequestError, match="cannot be read"):
        submitted_record(tmp_path / "absent.json")
