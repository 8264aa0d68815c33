"""The house: imports run one way, nothing knots, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.kit.each import of_each
from tests.kit.imports import ROOT, cycle, imports_in, ours, ours_at_run_time, sources, tree

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "version", "escaping"),
    ("noise", "system"),
    ("api",),
    ("latent", "integrate", "blocks", "config", "launch"),
    ("records", "host"),
    ("compose", "data", "training", "leaderboard"),
    ("measure", "conformance"),
    ("experiments",),
    ("cli", ""),
    ("__main__",),
)
"""The floors of the harness from the ground up: a room imports itself and the rooms on the floors below it.

A room is a folder or module directly inside ``vidgen_bench``; "" is the package's own ``__init__``.
"""

OPEN_TO_PLUGINS = {
    "vidgen_bench",
    *(f"vidgen_bench.{name}" for name in ("api", "noise", "latent", "integrate", "blocks", "errors", "launch")),
    "vidgen_bench.launch.process",
}

MEASURED_BY = ("vidgen_bench.measure.metrics", "vidgen_bench.measure.instruments")
"""The folders of ``measure`` that hold plugins, which the rest of it never imports."""

HEAVY = {"torch", "numpy", "scipy"}

MODULES = sorted(sources())

HARNESS = [m for m in MODULES if m.split(".")[0] == "vidgen_bench"]

PLUGINS = [m for m in MODULES if m not in HARNESS]

with (ROOT / "pyproject.toml").open("rb") as _stream:
    DECLARATIONS = sorted(tomllib.load(_stream)["project"]["entry-points"]["vidgen_bench"].values())


def room(module: str) -> str:
    """Return the room that a harness module belongs to: the name right below ``vidgen_bench``."""
    return module.removeprefix("vidgen_bench").removeprefix(".").split(".")[0]


def floor(module: str) -> int:
    """Return the floor of a harness module's room."""
    floors = {name: level for level, names in enumerate(FLOORS) for name in names}
    assert room(module) in floors, f"{module} has no floor: add its room to FLOORS"
    return floors[room(module)]


@of_each(HARNESS)
def test_a_room_imports_only_rooms_below_it(module: str) -> None:
    others = {name for name in ours(module) if name in HARNESS and room(name) != room(module)}
    assert not sorted(name for name in others if floor(name) >= floor(module))


def test_every_room_exists() -> None:
    assert {room(module) for module in HARNESS} == {name for names in FLOORS for name in names}


@of_each([m for m in HARNESS if m != "vidgen_bench.__main__"])
def test_nothing_inside_imports_the_package_itself(module: str) -> None:
    assert "vidgen_bench" not in ours(module)


@of_each([m for m in HARNESS if m.startswith("vidgen_bench.measure") and not m.startswith(MEASURED_BY)])
def test_measure_itself_knows_no_metric_and_no_instrument(module: str) -> None:
    assert not [name for name in ours(module) if name.startswith(MEASURED_BY)]


@of_each([m for m in HARNESS if m.startswith("vidgen_bench.cli")])
def test_the_command_line_imports_no_instrument(module: str) -> None:
    assert not [name for name in imports_in(module) if name.startswith("vidgen_bench.measure.instruments")]


@of_each([m for m in HARNESS if m.startswith("vidgen_bench.measure.metrics")])
def test_a_metric_imports_only_what_a_third_party_plugin_may(module: str) -> None:
    own = "vidgen_bench.measure.metrics"
    assert {name for name in ours(module) if not name.startswith(own)} <= OPEN_TO_PLUGINS


def test_the_harness_has_no_cycle() -> None:
    assert cycle({module: ours(module) for module in HARNESS}) is None


def test_plugins_have_no_cycle_at_run_time() -> None:
    # for the type checker alone, a network may name the options of the declaration that builds it
    assert cycle({module: ours_at_run_time(module) for module in PLUGINS}) is None


