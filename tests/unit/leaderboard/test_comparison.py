"""``leaderboard --compare``: effects, tests and power of two rows, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.record_files import record
from vidgen_bench.errors import RequestError
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparison import comparisons
from vidgen_bench.leaderboard.errata import Erratum
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.comparison_text import comparison_values, render_comparisons
from vidgen_bench.records.record import Record

A = (14.9, 15.3, 15.1, 14.6, 15.4)
B = (14.2, 14.9, 13.1, 14.4, 15.0)


def rows(spec: str, scores: tuple[float, ...]) -> list[Record]:
    return [record(spec, seed, scores={"is": [s, s], "fid": [s, s]}) for seed, s in enumerate(scores)]


def table(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def test_two_rows() -> None:
    """Golden values of statsmodels 0.15.0: p = 0.09702207145916604, interval -0.188 to 1.668."""
    (found,) = comparisons(table(*rows("x+a", A), *rows("x+b", B)), "x+a", "x+b", "is")
    assert found.pair.test is not None
    assert found.pair.test.p == pytest.approx(0.09702207145916604, rel=1e-9)
    assert found.in_table is not None
    assert found.in_table.corrected_p == pytest.approx(found.pair.test.p)
    assert found.permutation_p == pytest.approx(16 / 252)  # as scipy.stats.permutation_test over all 252 assignments
    assert found.smallest_p == pytest.approx(2 / 252)
    assert found.needed is not None
    assert found.needed.fewest is not None
    assert found.needed.seeds is not None
    assert found.needed.fewest < found.needed.seeds < (found.needed.most or 0)
    text = render_comparisons([found])
    order = [
        text.index(w)
        for w in ("difference", "+0.74", "-0.19 to +1.67", "not separated", "0.097", "0.0079", "seeds needed")
    ]
    assert order == sorted(order)  # effects before p


def test_a_score_that_is_known_to_be_wrong_is_compared_with_the_reason() -> None:
    wrong = Erratum(versions=("0.1.0",), metric="is", protocol="*", reason="the divisor was n")
    entries = [Entry(Path(f"{i}/record.json"), r) for i, r in enumerate([*rows("x+a", A), *rows("x+b", B)])]
    (found,) = comparisons(rankings(entries, errata=[wrong]), "x+a", "x+b", "is")
    text = render_comparisons([found])
    assert "known error     the IS of x+a is known to be wrong: the divisor was n\n" in text
    assert "The table does not test them: the score of x+a is known to be wrong" in text
    assert comparison_values(found)["second"]["known_error"] == "the divisor was n"


def test_the_verdict_names_its_seeds_where_the_difference_has_others() -> None:
    further = [record("x+a", s, scores={"is": [1.0], "fid": [1.0]}) for s in range(5, 12)]
    (found,) = comparisons(
        table(*rows("x+a", A), *rows("x+b", (1.0, 1.1, 0.9, 1.0, 1.0)), *further), "x+a", "x+b", "is"
    )
    assert "x+a is better, by the declared seeds 0-4 alone\n" in render_comparisons([found])


def test_the_second_row_first_has_the_opposite_sign() -> None:
    found = table(*rows("x+a", A), *rows("x+b", (1.0, 1.1, 0.9, 1.0, 1.0)))
    (one,), (other,) = (comparisons(found, *names, "is") for names in (("x+a", "x+b"), ("x+b", "x+a")))
    assert one.pair.test is not None
    assert other.pair.test is not None
    assert one.pair.test.difference == -other.pair.test.difference
    assert other.in_table is not None
    assert other.in_table.test is not None
    assert other.in_table.test.difference == other.pair.test.difference
    for comparison in (one, other):
        assert "x+a is better" in render_comparisons([comparison])


def test_further_seeds_enter_the_comparison_but_not_the_table() -> None:
    more = [record("x+a", seed, scores={"is": [15.0], "fid": [15.0]}) for seed in (5, 6)]
    (found,) = comparisons(table(*rows("x+a", A), *more, *rows("x+b", B)), "x+a", "x+b", "is")
    assert len(found.estimates[0].seeds) == 7
    assert found.in_table is not None
    assert found.in_table.test is not None
    assert found.in_table.test.p == pytest.approx(0.09702207145916604, rel=1e-9)
    assert "over the declared seeds" in render_comparisons([found])


def test_one_seed_and_no_spread_are_not_testable() -> None:
    (single,) = comparisons(table(*rows("x+a", A), record("x+b")), "x+a", "x+b", "is")
    assert "not testable: x+b has one seed" in render_comparisons([single])
    values = comparison_values(single)
    assert values["alone"]["verdict"] == "not testable"
    assert values["seeds_needed"] is None
    (flat,) = comparisons(table(*rows("x+a", (1.0,) * 5), *rows("x+b", (2.0,) * 5)), "x+a", "x+b", "is")
    assert "not testable: there is no spread between the seeds" in render_comparisons([flat])


@pytest.mark.parametrize(
    ("names", "metric", "words"),
    [
        (("x+a", "x+c"), None, "--compare: there is no row 'x+c'. Did you mean 'x+"),
        (("x+a", "x+a"), None, "expected two different rows"),
        (("x+a", "x+b"), "fdi", "--metric fdi: expected a metric in which both rows have a score: fid, is."),
    ],
)
def test_what_cannot_be_compared(names: tuple[str, str], metric: str | None, words: str) -> None:
    with pytest.raises(RequestError) as refused:
        comparisons(table(*rows("x+a", A), *rows("x+b", B)), *names, metric)
    assert words in str(refused.value)


def test_rows_of_two_tables_are_not_compared() -> None:
    data = record().data.model_dump() | {"fingerprint": "v1:ffff"}
    with pytest.raises(RequestError, match="no table has both rows"):
        comparisons(table(record("x+a"), record("x+b", data=data)), "x+a", "x+b", None)


def test_a_spec_with_several_rows_is_named_with_its_options() -> None:
    options = [{"backbone.width": (w, "given"), "temporal.order": (1, "name")} for w in (0.5, 0.25)]
    found = table(*(record("x+a", options=o) for o in options), record("x+b"))
    with pytest.raises(RequestError, match="several rows of test-64 have this name"):
        comparisons(found, "x+a", "x+b", None)
    assert comparisons(found, "x+a backbone.width=0.5", "x+b", "is")


def test_one_row_under_two_names_is_not_compared_with_itself() -> None:
    options = {"backbone.width": (0.5, "given"), "temporal.order": (1, "name")}
    found = table(record("x+a", options=options), record("x+b"))
    with pytest.raises(RequestError, match=r"expected two different rows; both are x\+a backbone\.width=0\.5"):
        comparisons(found, "x+a", "x+a backbone.width=0.5", None)


def test_no_records_to_compare() -> None:
    with pytest.raises(RequestError, match="there are no records"):
        comparisons([], "x+a", "x+b", None)


def of_backbone(name: str, spec: str, scores: tuple[float, ...]) -> list[Record]:
    made = rows(spec, scores)
    played = tuple(p.model_copy(update={"name": name}) if p.kind == "backbone" else p for p in made[0].plugins)
    return [r.model_copy(update={"plugins": played}) for r in made]


def test_the_correction_within_a_backbone_counts_its_own_pairs() -> None:
    records = [r for b in ("x", "y") for t in ("a", "b", "c") for r in of_backbone(b, f"{b}+{t}", A)]
    found = rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)], "backbone")
    (same,) = comparisons(found, "x+a", "x+b", "is")
    assert same.family == 3
    assert "corrected for the 3 pairs of this backbone" in render_comparisons([same])
    (other,) = comparisons(found, "x+a", "y+a", "is")
    assert "the table compares only rows of one backbone" in render_comparisons([other])


def test_diverged_seeds_are_named_and_give_no_power() -> None:
    fallen = rows("x+b", B)
    fallen[1], fallen[2] = (record("x+b", s, diverged=True) for s in (1, 2))
    (found,) = comparisons(table(*rows("x+a", A), *fallen), "x+a", "x+b", "is")
    text = render_comparisons([found])
    assert "2 diverged and counted as the worse floor" in text
    assert (
        "for these two rows alone. The table does not test them: x+b is last without a test, because 2 of its seeds diverged"
        in text
    )
    assert found.needed is None
    assert "seeds needed" not in text


def test_rows_that_are_very_close_have_as_many_decimals_as_they_need() -> None:
    near, far = [1.0 + 1e-7 * i for i in range(5)], [1.0 + 3e-7 * i for i in range(5)]
    found = comparisons(table(*rows("x+a", tuple(near)), *rows("x+b", tuple(far))), "x+a", "x+b", "is")
    text = render_comparisons(found)
    assert "-0.00000040 IS" in text
    assert "0.0000 " not in text


def test_rounding_is_no_spread_that_seeds_could_be_counted_for() -> None:
    flat, rounded = (300.0,) * 5, (300.0, 300.0, 300.0, 300.0, 300.0 + 1e-11)
    for found in comparisons(table(*rows("x+a", flat), *rows("x+b", rounded)), "x+a", "x+b", None):
        assert found.pair.test is None
        assert found.needed is None
