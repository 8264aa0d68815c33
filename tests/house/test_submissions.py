"""The committed results: they pass their own checks, and the workflow that checks pull requests has no power."""

from __future__ import annotations

from tests.kit.imports import ROOT
from vidgen_bench.leaderboard.submissions.verify import check_board, read_submissions

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_committed_results_have_no_fault() -> None:
    found = read_submissions(ROOT / "leaderboards")
    assert found.faults == []
    assert list(check_board(ROOT / "leaderboards", found)) == []


def test_workflows_have_no_secrets_and_cannot_write() -> None:
    assert [path.name for path in WORKFLOWS] == ["results.yml"]
    for path in WORKFLOWS:
        text = path.read_text()
        assert "permissions:\n  contents: read\n" in text
        assert text.count("persist-credentials: false") == text.count("uses: actions/checkout")
        for word in ("pull_request_target", "secrets.", "write", "github.token", "GITHUB_TOKEN", "workflow_run"):
            assert word not in text.split("name: results", 1)[1], word


def test_no_submitted_code_is_installed() -> None:
    text = (ROOT / ".github" / "workflows" / "results.yml").read_text()
    assert "./base" in text
    assert "./change" not in text
    assert "ref: ${{ github.event.pull_request.base.sha }}" in text
