"""Our table without rich's layout has exactly the text of rich's table, and leaves it the layout where something might wrap."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from vidgen_bench.leaderboard.render.grid import Grid

WORDS = st.text(alphabet="ab 12.,±↑–日é", max_size=12)
CELLS = (
    st.lists(WORDS, min_size=1, max_size=3)
    .map("\n".join)
    .flatmap(
        lambda text: st.sampled_from(
            [text, Text(text, style="bold"), Padding(text, (0, 0, 0, 1)), Padding(Text(text), (0, 0, 0, 2))]
        )
    )
)


def printed(grid: object, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, emoji=False, markup=False, color_system=None).print(grid)
    return stream.getvalue()


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    grid = Grid()
    columns = draw(st.integers(1, 5))
    for _ in range(columns):
        how = draw(
            st.sampled_from(
                [{}, {"no_wrap": True}, {"overflow": "fold", "min_width": 5}, {"overflow": "fold", "min_width": 15}]
            )
        )
        grid.add_column(draw(CELLS), justify=draw(st.sampled_from(["left", "right"])), **how)
    for _ in range(draw(st.integers(0, 4))):
        cells = draw(st.lists(CELLS, min_size=1, max_size=columns))
        grid.add_row(*cells, style=draw(st.sampled_from([None, "dim"])), end_section=draw(st.booleans()))
    return grid


@settings(max_examples=400, deadline=None)
@given(grids(), st.integers(10, 120))
def test_the_text_is_that_of_rich(grid: Grid, width: int) -> None:
    assert printed(grid, width) == printed(grid._table(), width)


def small(cell: RenderableType) -> Grid:
    grid = Grid()
    grid.add_column("spec")
    grid.add_row(cell)
    return grid


def test_a_table_that_fits_needs_no_layout() -> None:
    assert small("tgan")._plain_lines(4) == ["spec", "────", "tgan"]
    assert small("tgan")._plain_lines(3) is None


@pytest.mark.parametrize("cell", ["a\tb", "a\x1b[1mb", "a\u00a0b", "a\u2028b", Text("a\tb"), Padding("a", 1)])
def test_unusual_cells_are_left_to_rich(cell: RenderableType) -> None:
    grid = small(cell)
    assert grid._plain_lines(80) is None
    assert printed(grid, 80) == printed(grid._table(), 80)


@pytest.mark.parametrize("cell", ["[bold]a[/bold]", ":smile:", "[/x]"])
@pytest.mark.parametrize("terminal", [False, True])
def test_markup_and_emoji_codes_are_text(cell: str, terminal: bool) -> None:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=terminal, color_system=None).print(
        small(cell)
    )  # a console that would interpret both
    assert cell in stream.getvalue()


def test_a_terminal_has_styles() -> None:
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=True, color_system="standard").print(
        small(Text("tgan", style="bold"))
    )
    assert "\x1b[1m" in stream.getvalue()
