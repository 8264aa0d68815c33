"""With ``--base``, a change of what maintainers write is shown to a person; it is not a fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.submitted_results import seeds_of, submitted
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

ERRATUM = '[[errata]]\nversions = ["0.1.0"]\nmetric = "fid"\nprotocol = "*"\nreason = "wrong"\n'

CHANGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "changed": (lambda root: (root / "published/a.toml").write_text("x = 2\n"), "published/a.toml", "was changed"),
    "removed": (lambda root: (root / "published/a.toml").unlink(), "published/a.toml", "was removed"),
    "new": (
        lambda root: (root / "published/paper/seed-1.json").write_text("{}"),
        "published/paper/seed-1.json",
        "is new",
    ),
    "errata changed": (lambda root: (root / "errata.toml").write_text(ERRATUM), "errata.toml", "was changed"),
    "errata removed": (lambda root: (root / "errata.toml").unlink(), "errata.toml", "was removed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_for_a_person_to_look_at(tmp_path: Path, name: str) -> None:
    change, path, what = CHANGES[name]
    root, before = tmp_path / "results", tmp_path / "before"
    submitted(root, *seeds_of())
    (root / "published/paper").mkdir(parents=True)
    (root / "published/a.toml").write_text("x = 1\n")
    (root / "published/paper/seed-0.json").write_text("{}")
    (root / "errata.toml").write_text("# none\n")
    (root / "README.md").write_text("one")
    shutil.copytree(root, before)
    (root / "README.md").write_text("another, which is compared with the generated page")
    assert list(check_history(read_submissions(before), read_submissions(root))) == []
    change(root)
    (found,) = check_history(read_submissions(before), read_submissions(root))
    assert (found.path, found.kind) == (path, "look")
    assert found.reason == f"{what}; maintainers write it, and results do not need it"