def test_the_search_for_cycles_finds_one() -> None:
    assert cycle({"a": {"b", "c"}, "b": {"d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) is None


@of_each(HARNESS)
def test_the_harness_knows_no_plugin(module: str) -> None:
    assert not [name for name in imports_in(module) if name.split(".")[0] in {p.split(".")[0] for p in PLUGINS}]


@of_each(PLUGINS)
def test_plugins_see_the_api_and_nothing_else_of_us(module: str) -> None:
    seen = {name for name in imports_in(module) if name.split(".")[0] == "vidgen_bench"}
    assert seen <= OPEN_TO_PLUGINS
    taken = {
        alias.name
        for part in ast.walk(tree(module))
        if isinstance(part, ast.ImportFrom) and part.module == "vidgen_bench"
        for alias in part.names
    }
    assert taken <= {"hookimpl", "api", "noise", "latent", "integrate", "blocks", "errors", "launch"}


@of_each(PLUGINS)
def test_plugins_do_not_see_each_other(module: str) -> None:
    system = ".".join(module.split(".")[:2])
    assert all(name == system or name.startswith(f"{system}.") for name in ours(module) if name in PLUGINS)


def test_no_declaration_imports_torch_numpy_or_scipy() -> None:
    lines = [f"import {module}; heavy({module!r})" for module in DECLARATIONS]
    check = f"import sys\ndef heavy(name):\n    for found in {sorted(HEAVY)}:\n        if found in sys.modules:\n"
    code = check + '            sys.exit(f"{name} imports {found}")\n'
    done = subprocess.run(
        [sys.executable, "-c", code + "\n".join(lines)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_preparing_and_describing_data_does_not_import_torch() -> None:
    modules = ("vidgen_bench.data.prepare", "vidgen_bench.data.store_check", "vidgen_bench.cli.data")
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


@of_each([m for m in MODULES if not m.startswith("vidgen_bench.cli")])
def test_only_the_command_line_prints(module: str) -> None:
    calls = [n.func for n in ast.walk(tree(module)) if isinstance(n, ast.Call)]
    assert not [c.lineno for c in calls if isinstance(c, ast.Name) and c.id in ("print", "input", "breakpoint")]
    assert not [name for name in imports_in(module) if name in ("typer", "rich.prompt", "rich.progress")]


@of_each([m for m in HARNESS if m.startswith("vidgen_bench.cli")])
def test_commands_show_texts_through_one_console(module: str) -> None:
    calls = [n for n in ast.walk(tree(module)) if isinstance(n, ast.Call)]
    names = {ast.unparse(c.func) for c in calls}
    assert "Console" not in names  # LiteralConsole has neither markup nor control characters
    assert "json.dumps" not in names  # escaping.json_text is strict
    if module not in ("vidgen_bench.cli.console", "vidgen_bench.cli.main"):
        assert "print" not in names  # console.say and console.write_out


def test_one_module_alone_imports_the_solver_libraries() -> None:
    users = {m for m in MODULES if {"torchdiffeq", "torchsde"} & {n.split(".")[0] for n in imports_in(m)}}
    assert users == {"vidgen_bench.integrate.libraries"}


@of_each([m for m in MODULES if m.startswith("vidgen_bench.leaderboard")])
def test_the_leaderboard_needs_no_numerics(module: str) -> None:
    assert not HEAVY & {name.split(".")[0] for name in imports_in(module)}


@of_each([m for m in MODULES if m.startswith("vidgen_bench.cli")])
def test_commands_import_their_work_inside_their_bodies(module: str) -> None:
    at_the_top = [n for n in tree(module).body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in at_the_top for name in imports_in(module, node)}
    assert not names & (HEAVY | {"pydantic", "pluggy"})


def test_click_is_never_imported() -> None:
    assert not [m for m in MODULES if "click" in {name.split(".")[0] for name in imports_in(m)}]


@of_each(sorted((ROOT / "tests").rglob("*.py")))
def test_tests_import_from_the_kit_and_never_from_each_other(path: Path) -> None:
    nodes = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
    from_tests = {str(n.module) for n in nodes if str(n.module).split(".")[0] == "tests"}
    assert all(name.split(".")[:2] == ["tests", "kit"] for name in from_tests)


def test_unit_tests_mirror_the_rooms() -> None:
    rooms = {p.name for p in (ROOT / "vidgen_bench").iterdir() if p.is_dir()}
    assert {p.name for p in (ROOT / "tests" / "unit").iterdir() if p.is_dir() and p.name != "__pycache__"} <= rooms
