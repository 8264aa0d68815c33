"""The report: faults first, untrusted text escaped, and the new rows beside their neighbours and anchors."""

from __future__ import annotations

from pathlib import Path

from tests.kit.submitted_results import seeds_of, submitted
from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.submissions.findings import fault, look
from vidgen_bench.leaderboard.submissions.report import MOST, render_report, render_text
from vidgen_bench.leaderboard.submissions.verify import read_submissions


def test_unprintable_text_is_escaped_and_cut() -> None:
    assert printable("a\x1b[31m\u202eb\ud800") == "a\\x1b[31m\\u202eb\\ud800"
    assert printable("two\nlines") == "two lines"
    assert printable("x" * 1000) == "x" * 400 + "... (1,000 characters)"


def test_faults_come_first_and_are_counted(tmp_path: Path) -> None:
    submitted(tmp_path, *seeds_of())
    found = read_submissions(tmp_path)
    text = render_text(found, [look("a", "odd"), fault("b", "broken")])
    assert text == "WRONG  b: broken\nLOOK AT  a: odd\n5 records accepted, 0 withdrawn; 1 fault, 1 value to look at.\n"


HOSTILE = "![x](https://e.example) &lt; ~~struck~~ @everyone #1 > quoted \x1b"


def test_markup_is_escaped_in_markdown(tmp_path: Path) -> None:
    found = read_submissions(tmp_path)
    text = render_report(found, [fault("x`<b>", "found '<script>' and | and `code`"), fault("y", HOSTILE)])
    assert "- `x'<b>`: found '\\<script\\>' and \\| and \\`code\\`" in text
    assert (
        r"- `y`: \!\[x\](https:&#8203;//e.example) \&lt; \~\~struck\~\~ @&#8203;everyone #&#8203;1 \> quoted \\x1b"
        in text
    )


def test_the_tables_of_new_records_have_their_neighbours_and_anchors(tmp_path: Path) -> None:
    submitted(tmp_path, *seeds_of(), *seeds_of("tgan+ode2", better=1.0), *seeds_of(track="other-64", declared=OTHER))
    found = read_submissions(tmp_path)
    text = render_report(found, [], ["test-64/tgan+ode2/seed-0.json"])
    assert "### test-64" in text
    assert "other-64" not in text
    for word in ("tgan+ode1", "tgan+ode2", "| *real (ceiling)* |", "| *noise (floor)* |"):
        assert word in text
    assert "other-64" in render_report(found, [])
    assert "###" not in render_report(found, [], [])


def test_many_findings_are_counted_not_printed(tmp_path: Path) -> None:
    text = render_text(read_submissions(tmp_path), [fault(str(i), "x") for i in range(MOST + 5)])
    assert "... and 5 more." in text
    assert text.count("WRONG") == MOST


OTHER = {
    "data": {"name": "shapes", "resize": [64, 85], "crop": [0, 10, 64, 64]},
    "clip": {"frames": 16, "size": 64, "classes": 8},
    "instrument": {"name": "c3d-shapes"},
    "evaluation": {"every": 50, "samples": 128, "select": "fid", "final": {"batches": 4, "samples": 256}},
    "budget": {"iterations": 400},
}
