"""Texts from elsewhere are nothing but text in every format."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from vidgen_bench.escaping import (
    csv_cell,
    finite,
    json_text,
    latex,
    lines,
    markdown,
    markdown_code,
    one_line,
    printable,
)
from vidgen_bench.leaderboard.render.booktabs import floating_table

OBEYED = "a\x1b[31m\x9b2J\x07\u202eb\u2066\u200b\ufeff\u3164\ufe0f\x7f\udc80"
SPELT = r"a\x1b[31m\x9b2J\x07\u202eb\u2066\u200b\ufeff\u3164\ufe0f\x7f\udc80"


def test_what_a_terminal_obeys_or_hides_is_spelt() -> None:
    assert one_line(OBEYED) == SPELT
    assert one_line("two\r\nlines\u2028x\ty") == r"two\r lines\u2028x\ty"
    assert lines(f"x\n{OBEYED}\n") == f"x\n{SPELT}\n"
    assert printable("x" * 1000) == "x" * 400 + "... (1,000 characters)"


@pytest.mark.parametrize("text", ["", "tgan+ode2", "FID∞ ↓ 7.64 ± 0.02", "[bold]x[/bold] :smile:", "é ü 中文 🙂"])
def test_visible_text_stays(text: str) -> None:
    assert one_line(text) == lines(text) == printable(text) == text


HOSTILE = [
    "![x](http://e.example/x.png)",
    "[x](javascript:alert(1)) [x][y] [^1]",
    "<img src=x onerror=alert(1)> <!-- x --> <http://e.example>",
    "# heading",
    "> quotation",
    "*a* _b_ **c** `d` ~~e~~ ``f``",
    "a | b | c",
    "&#8238;moc &lt;b&gt; &copy;",
    "\\[x](y) \\\\[x](y) \\<b>",
    "x\n\n# heading\n\n- item\n\n    code",
    "http://e.example www.e.example HTTPS://e.example",
    "$\\href{http://e.example}{x}$",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("around", ["{}\n", "- {}\n", "### {}\n", "| a |\n|:--|\n| {} |\n", "*{}*\n"])
def test_markdown_shows_the_text_and_nothing_else(text: str, around: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(around.format(markdown(text)))
    plain = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(around.format("text"))
    assert [t.type for t in tokens] == [t.type for t in plain]
    kinds = {c.type for t in tokens for c in t.children or ()}
    assert kinds <= {"text", "text_special", "em_open", "em_close"}
    shown = "".join(c.content for t in tokens for c in t.children or () if c.type != "em_open")
    assert shown.replace("\u200b", "") == "a" * ("|:--|" in around) + " ".join(one_line(text).split())


def test_github_makes_no_link_of_an_address() -> None:
    assert markdown("see http://e.example or www.e.example") == "see http:&#8203;//e.example or www&#8203;.e.example"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("@octocat", "@&#8203;octocat"),
        ("thanks to @a/team.", "thanks to @&#8203;a/team."),
        ("fixes #12 and gh-3", "fixes #&#8203;12 and gh-&#8203;3"),
        ("c3d-tgan-v1 n=32 #11b61d00f7dc", "c3d-tgan-v1 n=32 #11b61d00f7dc"),
        ("# 2 @ home", r"\# 2 @ home"),
        ("a*b_c", r"a\*b\_c"),
    ],
)
def test_no_text_mentions_anybody(text: str, escaped: str) -> None:
    """GitHub looks for mentions in the finished page: neither a backslash nor ``&#64;`` hides one."""
    assert markdown(text) == escaped
    assert not re.search(r"@\w|#\d+\b", html.unescape(escaped))


def test_a_code_span_cannot_be_left() -> None:
    assert markdown_code("a`b`\x1b\nc") == r"`a'b'\x1b c`"
    assert markdown_code("") == "` `"


def test_latex_has_no_command_of_the_text() -> None:
    text = latex("\\input{/etc/passwd} 50% $x$ a_b #1 & ~ ^ \x1b")
    assert r"\input" not in text
    assert text.startswith(r"\textbackslash{}input\{/etc/passwd\} 50\% \$x\$ a\_b \#1 \&")
    assert text.endswith(r"\textbackslash{}x1b")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("[x]", "{[}x{]}"),  # after the end of a row, a bracket opens an argument
        ("*x", "{*}x"),
        ("2*x", "2*x"),
        ("--within a---b", "-{}-within a-{}-{}-b"),
        ("a–b—c", "a--b---c"),
        ("e\u0301 Łódź", "é Łódź"),
        ("中 Δ ☃", "U+4E2D U+0394 U+2603"),
        ("a|b", "a$|$b"),
        ("a\nb%c", r"a b\%c"),
    ],
)
def test_latex_reads_a_text_as_text(text: str, escaped: str) -> None:
    assert latex(text) == escaped


HOSTILE_LATEX = [
    *"%_&#$|~^<>[]*{}'`@=+\"",
    "\\",
    "[1]",
    "\\input{x}",
    "100%\n",
    "^^M",
    "?`!`",
    "中文 Δ ☃ \u200b \x1b",
    "\\\\[2pt]",
]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_compiles_whatever_the_texts_are(tmp_path: Path) -> None:
    texts = [*HOSTILE_LATEX, "".join(map(chr, range(0xC0, 0x250))), "± ↑ ↓ – — ² · σ μ ∞ × − ≤ ≥ … →"]
    rows = [[latex(text), latex(text)] for text in texts]
    table = floating_table(" ".join(texts), "lr", rows[0], [rows, [], rows[-1:]], list(map(latex, texts)))
    source = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}\n{table}\\end{{document}}\n"
    (tmp_path / "table.tex").write_text(source)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in (tmp_path / "table.log").read_text(errors="replace")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+cmd", "-1+cmd|x", "@SUM(1)", "\t=1", "\r=1", "  =1", "\uff1d1", "x;=1", "x; @y"]
)
def test_no_spreadsheet_sees_a_formula(text: str) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerow([csv_cell(text)])
    for delimiter in ",;\t":
        for (*cells,) in csv.reader(io.StringIO(stream.getvalue()), delimiter=delimiter):
            assert not [cell for cell in cells if re.match(r"\s*[=+\-@\uff1d]", cell)]


@pytest.mark.parametrize("value", [-1.5, 3, "", "-1.5", "-1.5 2e-05 +3", "tgan+ode1", '{"a": [1, -2]}', "1-2", "x; y"])
def test_numbers_and_usual_texts_stay_in_csv(value: object) -> None:
    assert csv_cell(value) == value


def test_json_is_strict_and_printable_and_has_the_same_texts() -> None:
    value = {"a\x9b": [OBEYED, "±\n\t\U000e0101"], "n": [1.5, -2, None, True]}
    text = json_text(value)
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "±" in text
    assert json.loads(text) == value


def test_json_has_a_text_for_a_number_that_it_does_not_have() -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    text = json_text({"a": (float("inf"), -float("inf")), "b": {"c": float("nan"), "d": 1.0}}, indent=None)
    assert json.loads(text, parse_constant=refuse) == {"a": ["inf", "-inf"], "b": {"c": "nan", "d": 1.0}}
    assert finite((1, "x", None)) == [1, "x", None]
