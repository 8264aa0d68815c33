"""The published rows: every file reads, the famous numbers stand, and known errors are marked."""

from __future__ import annotations

from vidgen_bench.config.suite import load_suite
from vidgen_bench.leaderboard.published.lines import published_lines
from vidgen_bench.leaderboard.published.sources import sources


def test_every_row_of_the_facts_is_there() -> None:
    assert len(sources()) == 15
    assert sum(len(source.rows) for source in sources().values()) == 187


def test_rows_equal_the_numbers_of_the_suites() -> None:
    """The suites of the paper's tables and the published rows were typed in separately."""
    rows = sources()["gordon-parde-2020"].rows
    compared = 0
    for number in (1, 2, 3, 4):
        for cell in load_suite(f"paper-table-{number}").cells:
            if cell.published is None:
                continue
            values = {(r.mean, r.std) for r in rows if r.table == f"Table {number}"}
            assert (cell.published.mean, cell.published.std) in values
            compared += 1
    assert compared >= 36


def test_known_errors_are_marked() -> None:
    wrong = {(name, row.system, row.metric) for name, s in sources().items() for row in s.rows if row.error}
    assert ("vdm-2022", "TGAN-ODE", "FID (C3D)") in wrong
    assert ("vdm-2022", "MoCoGAN", "FID (C3D)") in wrong
    assert ("papers-with-code", "TGAN-ODE", "FID (C3D)") in wrong
    assert {m for n, s, m in wrong if n == "gordon-parde-2020" and s in ("MoCoGAN-SDE", "MoCoGAN-ODE 3rd order")} == {
        "IS",
        "FID (C3D fc7)",
    }


def test_an_unstated_spread_is_said_to_be_unstated() -> None:
    (unknown, *_), (known, *_) = (
        published_lines([track], ["is", "fid"], conditional=False) for track in ("ucf101-128-paper", "ucf101-64-paper")
    )
    assert unknown.meaning == "the meaning of ± is not stated"
    assert known.meaning == "± is the population standard deviation over ten batches of one checkpoint of one seed"
