"""``python -m benchmarks``: named parts, JSON and Markdown, and the script for a GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks.__main__ import PARTS, main
from benchmarks.page import BEGIN, END, placed
from benchmarks.tables import Table
from benchmarks.timing import Times, alternate, ratio, ratios, spread
from benchmarks.trainer import trained
from tests.kit import toy_game

ROOT = Path(__file__).parents[2]


def table(quick: bool) -> list[Table]:
    return [Table("A title", ("", "ms", "share"), [("ours", 1234.5, None), ("theirs", 0.12345, 7)], f"quick: {quick}")]


def test_the_named_parts_are_written_as_json_and_markdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks.clipping", SimpleNamespace(tables=table))
    main(["clipping", "--quick", "--out", str(tmp_path / "new")])
    text = (tmp_path / "new" / "benchmarks.md").read_text()
    assert (
        "### A title\n\n|  | ms | share |\n|---|---|---|\n| ours | 1,234 | – |\n| theirs | 0.123 | 7 |\n\nquick: True\n"
        in text
    )
    assert "| ours | 1,234 | – |" in capsys.readouterr().out
    found = json.loads((tmp_path / "new" / "benchmarks.json").read_text())
    assert found["machine"]["quick"] is True
    assert found["parts"]["clipping"][0]["rows"][1] == {"": "theirs", "ms": 0.12345, "share": 7}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nothing"], "no benchmark named 'nothing'"), (["--threads", "0"], "expected at least 1")],
)
def test_a_wrong_request_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert (ended.value.code, message in capsys.readouterr().err) == (2, True)


def test_every_part_is_a_module_with_tables() -> None:
    for part in PARTS:
        assert "def tables(quick: bool)" in (ROOT / "benchmarks" / f"{part}.py").read_text(), part


def test_alternatives_take_turns_and_the_first_round_does_not_count() -> None:
    calls: list[str] = []
    times = alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2)
    assert calls == ["a", "b"] * 3
    assert [len(t.wall) for t in times.values()] == [2, 2]


def test_ratios_are_per_round() -> None:
    assert ratio([2.0, 30.0, 4.0], [1.0, 10.0, 4.0]) == (2.0, 1.0, 3.0)
    assert spread([0.2, 0.1, 0.4], 1e3) == "200 (100–400)"
    times = {"ours": Times([1.0, 10.0], [1.0, 1.0]), "theirs": Times([2.0, 20.0], [3.0, 3.0])}
    assert ratios("title", times, "ours").rows[1] == ("theirs", "1.1e+04 (2e+03–2e+04)", 2.0, 3.0)


def test_tables_replace_those_between_the_markers() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert placed(page, "new\n") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert placed(placed(page, "new"), "new") == placed(page, "new")
    for broken in ("no markers", f"{END}{BEGIN}", page + BEGIN):
        with pytest.raises(ValueError, match="once each, in this order"):
            placed(broken, "new")


def test_the_page_has_the_markers() -> None:
    placed((ROOT / "docs" / "performance.md").read_text(), "tables")


@pytest.mark.parametrize(
    ("arguments", "message"), [(["--fast"], "unknown argument --fast"), (["--out"], "--out needs a value")]
)
def test_the_script_for_a_gpu_refuses_what_it_does_not_know(arguments: list[str], message: str) -> None:
    done = subprocess.run(["bash", "benchmarks/gpu.sh", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_the_script_for_a_gpu_needs_less_than_nine_minutes() -> None:
    script = (ROOT / "benchmarks" / "gpu.sh").read_text()
    limits = [int(part.split(":")[1]) for part in script.split("for part in ")[1].split(";")[0].split()]
    assert sum(limits) < 9 * 60


STUB = """#!/bin/sh
case "$3" in  # of: python -m benchmarks PART --quick --out FOLDER
  clipping) exit 1 ;;
  *.md) exec {python} "$@" ;;
esac
mkdir -p "$6"
printf 'machine X\\n## %s\\n' "$3" > "$6/benchmarks.md"
"""


def test_the_script_for_a_gpu_keeps_what_was_measured_when_a_part_fails(tmp_path: Path) -> None:
    stub, page = tmp_path / "bin" / "python", tmp_path / "page.md"
    stub.parent.mkdir()
    stub.write_text(STUB.replace("{python}", sys.executable))
    stub.chmod(0o755)
    page.write_text(f"{BEGIN}\n{END}\n")
    words = ["bash", "benchmarks/gpu.sh", "--cpu", "--out", str(tmp_path / "out"), "--page", str(page)]
    environment = os.environ | {"PATH": f"{stub.parent}:{os.environ['PATH']}"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, "the part clipping failed" in done.stderr) == (1, True)
    assert page.read_text() == f"{BEGIN}\n\nmachine X\n### iterations\n### evaluation\n\n{END}\n"


def test_training_is_looked_at_once_per_round(tmp_path: Path) -> None:
    looks: list[int] = []
    device = torch.device("cpu")
    trained(toy_game.game(), toy_game.Clips(), tmp_path, device, 6, 2, lambda losses, number: looks.append(number))
    assert looks == [2, 4, 6]
