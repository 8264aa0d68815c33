"""Hostile text in every text of a record, a plugin and a folder's name reaches no output alive, and hides no other record."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.kit.command import Command
from tests.kit.finished_runs import finished_spec
from tests.kit.hostile_records import (
    KEY,
    REST,
    STARTS,
    accepted,
    fields,
    healed,
    matches,
    rich_tables,
    texts,
    with_text,
)
from tests.kit.hostile_records import Path as Place
from tests.kit.record_files import record, write
from tests.kit.safe_text import check_csv, check_html, check_json, check_latex, check_markdown, check_text, strings
from tests.kit.valid_declarations import temporal
from vidgen_bench.cli.literal_console import LiteralConsole
from vidgen_bench.escaping import lines
from vidgen_bench.leaderboard.collect import Entry, collect
from vidgen_bench.leaderboard.ranking import rankings
from vidgen_bench.leaderboard.render.csv_text import render_csv
from vidgen_bench.leaderboard.render.terminal import render_terminal
from vidgen_bench.records.record import Record, parse_record

HOSTILE = [start + REST for start in STARTS]

TABLES = rich_tables()

GOOD = "tgan+conv1d"

_APART = {("track", "declared"), ("data", "fingerprint")}
"""What is equal in all rows of one table; so are the protocols and the plugins that measure."""


def joins(path: Place) -> bool:
    """Return whether a record with another text at this place is still comparable with the others."""
    return not (path[:2] in _APART or path[0] == "protocols" or (path[0] == "plugins" and int(path[1]) > 1))


@pytest.fixture(scope="module")
def tried() -> list[tuple[list[Place], dict[Place, str]]]:
    """The places of each table that may hold any text, and the refusals of the others; two tables differ in the seed alone."""
    run, clips = (accepted(table, HOSTILE[0]) for table in TABLES[1:])
    return [run, run, clips]


@pytest.fixture(scope="module")
def places(tried: list[tuple[list[Place], dict[Place, str]]]) -> list[list[Place]]:
    """The places of each table that may hold any text."""
    return [taken for taken, _ in tried]


def hostile_records(places: list[list[Place]], turn: int = 0) -> Iterator[str]:
    """Yield the texts of hostile records: comparable with good ones, and with hostile text in every place that may have it."""
    words = HOSTILE[turn:] + HOSTILE[:turn]
    for keep in (joins, lambda path: True):
        for table, found in zip(TABLES, places, strict=True):
            yield json.dumps(healed(with_text(table, [p for p in found if keep(p)], words)))


@pytest.fixture
def board(tmp_path: Path, places: list[list[Place]]) -> Path:
    """A folder with five good records and hostile ones."""
    write(tmp_path / "runs", *(record(GOOD, s, scores={"is": [3.0 + s], "fid": [250.0 + s]}) for s in range(5)))
    for number, text in enumerate(hostile_records(places)):
        folder = tmp_path / "runs" / f"z{number} [red]\x1b[2J\u202e=1"
        folder.mkdir()
        (folder / "record.json").write_text(text)
    return tmp_path


@pytest.fixture
def command(board: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("XDG_CACHE_HOME", str(board / "cache"))
    return Command(board, monkeypatch, capsys)


def test_the_records_have_every_text_of_the_model() -> None:
    found = [path for table in TABLES for path in texts(table)]
    assert [f for f in fields() if not any(matches(p, f) or (*p, KEY) == f for p in found)] == []


def test_hostile_text_is_taken_or_refused_with_the_file(tried: list[tuple[list[Place], dict[Place, str]]]) -> None:
    for taken, refused in tried:
        assert len(taken) > 40
        assert len(refused) > 20
        for path, message in refused.items():
            check_text(lines(message))
            assert "bad/record.json" in message, path
        assert not {
            path for path in taken if path[-1] in ("spec", "name", "kind", "metric") and path[1] != "declared"
        } - {("external", "kind")}


FORMATS: dict[str, Callable[[str], object]] = {
    "table": check_text,
    "markdown": check_markdown,
    "report": check_markdown,
    "csv": check_csv,
    "json": check_json,
    "latex": check_latex,
    "html": check_html,
}


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("extra", [[], ["--extra", "--within", "backbone", "--output", "out.txt"]])
def test_a_leaderboard(command: Command, layout: str, extra: list[str]) -> None:
    done = command("leaderboard", "--format", layout, *extra)
    assert (done.code, done.err) == (0, "")
    check_text(done.out)
    text = (command.folder / "out.txt").read_text() if extra else done.out
    FORMATS[layout](text)
    assert GOOD in text
    if layout == "json":
        tables = [{row["spec"] for row in ranking["rows"]} for ranking in check_json(text)["rankings"]]
        assert {GOOD, "tgan+ode1", "clips"} in tables
        assert any(REST in found for found in strings(check_json(text)))


def test_a_leaderboard_on_a_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = command("leaderboard")
    assert "\x1b[1m" in done.out
    check_text(done.out)


@pytest.mark.parametrize("layout", ["table", "json"])
def test_a_comparison(command: Command, layout: str) -> None:
    rows = check_json(command("leaderboard", "--format", "json").out)["rankings"][0]["rows"]
    (other,) = {row["spec"] for row in rows} - {GOOD, "clips"}
    done = command("leaderboard", "--compare", GOOD, other, "--format", layout)
    assert (done.code, done.err) == (0, "")
    FORMATS[layout](done.out)
    assert GOOD in done.out
    unknown = command("leaderboard", "--compare", GOOD, HOSTILE[0])
    assert unknown.code == 2
    check_text(unknown.err)


@pytest.mark.parametrize("turn", range(len(STARTS)))
def test_no_cell_is_a_formula_wherever_a_text_stands(places: list[list[Place]], turn: int) -> None:
    made = [parse_record(text.encode(), "x") for text in hostile_records(places, turn)]
    check_csv(render_csv(rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(made)])))


def test_markup_and_emoji_codes_are_shown_as_they_are(places: list[list[Place]]) -> None:
    made = [parse_record(text.encode(), "x") for text in hostile_records(places)]
    found = rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(made)])
    for kind in (LiteralConsole, Console):  # the second would interpret both
        stream = io.StringIO()
        kind(file=stream, width=5000).print(render_terminal(found, 5000))
        check_text(stream.getvalue())
        assert "[red]r[/red] [/x] :smile:" in stream.getvalue()


def test_a_record_with_an_invalid_name_hides_no_other(command: Command) -> None:
    bad = json.loads((command.folder / "runs" / f"00-{GOOD}-0" / "record.json").read_text())
    bad["anchors"]["[/x]\x1b"] = bad["anchors"]["grey"]
    (command.folder / "runs" / "bad").mkdir()
    (command.folder / "runs" / "bad" / "record.json").write_text(json.dumps(bad))
    for layout, check in FORMATS.items():
        done = command("leaderboard", "--format", layout)
        assert done.code == 2
        check(done.out)
        check_text(done.err)
        assert GOOD in done.out
        assert r"anchors: expected a name of lower-case letters, digits, '-', '_' or '.' (found '[/x]\x1b')" in done.err


@pytest.mark.parametrize("layout", ["text", "markdown"])
def test_a_verification(command: Command, places: list[list[Place]], layout: str) -> None:
    folder = command.folder / "leaderboards" / "test-64" / "tgan+ode1"
    folder.mkdir(parents=True)
    for number, text in enumerate(hostile_records(places)):
        (folder / f"seed-{number}.json").write_text(text)
    (folder / "x\x1b[2J![x](y)\u202e.json").write_text("{")
    done = command("verify", "leaderboards", "--format", layout)
    assert (done.code, done.err) == (1, "")
    (check_markdown if layout == "markdown" else check_text)(done.out)


def test_a_submission(command: Command, places: list[list[Place]]) -> None:
    runs = finished_spec(command.folder / "[red]\x1b[2J")
    done = command("submit", *runs, "--to", "\x1b[2J\u202eboard")
    assert (done.code, done.err) == (0, "")
    check_text(done.out)
    assert r"\x1b[2J\u202eboard" in done.out
    (runs[0] / "record.json").write_text(next(hostile_records(places)))
    refused = command("submit", *runs, "--to", "\x1b[2Jother")
    assert refused.code == 2
    check_text(refused.out + refused.err)


@pytest.mark.parametrize("name", ["x\x1b[2J", "[/x]\u202e", "\udcff.npy"])
def test_a_message_that_quotes_a_name(command: Command, name: str) -> None:
    for arguments in (
        ["evaluate", name],
        ["sample", name],
        ["leaderboard", "--runs", name],
        ["run", "tgan", "--track", name],
    ):
        done = command(*arguments)
        assert done.code == 2
        check_text(done.out + done.err)
        assert lines(name) in done.err


def shown(renderable: Any, **options: Any) -> str:
    """Return what the commands' console prints."""
    stream = io.StringIO()
    LiteralConsole(file=stream, width=200, **options).print(renderable)
    return stream.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_the_summary_of_a_run(places: list[list[Place]], terminal: bool) -> None:
    from vidgen_bench.cli.outcome_view import print_scores

    for text in hostile_records(places):
        stream = io.StringIO()
        print_scores(LiteralConsole(file=stream, width=200, force_terminal=terminal), parse_record(text.encode(), "x"))
        check_text(stream.getvalue())
        assert "[/x] :smile:" in stream.getvalue()


