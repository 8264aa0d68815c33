"""What maintainers write: its content is checked; with ``--base``, a change is shown to a person and is not a fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.submitted_results import reasons, seeds_of, submitted
from vidgen_bench.leaderboard.submissions.verify import check_history, read_submissions

ERRATUM = '[[errata]]\nversions = ["0.1.0"]\nmetric = "fid"\nprotocol = "*"\nreason = "wrong"\n'

PUBLISHED = (
    'source = "A paper"\nprotocol = "its own"\nspread = "standard deviation"\n'
    '[[rows]]\nsystem = "x"\ndataset = "UCF101"\nmetric = "IS"\nmean = 1.5\n'
)

CHANGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "changed": (
        lambda root: (root / "published/a.toml").write_text(PUBLISHED + "# x\n"),
        "published/a.toml",
        "was changed",
    ),
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
    (root / "published/a.toml").write_text(PUBLISHED)
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


WRONG: dict[str, tuple[str, str, str]] = {
    "not TOML": ("a.toml", "[[[", "is not valid TOML"),
    "an unknown key": ("a.toml", PUBLISHED + 'colour = "red"\n', "rows.0.colour: unknown key"),
    "infinity": ("a.toml", PUBLISHED.replace("1.5", "inf"), "finite number"),
    "not UTF-8 in JSON": ("b.json", "\ud800", "is not valid JSON"),
    "NaN": ("b.json", '{"x": NaN}', "contains NaN"),
    "a claim": ("claims/c.toml", "x = 1", "unknown key"),
    "TOML of another folder": ("other/d.toml", "= 1", "is not valid TOML"),
    "deep": ("other/d.toml", "x = " + "[" * 5000, "is not valid TOML"),
    "too large": ("a.toml", PUBLISHED + "#" * 200_000, "bytes; at most 200,000 are allowed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_published_results_that_no_table_can_show_are_a_fault(tmp_path: Path, name: str) -> None:
    file, text, reason = WRONG[name]
    path = tmp_path / "published" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode(errors="surrogatepass"))
    found = reasons(tmp_path)
    assert list(found) == [f"published/{file}"]
    assert reason in found[f"published/{file}"]
