"""``vidgen-bench paper``: the claims in every format, and Figure 3 in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.command import Command


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def test_claims_in_three_formats(command: Command) -> None:
    text = command("paper", "claims")
    assert (text.code, text.err) == (0, "")
    for figure in ("p = 0.26", "p = 5.1e-11", "about 0.74", "About 71 seeds"):
        assert figure in " ".join(text.out.split())
    assert "- *methods*: not testable" in command("paper", "claims", "--format", "markdown").out
    first, second = json.loads(command("paper", "claims", "--format", "json").out)["claims"][:2]
    assert first["between_methods"]["seeds"] == 71
    assert second["between_checkpoints"]["p"] == pytest.approx(5.09e-11, rel=0.01)
    assert second["between_methods"] is None


def test_figure_3_goes_to_a_file(command: Command, tmp_path: Path) -> None:
    done = command("paper", "figure-3", "--output", "figure.svg")
    assert (done.code, done.out) == (0, "Wrote figure.svg\n")
    assert (tmp_path / "figure.svg").read_text().startswith("<svg ")
    assert command("paper", "figure-3", "--format", "csv").out.startswith("backbone,temporal,f,iteration,")
