"""Every page: its links and anchors exist, its paths exist, its commands parse; the index and the map leave nothing out."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from tests.kit.imports import ROOT
from vidgen_bench.cli.main import make_app

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
COMMAND_LINE = get_command(make_app())
PATH = re.compile(r"`((?:vidgen_bench|plugins|tests|docs|benchmarks)/[^`\s*]+)`")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings; of two equal headings the second is numbered."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {name if not plain[:i].count(name) else f"{name}-{plain[:i].count(name)}" for i, name in enumerate(plain)}


def commands(text: str) -> list[str]:
    """Return the lines of code blocks that call vidgen-bench, without prompt, variables, comments and what follows a `&&`."""
    blocks = re.findall(r"^```(?:\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("&& ")[-1] for block in blocks for line in block.splitlines()]
    return [m[1] for line in lines if (m := re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*vidgen-bench ([^#]+)", line))]


COMMANDS = sorted({(name(page), line.strip()) for page in PAGES for line in commands(page.read_text())})


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if target.startswith("https://"):
            continue
        found = page.parent / target if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text()), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_exist(page: Path) -> None:
    missing = [path for path in PATH.findall(page.read_text()) if not (ROOT / path).exists()]
    assert not missing


def test_the_index_links_every_page() -> None:
    for index, pages in (
        (DOCS / "README.md", [p for p in DOCS.rglob("*.md") if p.parent.name != "decisions"]),
        (DOCS / "decisions" / "README.md", list((DOCS / "decisions").glob("*.md"))),
    ):
        linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text())}
        assert not [name(page) for page in pages if page != index and page.resolve() not in linked]
    assert "](decisions/README.md)" in (DOCS / "README.md").read_text()


def test_the_readme_is_short_and_links_the_main_pages() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 150
    for page in ("systems", "architecture", "verification"):
        assert f"](docs/{page}.md)" in readme


def test_the_map_names_every_room() -> None:
    text = (DOCS / "architecture.md").read_text()
    tree = text[text.index("## The tree") : text.index("## Import layers")]
    rooms = {p.name for p in (ROOT / "vidgen_bench").iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert set(re.findall(r"^  (\w+)/  ", tree, re.MULTILINE)) >= rooms
    assert len(PATH.findall(text)) > 30


def test_the_floors_of_the_map_are_those_of_the_layers_test() -> None:
    nodes = ast.parse((ROOT / "tests/house/test_layers.py").read_text()).body
    (floors,) = [
        n.value for n in nodes if isinstance(n, ast.AnnAssign) and ast.unparse(n.target) == "FLOORS" and n.value
    ]
    rows = re.findall(r"^\| (\d) \| (.+) \|$", (DOCS / "architecture.md").read_text(), re.MULTILINE)
    shown = {int(number): set(re.findall(r"`(\w+)`", rooms)) for number, rooms in rows}
    shown[8] = (shown[8] - {"__init__"}) | {""}
    assert shown == {number: set(rooms) for number, rooms in enumerate(ast.literal_eval(floors))}


def test_the_verification_page_names_test_files_by_their_whole_path() -> None:
    text = (DOCS / "verification.md").read_text()
    named = re.findall(r"`([^`\s]*test_\w+(?:\.py)?)`", text)
    assert len(named) > 30
    assert not [path for path in named if not (ROOT / path).is_file()]


def test_there_are_commands_to_parse() -> None:
    assert len(COMMANDS) > 50
    assert {page for page, _ in COMMANDS} >= {
        "README.md",
        "CONTRIBUTING.md",
        "docs/suites.md",
        "docs/plugins/tutorial.md",
    }


def parse(line: str) -> None:
    """Parse a command without running it; raises for an unknown option, and for a missing or an unexpected argument."""
    command, words, called = COMMAND_LINE, shlex.split(line), "vidgen-bench"
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        called = words.pop(0)
        command = command.commands[called]
    context = command.make_context(called, list(words))
    if isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        command.resolve_command(context, words)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_is_accepted(page: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", ["run tgan --sed 3", "plugins chek swing", "run", "protocols show c3d-tgan fvd"])
def test_a_wrong_command_is_found_out(line: str) -> None:
    with pytest.raises(TyperException):
        parse(line)
