"""Files that git checked out with CRLF, as on Windows, are the same files."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.kit.finished_runs import finished_spec
from tests.kit.imports import ROOT
from tests.kit.submitted_results import attest, reasons, seeds_of, submitted
from vidgen_bench.experiments.submit.submit import submit
from vidgen_bench.leaderboard.collect import collect
from vidgen_bench.leaderboard.submissions.tombstone import withdraw
from vidgen_bench.leaderboard.submissions.verify import check_board, check_history, read_submissions

FOLDER = "test-64/tgan+ode1"


def with_crlf(root: Path) -> None:
    """Change every text file below a folder as git does with ``core.autocrlf``."""
    for path in (p for p in root.rglob("*") if p.suffix in (".json", ".md", ".toml")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def test_crlf_is_neither_a_fault_nor_a_change(tmp_path: Path) -> None:
    root, before = tmp_path / "results", tmp_path / "before"
    paths = submitted(root, *seeds_of())
    withdraw(paths[3], "wrong data")
    attest(paths[1])
    shutil.copytree(ROOT / "leaderboards/published", root / "published")
    (root / "README.md").write_bytes(read_submissions(root).board().encode())
    shutil.copytree(root, before)
    with_crlf(root)
    assert b"\r\n" in paths[0].read_bytes()
    now = read_submissions(root)
    assert reasons(root) == {}
    assert list(check_board(root, now)) == []
    assert list(check_history(read_submissions(before), now)) == []
    assert now.board() == read_submissions(before).board()
    assert collect([], [root]).faults == ()


def test_a_withdrawal_from_such_a_checkout_names_the_same_content(tmp_path: Path) -> None:
    root, before = tmp_path / "results", tmp_path / "before"
    path = submitted(root, *seeds_of())[3]
    shutil.copytree(root, before)
    with_crlf(root)
    withdraw(path, "wrong data")
    found = list(check_history(read_submissions(before), read_submissions(root)))
    assert [f.kind for f in found] == ["look"]


def test_a_result_in_such_a_checkout_is_already_there(tmp_path: Path) -> None:
    runs = finished_spec(tmp_path / "runs")
    submit(runs, tmp_path / "results")
    with_crlf(tmp_path / "results")
    assert submit(runs, tmp_path / "results")[0].already


def test_git_keeps_the_line_ends_of_results() -> None:
    assert "leaderboards/** text eol=lf" in (ROOT / ".gitattributes").read_text().splitlines()
