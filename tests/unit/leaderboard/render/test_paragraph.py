"""Text above and below a table has the lines of rich without rich's layout, and leaves it the layout of unusual texts."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from vidgen_bench.leaderboard.render.paragraph import Paragraph

WORDS = st.text(alphabet="ab12.,±↑–日é- \t", max_size=14)
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=4).map("\n".join)


def printed(what: object, width: int, **options: object) -> list[str]:
    stream = io.StringIO()
    settings = {"highlight": False, "emoji": False, "markup": False, "color_system": None, **options}
    Console(file=stream, width=width, **settings).print(what)  # type: ignore[arg-type]
    return [line.rstrip() for line in stream.getvalue().split("\n")]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(4, 60), st.integers(0, 2))
def test_the_lines_are_those_of_rich(text: str, width: int, below: int) -> None:
    found = printed(Paragraph(Text(text), below), width)
    assert found == printed(Padding(Text(text), (0, 0, below, 1)), width)


def test_usual_text_needs_no_rich() -> None:
    assert Paragraph(Text("one two ± three\n\nfour"))._plain_lines(9) == [" one two ±", " three", "", " four"]


@pytest.mark.parametrize("text", ["a\tb", "a\x1b[1mb", "a\u00a0b", "日本", "a  b", " a", "longer than ten characters"])
def test_unusual_text_is_left_to_rich(text: str) -> None:
    assert Paragraph(Text(text))._plain_lines(9) is None


def test_a_terminal_has_styles() -> None:
    found = printed(Paragraph(Text("tgan", style="bold")), 20, force_terminal=True, color_system="standard")
    assert "\x1b[1m" in found[0]
