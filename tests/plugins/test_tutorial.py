"""The tutorial of docs/plugins, followed to the letter in an environment of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.fresh_environment import Environment, make_environment, succeed
from tests.kit.tutorial import PAGES, shown_files, typed, write_files
from vidgen_bench.host.scaffold import package

TUTORIAL = (PAGES / "tutorial.md").read_text()
WRONG = (PAGES / "checks.md").read_text()
BACKBONE = (PAGES / "backbone.md").read_text()
NETWORK = "vidgen-swing/vidgen_swing/network.py"

QUICK = {
    "vidgen-bench plugins check swing": {"VIDGEN_BENCH_PLUGINS": "vidgen-swing,tgan,conv1d", "COLUMNS": "120"},
    "vidgen-bench plugins check my-gan": {
        "VIDGEN_BENCH_PLUGINS": "vidgen-swing,my-gan,recurrent,nulls",
        "COLUMNS": "120",
    },
    "pytest -q vidgen-swing": {
        "VIDGEN_BENCH_PLUGINS": "vidgen-swing,tgan,conv1d",
        "PYTEST_ADDOPTS": "-k 'oscillator or shapes'",
    },
    "pytest -q my-gan": {"VIDGEN_BENCH_PLUGINS": "my-gan,recurrent", "PYTEST_ADDOPTS": "-k 'declaration or shapes'"},
}
"""What makes a line of the page quicker here: a reader's checks are all of them, with everything installed."""

MISTAKES = re.findall(r"```python\n(    def forward.*?)```\n\n```console\n(.*?)```", WRONG, re.DOTALL)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Someone with vidgen-bench installed, and an empty folder but for the tiny workplace."""
    return make_environment(tmp_path_factory.mktemp("reader"))


def follow(reader: Environment, text: str) -> Iterator[tuple[str, str, str]]:
    """Type every line of a section; yield it with what the page shows and with what came."""
    for line, shown in typed(text):
        yield line, shown, succeed(reader.type(line, **QUICK.get(line, {})))


def agree(shown: str, came: str) -> bool:
    """Return whether an output is what the page shows, where numbers may differ and three dots stand for anything."""
    parts = [re.escape(plain(part)) for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)]
    return re.fullmatch(".*".join(parts), plain(came)) is not None


def plain(text: str) -> str:
    """Return the words of a text, every number of it a sign."""
    return re.sub(r"\bpairs\b", "pair", re.sub(r"\d+(\.\d+)?(e-?\d+)?", "#", " ".join(text.split())))


def row(table: str, spec: str) -> list[str]:
    """Return the words of the one row of a spec in a leaderboard."""
    (found,) = [line.split() for line in table.splitlines() if line.split()[:1] == [spec]]
    return found


@pytest.mark.slow
def test_the_tutorial_builds_a_generator_and_ends_with_its_row(reader: Environment) -> None:
    write_files(reader.root, shown_files(TUTORIAL))
    done = {line: (shown, came) for line, shown, came in follow(reader, TUTORIAL)}
    shown, came = done["vidgen-bench plugins show swing"]
    assert plain(shown) == plain(came)
    shown, came = done["vidgen-bench plugins check swing"]
    assert plain(shown) == plain(came)
    assert list(done)[-1] == "vidgen-bench leaderboard"
    shown, came = done["vidgen-bench leaderboard"]
    assert len(row(shown, "tgan+swing")) == len(row(came, "tgan+swing"))
    assert row(shown, "spec") == row(came, "spec")
    (record,) = reader.workplace.records().values()
    assert record["spec"] == "tgan+swing"
    assert record["status"] == "finished"


def test_there_are_mistakes_to_make() -> None:
    assert len(MISTAKES) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "console"), MISTAKES)
def test_a_mistake_is_reported_in_the_words_of_the_page(reader: Environment, wrong: str, console: str) -> None:
    files = shown_files(TUTORIAL)
    right = files[NETWORK]
    write_files(reader.root, files | {NETWORK: right[: right.index("    def forward")] + wrong})
    ((line, shown),) = typed(f"```console\n{console}```\n")
    result = reader.type(line, COLUMNS="120")
    write_files(reader.root, files)
    assert result.returncode == 1, result.stderr
    assert shown.count("FAILED") in (1, 3)
    assert agree(shown, result.stdout)


@pytest.mark.slow
def test_the_backbone_goes_with_the_readers_own_generator(reader: Environment) -> None:
    done = {line: (shown, came) for line, shown, came in follow(reader, BACKBONE)}
    shown, came = done["vidgen-bench plugins new my-gan --kind backbone"]
    assert shown == came
    for line in re.findall(r"^  (vidgen-bench run .+)$", came, re.MULTILINE):
        succeed(reader.type(line))
    succeed(reader.type("pytest -q my-gan", **QUICK["pytest -q my-gan"]))
    shown, came = done["vidgen-bench plugins check my-gan"]
    assert plain(shown) == plain(came)
    shown, came = done["vidgen-bench leaderboard"]
    assert len(row(came, "my-gan+swing")) == len(row(shown, "my-gan+swing"))
    records = {r["spec"]: r for r in reader.workplace.records().values()}
    for spec in ("my-gan+gru", "my-gan+ode1", "my-gan+swing"):
        assert records[spec]["status"] == "finished"
        assert "vidgen-my-gan" in {p["distribution"] for p in records[spec]["plugins"]}


def test_outputs_agree_or_do_not() -> None:
    assert agree("ok a 0.1 s\n...\nFAILED c\n", "ok a 12 s\nok b\nFAILED c")
    assert not agree("FAILED c\n...\nok a\n", "ok a\nFAILED c")
    assert not agree("ok a", "ok b")


def test_the_excerpt_is_what_plugins_new_writes() -> None:
    """Line by line; the page shows it at the margin, where the module has it inside a function."""
    excerpt = re.findall(r"```python\n(.*?)```", BACKBONE, re.DOTALL)[0]
    template = Path(package.__file__).parent / "templates" / "backbone" / "game.txt"
    shown, written = (
        "\n".join(line.strip() for line in text.splitlines() if line.strip())
        for text in (excerpt, template.read_text())
    )
    assert shown in written
