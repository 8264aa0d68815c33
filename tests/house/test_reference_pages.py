"""The reference pages are what the code is: keys of TOML files, files of a run folder, folders, variables and exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from tests.kit.imports import ROOT
from tests.kit.key_tables import HEAD, key_table
from vidgen_bench import errors
from vidgen_bench.config.protocol import Protocol
from vidgen_bench.config.suite import Suite
from vidgen_bench.config.track import Track
from vidgen_bench.data import locating
from vidgen_bench.experiments.run.folder import FILES
from vidgen_bench.leaderboard.collect import INDEX_FILE
from vidgen_bench.measure import anchors
from vidgen_bench.measure.reference import manifest

KEYS = (ROOT / "docs" / "toml-files.md").read_text()
RUNNING = (ROOT / "docs" / "running.md").read_text()
ENVIRONMENT = (ROOT / "docs" / "environment.md").read_text()


def section(page: str, title: str) -> str:
    """Return a section of a page, from its heading to the next one of any level."""
    return re.split(r"^#+ ", page.partition(f" {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables in a text."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    return [cell for cell in rows if "`" in cell or cell[:1].isdigit()]


def named(text: str) -> set[str]:
    """Return what the first cells of a text's tables have in backticks."""
    return {name for cell in first_cells(text) for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(("title", "model"), [("Tracks", Track), ("Protocols", Protocol), ("Suites", Suite)])
def test_every_key_has_its_row(title: str, model: type[BaseModel]) -> None:
    shown = section(KEYS, title)
    assert shown[shown.index(HEAD) :].strip() == key_table(model).strip()


def test_every_file_of_a_run_folder_has_its_row() -> None:
    shown = named(section(RUNNING, "Files of a run folder"))
    assert shown == {*FILES, "best-000000250.pt", ".lock"}


def _codes(kind: type[errors.VidgenBenchError]) -> Iterator[int]:
    yield kind.exit_code
    for inner in kind.__subclasses__():
        yield from _codes(inner)


def test_every_exit_code_has_its_row() -> None:
    shown = {int(code) for cell in first_cells(section(RUNNING, "Exit codes")) for code in re.findall(r"\d+", cell)}
    assert {0, *_codes(errors.VidgenBenchError), 129, 143, 137} == shown - {128}


def test_every_entry_of_the_cache_has_its_row() -> None:
    shown = named(section(ENVIRONMENT, "The cache folder"))
    assert shown == {"stores", manifest.FOLDER, anchors.FOLDER, locating.FOLDER, INDEX_FILE}
    assert '"stores"' in (ROOT / "vidgen_bench" / "data" / "prepare.py").read_text()


def test_every_variable_has_its_row() -> None:
    sources = [path.read_text() for folder in ("vidgen_bench", "plugins") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(sources)
    ours = set(re.findall(r"\bVIDGEN_BENCH_[A-Z_]*[A-Z]\b", text))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", text)) | set(
        re.findall(r'"([A-Z_]+)" in os\.environ', text)
    )
    shown = named(section(ENVIRONMENT, "Environment variables"))
    assert {name for name in shown if name.startswith("VIDGEN_")} == ours
    assert read
    assert read - {"PYDANTIC_DISABLE_PLUGINS"} <= shown  # which is set for pydantic, not read
