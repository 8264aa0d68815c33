"""The report says what the verdicts say, of every pair once, and is a function of the records alone."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.kit.record_files import METRICS, record
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.report.document import render_report
from vidgen_bench.records.record import Record


def row(spec: str, distance: float, **changes: Any) -> list[Record]:
    return [record(spec, s, scores={"is": [3.0 + s / 10], "fid": [distance + 3 * s]}, **changes) for s in range(5)]


def report(*records: Record) -> str:
    return render_report(rankings([Entry(Path(f"runs/{i}/record.json"), r) for i, r in enumerate(records)]))


def part(text: str, heading: str) -> str:
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


ROWS = [*row("tgan+ode1", 250.0), *row("tgan", 252.0), *row("tgan+iid", 350.0, model={"null": True})]


def test_every_pair_is_in_one_of_the_two_lists() -> None:
    text = report(*ROWS)
    supported, open_ = part(text, "What it supports"), part(text, "What it does not support")
    assert "By FID, the seeds separate 2 of 3 pairs." in supported
    assert "- tgan+ode1 - tgan+iid: -100.0 FID (95 % interval -106.9 to -93.1), p =" in supported
    assert supported.count(": tgan+ode1 is better.") == supported.count(": tgan is better.") == 1
    assert "By IS, the seeds separate 0 of 3 pairs." in supported
    assert "By FID, the seeds do not separate 1 of 3 pairs." in open_
    assert "- tgan+ode1 is not separated from tgan." in open_
    assert "- tgan+ode1 is not separated from tgan and tgan+iid." in open_  # by IS
    assert "By FID, each of the 2 other tested rows of tgan is better than the null model tgan+iid." in part(
        text, "Verdict"
    )
    assert "- `vidgen-bench run tgan+ode1 --track test-64.toml --seeds 0,1,2,3,4`" in part(text, "Run it again")


def test_it_does_not_depend_on_the_order_of_the_files() -> None:
    mixed = random.Random(0).sample(ROWS, len(ROWS))
    assert report(*mixed) == report(*ROWS)


def test_a_table_that_ranks_nothing_supports_nothing() -> None:
    text = report(record("tgan+ode1", 0, ranked=False))
    assert "This track ranks nothing" in part(text, "Verdict")
    assert "## What it" not in text
    assert "## What it" not in report(*row("tgan+ode1", 250.0))


def test_pairs_without_spread_are_not_testable() -> None:
    alike = [
        [record(s, k, scores={"is": [3.0], "fid": [f]}) for k in range(5)]
        for s, f in (("tgan", 250.0), ("tgan+sde", 300.0))
    ]
    open_ = part(report(*alike[0], *alike[1]), "What it does not support")
    assert "By FID, there is no spread between the seeds of 1 of 1 pair." in open_
    assert "- tgan is not testable against tgan+sde." in open_


def test_scores_of_frozen_and_shuffled_clips() -> None:
    named = {"is": [3.0], "fid": [250.0], "fid-frozen": [300.0], "fid-shuffled": [260.0]}
    extra = {m: METRICS["fid"] | {"title": m, "better": "neither", "extra": True} for m in named if "-" in m}
    scores = ({m: [v[0] + s] for m, v in named.items()} for s in range(5))
    text = report(*(record("tgan+ode1", s, scores=of, metrics=METRICS | extra) for s, of in enumerate(scores)))
    assert "| tgan+ode1 | 252.0 | 262.0 | 302.0 |" in part(text, "Does the measure see motion?")
    assert "## Does the measure" not in report(*ROWS)


def test_an_extra_metric_by_which_another_row_is_best_is_not_in_the_verdict() -> None:
    """Ranks are those of all metrics, and a report shows some of them: this ended with a KeyError."""
    extra = METRICS | {"recall": METRICS["is"] | {"title": "recall", "extra": True}}
    text = report(
        *(
            record(
                spec, s, scores={"is": [3.0 + s / 10], "fid": [far + 3 * s], "recall": [high + s / 100]}, metrics=extra
            )
            for spec, far, high in (("tgan+ode1", 250.0, 0.1), ("tgan", 350.0, 0.9))
            for s in range(5)
        )
    )
    assert "By FID, tgan+ode1 is better than" in part(text, "Verdict")
    assert "recall disagrees" not in text


def test_text_of_records_stays_text() -> None:
    text = report(*row("tgan+ode1", 250.0, version="1<script>`|\n# x"))
    assert "<script>" not in text.replace(r"\<script", "")
    assert "\n# x" not in text
