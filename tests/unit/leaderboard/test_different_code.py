"""Rows whose seeds were made by different code are marked in every format, and a table of one seed ends with a line that says so."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.kit.record_files import EXTERNAL, record
from tests.kit.submitted_results import reasons, seeds_of, submitted
from vidgen_bench.leaderboard.collect import Collected, Entry
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.index.packing import pack, unpack
from vidgen_bench.leaderboard.index.parts import Parts
from vidgen_bench.leaderboard.kept import digest_of, keep
from vidgen_bench.leaderboard.page.document import render_page
from vidgen_bench.leaderboard.page.model import page_of
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.json_text import render_json
from vidgen_bench.leaderboard.render.latex import render_latex
from vidgen_bench.leaderboard.render.markdown import render_markdown
from vidgen_bench.leaderboard.render.terminal import render_terminal
from vidgen_bench.leaderboard.report.document import render_report
from vidgen_bench.records.caveats import ONE_SEED
from vidgen_bench.records.record import Record, parse_record

A, B = "a" * 16, "b" * 16
SEEDS = range(5)
SENTENCE = "Different code: several versions of the sources of my_ode made the runs of tgan+ode1, so they are not seeds of one model."


def coded(sha256: str, **more: Any) -> dict[str, Any]:
    return {"packages": {"my_ode": sha256, "vidgen_bench.training": A}, **more}


def mixed() -> list[Record]:
    """Five seeds, of which one was made by another version."""
    seeds = seeds_of("tgan+ode1", SEEDS, code=coded(A))
    return [*seeds[:3], *seeds_of("tgan+ode1", [3], code=coded(B)), seeds[4]]


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def terminal(found: list[Ranking]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=160).print(render_terminal(found, 160))
    return stream.getvalue()


def test_hashes_that_differ_are_listed_with_their_seeds() -> None:
    assert different_code(mixed()) == {"my_ode": {A: [0, 1, 2, 4], B: [3]}}
    assert different_code(seeds_of("tgan+ode1", SEEDS, code=coded(A))) == {}


def test_records_without_code_are_compared_with_nothing() -> None:
    plain = seeds_of("tgan+ode1", [0, 1])
    assert different_code([*plain, *seeds_of("tgan+ode1", [2, 3], code=coded(A))]) == {}
    assert set(different_code([*plain, *mixed()])) == {"my_ode"}


def test_a_change_that_was_accepted_during_one_run_counts() -> None:
    (changed,) = seeds_of("tgan+ode1", [0], code=coded(A, accepted=[{"iteration": 7, "earlier": {"my_ode": B}}]))
    assert different_code([changed]) == {"my_ode": {A: [0], B: [0]}}
    assert SENTENCE in terminal(ranked(changed))


def test_every_format_marks_the_row_and_says_why() -> None:
    found = ranked(*mixed(), *seeds_of("tgan+gru", SEEDS, better=1.0, code=coded(A)))
    for text in (terminal(found), render_markdown(found), render_latex(found), render_report(found)):
        plain = text.replace("\\_", "_")
        assert SENTENCE in " ".join(plain.split())
        assert plain.count("ifferent code") == 2  # the mark and the sentence: tgan+gru has neither
    rows = {row["spec"]: row for row in json.loads(render_json(found))["rankings"][0]["rows"]}
    assert rows["tgan+ode1"]["different_code"] == {"my_ode": {A: [0, 1, 2, 4], B: [3]}}
    assert rows["tgan+gru"]["different_code"] == {}
    assert rows["tgan+ode1"]["runs"][3]["code"]["my_ode"] == B
    assert SENTENCE in json.loads(render_json(found))["rankings"][0]["notes"]
    cells = {line["spec"]: line["different_code"] for line in csv.DictReader(io.StringIO(render_csv(found)))}
    assert (cells["tgan+ode1"], cells["tgan+gru"]) == ("my_ode", "")
    page = render_page(page_of(found, Collected((), ())))
    assert f"{A} (seed 0-2,4); {B} (seed 3)" in page
    assert page.count("different code") == 1


def test_verify_asks_about_seeds_of_different_code(tmp_path: Path) -> None:
    submitted(tmp_path, *mixed())
    assert reasons(tmp_path) == {}
    (question,) = reasons(tmp_path, "look").values()
    assert question.startswith("its seeds were made by several versions of the sources of my_ode")


def test_the_code_is_no_part_of_what_tells_copies_apart_and_survives_the_index() -> None:
    plain, one, other = (record(code=code) for code in ({}, coded(A), coded(B)))
    assert digest_of(plain) == digest_of(one) == digest_of(other)
    row, texts = pack(keep(other))
    assert unpack(row, Parts(texts)).record.code == other.code


def test_a_record_without_code_keeps_its_bytes() -> None:
    assert "code" not in json.loads(record().text())
    assert record(code={"packages": {}, "accepted": []}).text() == record().text()
    kept = record(code=coded(A))
    assert parse_record(kept.text().encode(), "it") == kept


@pytest.mark.parametrize(
    "packages",
    [{"my ode": A}, {"": A}, {"os.": A}, {"my_ode": "A" * 16}, {"my_ode": "a" * 15}, {"x" * 201: A}, {"a/b": A}],
)
def test_a_record_with_other_names_or_hashes_is_refused(packages: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"code\.packages"):
        record(code={"packages": packages})


@pytest.mark.parametrize("render", [terminal, render_markdown, render_latex, render_report])
def test_a_table_of_one_seed_ends_with_what_it_supports(render: Any) -> None:
    one = render(ranked(*seeds_of("tgan+ode1", [0]), *seeds_of("tgan+gru", [1])))
    assert "One seed supports no comparison" in one
    if render in (terminal, render_markdown):
        assert " ".join(one.split()).endswith(ONE_SEED)
    assert "One seed supports" not in render(ranked(*seeds_of("tgan+ode1", [0, 1]), *seeds_of("tgan+gru", [1])))


def test_a_table_of_external_clips_has_no_seeds_to_speak_of() -> None:
    clips = record("clips", scores={"fid": [1.0]}, **EXTERNAL)
    assert "One seed supports" not in terminal(ranked(clips))