def test_the_table_of_a_suite() -> None:
    from vidgen_bench.escaping import json_text
    from vidgen_bench.experiments.ablate import latex, markdown, terminal
    from vidgen_bench.experiments.ablate.table import AblationTable, CellLine, TableCell

    word = HOSTILE[0]
    cell = TableCell((CellLine("1.0 ± 0.1", "a"),), CellLine("2.0", state="published"))
    table = AblationTable(word, (word, word), (word,), (word,), {(word, word): cell}, (("a", word),), (word,))
    stream = io.StringIO()
    Console(file=stream, width=200).print(terminal.render_terminal(table, 200))
    check_text(stream.getvalue())
    check_markdown(markdown.render_markdown(table))
    check_latex(latex.render_latex(table))
    check_json(json_text(asdict(replace(table, cells={}))))


def test_the_page_of_a_plugin() -> None:
    from vidgen_bench.cli.plugins.page import as_table, page
    from vidgen_bench.escaping import json_text
    from vidgen_bench.host.host import LoadedPlugin, Origin

    word = HOSTILE[0]
    declared = temporal(summary=word, reference=word, variants={word: {}})
    plugin = LoadedPlugin("temporal", word, declared, Origin(word, word, word))
    text = shown(page(plugin))
    check_text(text)
    assert "[/x] :smile:" in text
    assert word in strings(check_json(json_text(as_table(plugin, options=True))))


def test_good_records_only_lose_nothing(board: Path, places: list[list[Place]]) -> None:
    found = collect([board / "runs"], index=board / "index.sqlite")
    assert found.faults == ()
    assert len(found.entries) == 5 + 2 * len(TABLES)
    assert all(isinstance(entry.record, Record) for entry in found.entries)
