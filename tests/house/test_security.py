"""The house: SECURITY.md names the tests that hold it, files are opened in one place, and nothing in a file is run unasked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.kit.each import of_each
from tests.kit.imports import ROOT, sources, tree

PAGE = re.sub(r"<!--.*?-->", "", (ROOT / "SECURITY.md").read_text(), flags=re.DOTALL)

LINES = [" ".join(line.split()) for line in re.findall(r"^- (.*(?:\n  .*)*)", PAGE, flags=re.MULTILINE)]

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")

MODULES = sorted(name for name in sources() if name.startswith("vidgen_bench"))

OPENERS = {
    "open",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "FileLock",
    "memmap",
    "open_memmap",
    "fromfile",
    "connect",
}
"""Names of calls that open a file by its path."""

GIVEN = {
    "vidgen_bench.config.toml": "tracks, protocols and suites that the user names, and those that ship",
    "vidgen_bench.system.streams": "the null device, in place of a closed standard stream",
    "vidgen_bench.cli.instrument.weights": "published weights that the user names",
    "vidgen_bench.measure.instruments.file_content": "published weights that the user names",
    "vidgen_bench.measure.instruments.c3d.importing.mean_import": "a mean that the user names",
    "vidgen_bench.data.ucf101.splits": "lists that the user names",
    "vidgen_bench.data.shapes.write": "files in a new folder of its own",
    "vidgen_bench.host.scaffold.package": "files in a new folder of its own, and templates that ship",
    "vidgen_bench.leaderboard.errata": "a table that ships, or one whose kind and size verify has checked",
    "vidgen_bench.leaderboard.index.database": "the database of records, whose kind it checks",
    "vidgen_bench.leaderboard.page.document": "templates that ship",
    "vidgen_bench.leaderboard.published.claims": "tables that ship",
    "vidgen_bench.leaderboard.published.figure_3": "tables that ship",
    "vidgen_bench.leaderboard.published.sources": "tables that ship",
    "vidgen_bench.system.provenance": "/proc/cpuinfo",
    "vidgen_bench.system.memory": "the memory limit of the control group",
    "vidgen_bench.data.store_check": "the boot id of the kernel",
    "vidgen_bench.system.source_hash": "the sources of installed packages, which are hashed and not used",
    "vidgen_bench.system.files": "the only writer of whole files, and folders that are synchronised",
    "vidgen_bench.system.lock_file": "the only user of lock files",
    "vidgen_bench.system.output_file": "the only writer of files that the user names",
    "vidgen_bench.system.regular_files": "the only opener of files inside run folders, caches and stores",
}
"""The modules that open files by themselves, and which files; all others use ``vidgen_bench.system``. ``data`` decodes media."""

MEDIA = ("vidgen_bench.data.decoding", "vidgen_bench.data.external")

STREAMS = {"archive", "av", "self._archive", "Image", "Store", "zipfile"}
"""Objects whose ``open`` opens no path, or media."""


def calls(module: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the object, the name and the node of every call in a module: ``("torch", "load", node)``."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute):
                yield ast.unparse(function.value), function.attr, node
            elif isinstance(function, ast.Name):
                yield "", function.id, node


def keyword(call: ast.Call, name: str) -> object:
    """Return the literal value of a keyword of a call, or None."""
    found = next((k.value for k in call.keywords if k.arg == name), None)
    return found.value if isinstance(found, ast.Constant) else None


def test_the_page_has_lines_of_both_kinds() -> None:
    assert {"## Trusted", "## Not trusted"} <= set(PAGE.splitlines())
    assert len(LINES) >= 10


@of_each(LINES)
def test_every_line_names_a_test_that_exists(line: str) -> None:
    named = NAMED.findall(line)
    assert named, f"no test is named: {line}"
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert re.search(rf"^def {test}\(", (ROOT / file).read_text(), flags=re.MULTILINE), f"{file} has no {test}"


@of_each([m for m in MODULES if not m.startswith(MEDIA)])
def test_files_are_opened_in_the_modules_that_are_listed(module: str) -> None:
    from_regular_files = {"write_bytes", "write_text"}  # functions of system.files, unless called on a path
    found = {
        f"{on}.{name}" if on else name
        for on, name, _ in calls(module)
        if name in OPENERS and on not in STREAMS and not (name in from_regular_files and not on)
    }
    assert bool(found) <= (module in GIVEN), f"{module} opens files by itself ({found}); use vidgen_bench.system"


@of_each(sorted(GIVEN))
def test_a_listed_module_still_opens_files(module: str) -> None:
    assert {name for _, name, _ in calls(module)} & OPENERS


@of_each(sorted(sources()))
def test_nothing_is_unpickled_and_nothing_is_run(module: str) -> None:
    for on, name, call in calls(module):
        where = f"{module}, line {call.lineno}"
        if (on, name) == ("torch", "load"):
            assert keyword(call, "weights_only") is True, where
        if (on, name) == ("np", "load") or name in ("read_array",):
            assert keyword(call, "allow_pickle") is False, where
        assert not (on in ("pickle", "marshal", "shelve", "joblib", "dill") and name in ("load", "loads")), where
        assert not (on == "" and name in ("eval", "exec")), where
        if on == "torch.jit" and name == "load":
            assert module == "vidgen_bench.measure.instruments.i3d.torchscript", where


@of_each([m for m in MODULES if " read_archive(" in sources()[m].read_text().replace("def read_archive(", "")])
def test_an_archive_is_loaded_only_after_the_question_of_trust(module: str) -> None:
    order = sorted(
        (call.lineno, name) for _, name, call in calls(module) if name in ("read_archive", "require_trust", "trust")
    )
    assert next(name for _, name in order) in ("require_trust", "trust")
    assert len(order) == 2
