"""The table of a suite: it fits the width, keeps numbers whole, and has footnotes and sentences."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.kit.record_files import record
from vidgen_bench.config.suite import load_suite
from vidgen_bench.experiments.ablate.json_values import json_values
from vidgen_bench.experiments.ablate.markdown import render_markdown
from vidgen_bench.experiments.ablate.members import Ablation, expand
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.experiments.ablate.table import AblationTable, ablation_table
from vidgen_bench.experiments.ablate.terminal import render_terminal
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host

HOST = Host.of_environment()


def ablation_of(name: str, track: str | None = None, seeds: tuple[int, ...] = (0,), **given: str) -> Ablation:
    suite = load_suite(name, {"tgan"})
    return expand(suite, Request(spec="", given=given), track, seeds, HOST)


def results_of(ablation: Ablation) -> list[Result]:
    """Return results with a failure of the 2nd job, a divergence of the 4th, and without the last job."""
    results = []
    for number, job in enumerate(ablation.jobs[:-1], start=1):
        track = job.member.track
        scores = {"is": [13.1 + number, 13.5 + number], "fid": [26_310.0 + number, 26_355.0]}
        made = record(
            job.member.spec.split()[0], job.seed, scores=scores, track=track.name, ranked=track.ranked, declared=track.declared,
            diverged=number == 4,
        )  # fmt: skip
        results.append(Result(job, None if number == 2 else made, failure="it broke" if number == 2 else None))
    return results


def table_of(ablation: Ablation, results: list[Result] | None = None) -> AblationTable:
    metric = HOST.find("metric", ablation.metric).declaration
    return ablation_table(ablation, results_of(ablation) if results is None else results, metric)


def lines_of(made: AblationTable, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(render_terminal(made, width))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


PUBLISHED = {
    "paper-table-1": ["15.06 ± 0.25", "9.70 ± 0.14"],
    "paper-table-2": ["26,512 ± 27", "28,967 ± 41"],
    "paper-table-3": ["11.16 ± 0.18", "14.33 ± 0.21", "26.60 ± 0.47"],
    "paper-table-4": ["3,431 ± 19", "27,252 ± 11"],
}


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_papers_tables_fit_and_break_no_number(name: str, width: int) -> None:
    made = table_of(ablation_of(name))
    lines = lines_of(made, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    shown = [line.text for cell in made.cells.values() for line in (*cell.ours, cell.published) if line]
    for number in (*PUBLISHED[name], *shown):
        assert number in text
    beneath = "(published)" in text
    assert beneath if (width, len(made.columns)) == (80, 3) else width == 100 or not beneath


@pytest.mark.parametrize("width", [60, 80, 120])
def test_columns_that_do_not_fit_side_by_side_stand_in_tables_below(width: int) -> None:
    made = table_of(ablation_of("tgan,mocogan,tganv2,vgan x own,ode1,ode1:equal,sde"))
    lines = lines_of(made, width)
    assert max(map(len, lines)) <= width
    heads = [line.split() for line in lines if line.split() and set(line.split()) <= set(made.columns)]
    assert [column for head in heads for column in head] == list(made.columns)
    assert len(heads) == {60: 2, 80: 1, 120: 1}[width]


def test_numbers_of_a_column_end_below_each_other() -> None:
    lines = lines_of(table_of(ablation_of("paper-table-3")), 120)
    rows = [line for line in lines if line.startswith((" original", " 2nd", " SDE"))]
    assert len({line.index("±") for line in rows}) == 1


def test_every_state_has_its_word() -> None:
    made = table_of(ablation_of("tgan,vgan x ode1,ode2,ode3,sde,iid"))
    assert [made.cells[row, "tgan"].ours[0].text for row in made.rows] == [
        "26,333 ± 22", "failed", "26,334 ± 21", "diverged", "not run",
    ]  # fmt: skip
    assert {made.cells[row, "vgan"].ours[0].text for row in made.rows} == {"does not fit"}


def test_swapped_scripts_have_both_models_and_say_so() -> None:
    made = table_of(ablation_of("paper-table-3"))
    notes = dict(made.footnotes)
    for row, built in (("3rd order", "the SDE"), ("SDE", "the 3rd order")):
        claimed, released = made.cells[row, "MoCoGAN"].ours
        assert "it is unclear which of the two models" in notes[claimed.marks]
        assert f"builds: {built}." in notes[released.marks]
    assert made.cells["3rd order", "MoCoGAN"].ours[0].text == made.cells["SDE", "MoCoGAN"].ours[1].text


def test_footnotes() -> None:
    made = table_of(ablation_of("paper-table-3"))
    notes = dict(made.footnotes)

    def said(line) -> str:
        return " ".join(notes[mark] for mark in line.marks.split(",") if mark)

    assert "quoted" in said(made.cells["original", "TGANv2"].published)
    assert "the track ucf101-192-paper" in said(made.cells["1st order", "TGANv2"].ours[0])
    assert "it broke" in said(made.cells["original", "MoCoGAN"].ours[0])
    first = table_of(ablation_of("paper-table-1"))
    notes = dict(first.footnotes)
    assert "978" in said(first.cells["equal parameters", "TGAN"].ours[0])


def test_another_track_than_the_papers_is_another_scale() -> None:
    scale = "not on the same scale"
    assert not any(scale in s for s in table_of(ablation_of("paper-table-1")).sentences)
    moved = table_of(ablation_of("paper-table-1", track="shapes-smoke")).sentences
    (said,) = [s for s in moved if scale in s]
    assert "shapes-smoke" in said
    assert "not on ucf101-64-paper" in said
    assert any("shapes-smoke: these scores rank nothing" in s for s in moved)
    assert not any(scale in s for s in table_of(ablation_of("tgan x ode1")).sentences)


def test_where_only_some_are_on_another_track_the_scale_names_them(tmp_path: Path) -> None:
    def said(name: str, track: str | None = None) -> str:
        (sentence,) = [s for s in table_of(ablation_of(name, track)).sentences if "not on the same scale" in s]
        return sentence

    assert said("paper-table-3", "ucf101-64-paper") == (
        "In TGANv2: ours are measured on ucf101-64-paper, not on ucf101-192-paper, so they are not on the same scale as the "
        "published numbers."
    )
    assert said("paper-table-3", "ucf101-192-paper").startswith(
        "In TGAN; MoCoGAN: ours are measured on ucf101-192-paper"
    )
    cells = "".join(
        f'[[cells]]\nrow = "{row}"\ncolumn = "x"\nspec = "tgan"\npublished = {{ mean = 1.0 }}\n{track}\n'
        for row, track in (("a", 'track = "shapes-64"'), ("b", ""))
    )
    (tmp_path / "own.toml").write_text('name = "own"\n' + cells)
    assert said(str(tmp_path / "own.toml"), "shapes-smoke").startswith("In a, x: ours are measured on shapes-smoke")


def test_the_head_names_the_track_that_all_cells_are_on(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[[cells]]\nrow = "a"\ncolumn = "x"\nspec = "tgan"\ntrack = "shapes-64"\n'
    )
    made = table_of(ablation_of(str(tmp_path / "own.toml")))
    assert "track shapes-64 " in made.head[-1]
    assert not made.footnotes or "Ours on the track" not in str(made.footnotes)


def test_the_notes_of_a_suite_are_printed(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'name = "own"\nnotes = ["Mind the gap.", "And the step."]\n[grid]\nbackbones = ["tgan"]\n'
    )
    made = table_of(ablation_of(str(tmp_path / "own.toml")), [])
    text = " ".join(" ".join(lines_of(made, 80)).split())
    assert "Mind the gap. And the step." in text
    assert "- Mind the gap.\n- And the step.\n" in render_markdown(made)


def test_markdown_escapes_the_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[[cells]]\nrow = "a|b"\ncolumn = "x|y_z"\nspec = "tgan"\npublished = { mean = 1.0 }\n'
    )
    (head, *_) = [
        s for s in render_markdown(table_of(ablation_of(str(tmp_path / "own.toml")))).splitlines() if s[:1] == "|"
    ]
    assert head == r"|  | x\|y\_z | x\|y\_z published |"


def test_options_given_for_every_cell_are_listed() -> None:
    made = table_of(ablation_of("paper-table-1", **{"backbone.width": "0.5"}))
    assert "Set in every cell: backbone.width=0.5; ours are therefore not the published models." in made.sentences


def test_no_winner_and_what_the_spread_is() -> None:
    one = " ".join(table_of(ablation_of("tgan x ode1,ode2,sde,iid,own,conv1d")).sentences)
    assert "No winner is marked" in one
    assert "± of one seed: population standard deviation over its final batches" in one
    ablation = ablation_of("tgan x ode1,sde", seeds=(0, 1, 2))
    several = table_of(ablation)
    assert "± of several seeds" in " ".join(several.sentences)
    texts = [line.text for line in several.cells["ode1", "tgan"].ours]
    assert texts[1] == "2 of 3 seeds"


def test_before_the_first_result_it_says_not_run() -> None:
    made = table_of(ablation_of("paper-table-1"), [])
    assert {line.text for cell in made.cells.values() for line in cell.ours} == {"not run"}
    assert "15.06 ± 0.25" in "\n".join(lines_of(made, 80))


def test_markdown_is_one_table_and_its_notes() -> None:
    lines = render_markdown(table_of(ablation_of("paper-table-3"))).splitlines()
    assert lines[0].startswith("### Orders")
    table = [line for line in lines if line.startswith("|")]
    assert {line.count(" | ") for line in table} == {6}
    assert len(table) == 2 + 5
    assert "<br>" in next(line for line in table if line.startswith("| 3rd order"))
    marks = set(re.findall(r"<sup>([a-z])</sup> ", "\n".join(lines)))
    assert marks == {letter for letter, _ in table_of(ablation_of("paper-table-3")).footnotes}


def test_json_has_raw_values_of_every_model() -> None:
    ablation = ablation_of("paper-table-3")
    results = results_of(ablation)
    metric = HOST.find("metric", ablation.metric).declaration
    table = json.loads(json.dumps(json_values(ablation, results, table_of(ablation, results), metric)))
    cells = {(c["row"], c["column"]): c for c in table["cells"]}
    assert len(cells) == 12
    (quoted,) = cells["original", "TGANv2"]["ours"]
    assert quoted["spec"] == "tganv2+convlstm backbone.recipe=official"
    assert quoted["options"]["backbone.recipe"] == {"value": "official", "origin": "given"}
    assert quoted["track"]["name"] == "ucf101-192-paper"
    assert cells["original", "TGANv2"]["published"]["mean"] == 26.6
    assert [m["spec"] for m in cells["SDE", "MoCoGAN"]["ours"]] == ["mocogan+sde", "mocogan+ode3"]
    (failed,) = cells["original", "MoCoGAN"]["ours"]
    assert (failed["state"], failed["reason"], failed["mean"]) == ("failed", "it broke", None)
    (first,) = cells["original", "TGAN"]["ours"]
    assert first["runs"][0]["values"] == [14.1, 14.5]
    assert first["mean"] == pytest.approx(14.3)
