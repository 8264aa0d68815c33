"""A result whose scores are known to be wrong comes back with new scores of the same checkpoints, and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.finished_runs import finished
from tests.kit.record_files import record
from tests.kit.submitted_results import attest, reasons, scores, spoil
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.submit.submit import submit
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

FOLDER = "test-64/tgan+ode1"
ERRATA = '[[errata]]\nversions = ["0.0.9"]\nmetric = "fid"\nprotocol = "*"\nreason = "the divisor was n"\n'


def runs(place: Path, version: str, better: float = 0.0, **changes: Any) -> list[Path]:
    """Write the run folders of five seeds, of which the last diverged, scored by a version."""
    plugins = [p.model_dump() | ({"version": version} if p.kind == "metric" else {}) for p in record().plugins]
    made = [
        record(seed=n, scores=scores(n, better), diverged=n == 4, plugins=plugins, **({"version": version} | changes))
        for n in range(5)
    ]
    return [finished(place, one) for one in made]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a result that an entry of its errata.toml covers."""
    root = tmp_path / "leaderboards"
    submit(runs(tmp_path / "old", "0.0.9"), root)
    (root / "errata.toml").write_text(ERRATA)
    assert rankings(read_submissions(root).entries(), errata=read_submissions(root).errata)[0].rows[0].errata
    return root


def test_new_scores_of_the_same_checkpoints_replace_those_that_are_known_to_be_wrong(
    root: Path, tmp_path: Path
) -> None:
    attest(root / FOLDER / "seed-1.json")
    shutil.copytree(root, tmp_path / "before")
    again = runs(tmp_path / "new", "0.1.0", better=0.5)
    (done,) = submit(again, root)
    assert (done.already, done.replaced) == (False, True)
    assert reasons(root) == {}
    assert sorted(p.name for p in (root / FOLDER).iterdir()) == ["preview.jpg", *(f"seed-{n}.json" for n in range(5))]
    assert (root / FOLDER / "seed-3.json").read_bytes() == (again[3] / "record.json").read_bytes()
    now = read_submissions(root)
    assert rankings(now.entries(), errata=now.errata)[0].rows[0].errata == {}
    found = list(check_history(read_submissions(tmp_path / "before"), now))
    assert {f.kind for f in found} == {"look"}
    scored = [f.path for f in found if f.reason.startswith("was scored again: the checkpoint is the same")]
    assert scored == [f"{FOLDER}/seed-{n}.json" for n in range(5)]
    assert submit(again, root)[0].already


def test_after_a_kill_the_same_command_finishes_the_replacement(root: Path, tmp_path: Path) -> None:
    again = runs(tmp_path / "new", "0.1.0", better=0.5)
    shutil.copy(again[0] / "record.json", root / FOLDER / "seed-0.json")
    assert submit(again, root)[0].replaced
    assert reasons(root) == {}


REFUSED: dict[str, tuple[Callable[[Path, Path], list[Path]], str]] = {
    "no known error": (
        lambda new, root: (root / "errata.toml").unlink() or runs(new, "0.1.0", 0.5),
        "no score of it is known",
    ),
    "still wrong": (lambda new, root: runs(new, "0.0.9", 0.5), "is still known to be wrong"),
    "another training": (
        lambda new, root: runs(new, "0.1.0", 0.5, spent={"iterations": 400, "clips": 1, "flops": 1.0}),
        "seed 0 has another checkpoint or another training",
    ),
    "a withdrawn seed": (
        lambda new, root: withdraw(root / FOLDER / "seed-3.json", "mine") and runs(new, "0.1.0", 0.5),
        "A withdrawn seed is not sent in again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_else_replaces_a_result(root: Path, tmp_path: Path, name: str) -> None:
    make, reason = REFUSED[name]
    given = make(tmp_path / "new", root)
    before = {p: p.read_bytes() for p in root.rglob("*.json")}
    with pytest.raises(RequestError, match=reason):
        submit(given, root)
    assert {p: p.read_bytes() for p in root.rglob("*.json")} == before


def _copy(seeds: range) -> Callable[[Path, list[Path]], object]:
    def change(root: Path, again: list[Path]) -> None:
        for n in seeds:
            shutil.copy(again[n] / "record.json", root / FOLDER / f"seed-{n}.json")

    return change


def _other_checkpoint(root: Path, again: list[Path]) -> None:
    _copy(range(5))(root, again)
    spoil(root / FOLDER / "seed-2.json", lambda t: t["hashes"].update(checkpoint="0" * 64))


HISTORIES: dict[str, tuple[Callable[[Path, list[Path]], object], str]] = {
    "two seeds only": (_copy(range(2)), "a score of seed 2 is still known to be wrong; all seeds are scored again"),
    "another checkpoint": (_other_checkpoint, "seed 2 has another checkpoint or another training"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_verify_refuses_a_change_that_is_not_a_new_scoring(root: Path, tmp_path: Path, name: str) -> None:
    change, reason = HISTORIES[name]
    before = read_submissions(root)
    change(root, runs(tmp_path / "new", "0.1.0", better=0.5))
    found = [f for f in check_history(before, read_submissions(root)) if f.kind == "fault"]
    assert found
    assert all(f.reason.startswith("was changed. Results are not edited") and f.reason.endswith(reason) for f in found)


def test_an_erratum_of_the_same_change_does_not_count(root: Path, tmp_path: Path) -> None:
    (root / "errata.toml").unlink()
    before = read_submissions(root)
    (root / "errata.toml").write_text(ERRATA)
    _copy(range(5))(root, runs(tmp_path / "new", "0.1.0", better=0.5))
    found = [f for f in check_history(before, read_submissions(root)) if f.kind == "fault"]
    assert [f.path for f in found] == [f"{FOLDER}/seed-{n}.json" for n in range(5)]
