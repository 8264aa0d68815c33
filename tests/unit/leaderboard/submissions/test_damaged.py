"""A record that is too damaged to be withdrawn can be removed or replaced; a person looks at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.submitted_results import reasons, seeds_of, spoil, submitted
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

PLACE = "test-64/tgan+ode1/seed-3.json"


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "not JSON": lambda path: path.write_text("[[["),
    "empty": lambda path: path.write_text(""),
    "not a table": lambda path: path.write_text("3"),
    "cut": lambda path: path.write_text(path.read_text()[:500]),
    "another seed": lambda path: spoil(path, lambda table: table.update(seed=1)),
    "too large": lambda path: path.write_text(" " * 300_000),
    "a link": _link,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_record_can_be_replaced_or_removed(tmp_path: Path, name: str) -> None:
    root = tmp_path / "results"
    path = submitted(root, *seeds_of())[3]
    intact = path.read_bytes()
    DAMAGES[name](path)
    before = read_submissions(root)
    assert before.damaged == {PLACE}
    with pytest.raises(RequestError):
        withdraw(path, "damaged")
    os.unlink(path)
    (removed,) = check_history(before, read_submissions(root))
    assert (removed.path, removed.kind) == (PLACE, "look")
    assert removed.reason.startswith("was removed; it was too damaged to be withdrawn")
    path.write_bytes(intact)
    (replaced,) = check_history(before, read_submissions(root))
    assert (replaced.path, replaced.kind) == (PLACE, "look")
    assert replaced.reason.startswith("was changed; it was too damaged to be withdrawn")
    assert reasons(root) == {}


def test_a_record_that_can_be_withdrawn_is_not_removed(tmp_path: Path) -> None:
    root = tmp_path / "results"
    path = submitted(root, *seeds_of())[3]
    spoil(path, lambda table: table["scores"]["fid"].update(mean=1.0))
    before = read_submissions(root)
    shutil.copy(path, tmp_path / "kept")
    path.unlink()
    (found,) = check_history(before, read_submissions(root))
    assert (found.kind, "Withdraw it instead" in found.reason) == ("fault", True)
    shutil.copy(tmp_path / "kept", path)
    withdraw(path, "edited by hand")
    assert [f.kind for f in check_history(before, read_submissions(root))] == ["look"]
