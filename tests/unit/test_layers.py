"""The house: imports run one way, nothing knots, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib

import pytest

from tests.imports import ROOT, cycle, imports_in, ours, ours_at_run_time, sources, tree

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("noise", "files", "npy_header", "spec", "validation", "places", "device", "blame"),
    (
        "",
        "api",
        "hookspecs",
        "options",
        "budget",
        "track",
        "suite",
        "protocol",
        "consistency",
        "records",
        "declarations",
    ),
    ("latent", "integrate", "data.geometry"),
    ("host", "data", "instruments", "metrics"),
    (
        "resolve",
        "fit",
        "nearest",
        "matrix",
        "compose",
        "measure",
        "bench",
        "gauge",
        "precision",
        "batch_size",
        "views",
        "evaluation",
        "reference",
        "reference_manifest",
        "external",
        "training",
        "leaderboard",
        "anchors",
        "gallery",
        "film",
        "filmstrip",
        "recompose",
        "trained",
        "conformance",
        "scaffold",
        "provenance",
        "run_folder",
    ),
    ("plan", "recording", "run", "evaluating", "ablation"),
    ("cli", "__main__"),
)
"""The floors of the harness from the ground up: a module imports from its own floor and from those below."""

ABOVE_THEIR_FLOOR = {
    # a track gives out its frame geometry, a plain value; the module is imported only when that is asked for
    ("vidgen_bench.track", "vidgen_bench.data.geometry"),
    # `vidgen_bench.load` is the door to a trained run; the module behind it is imported only when it is called
    ("vidgen_bench", "vidgen_bench.trained"),
    # so is `vidgen_bench.evaluate` for what scores runs and clips
    ("vidgen_bench", "vidgen_bench.evaluating.evaluate"),
}
"""Imports that wait until they are asked for, and may therefore point up."""

OPEN_TO_PLUGINS = {
    "vidgen_bench",
    *(f"vidgen_bench.{name}" for name in ("api", "noise", "latent", "integrate", "errors")),
}

HEAVY = {"torch", "numpy", "scipy"}

MODULES = sorted(sources())

HARNESS = [m for m in MODULES if m.split(".")[0] == "vidgen_bench"]

PLUGINS = [m for m in MODULES if m not in HARNESS]

with (ROOT / "pyproject.toml").open("rb") as _stream:
    DECLARATIONS = sorted(tomllib.load(_stream)["project"]["entry-points"]["vidgen_bench"].values())


def floor(module: str) -> int:
    """Return the floor of a harness module: that of the longest name above it."""
    name = module.removeprefix("vidgen_bench").removeprefix(".")
    places = {part: level for level, parts in enumerate(FLOORS) for part in parts}
    while name and name not in places:
        name = name.rpartition(".")[0]
    assert name or module == "vidgen_bench", f"{module} has no floor: add it to FLOORS"
    return places[name]


@pytest.mark.parametrize("module", HARNESS)
def test_arrows_point_down(module: str) -> None:
    upward = {name for name in ours(module) if name in HARNESS and floor(name) > floor(module)}
    assert {(module, name) for name in upward} <= ABOVE_THEIR_FLOOR


def test_every_exception_is_still_needed() -> None:
    assert all(target in ours(module) and floor(target) > floor(module) for module, target in ABOVE_THEIR_FLOOR)


def test_there_is_no_cycle() -> None:
    later = {module: {target for source, target in ABOVE_THEIR_FLOOR if source == module} for module in MODULES}
    assert cycle({module: ours_at_run_time(module) - later[module] for module in MODULES}) is None


def test_the_search_for_cycles_finds_one() -> None:
    assert cycle({"a": {"b", "c"}, "b": {"d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) is None


@pytest.mark.parametrize("module", HARNESS)
def test_the_harness_knows_no_plugin(module: str) -> None:
    assert not [name for name in imports_in(module) if name.split(".")[0] in {p.split(".")[0] for p in PLUGINS}]


@pytest.mark.parametrize("module", PLUGINS)
def test_plugins_see_the_api_and_nothing_else_of_us(module: str) -> None:
    seen = {name for name in imports_in(module) if name.split(".")[0] == "vidgen_bench"}
    assert seen <= OPEN_TO_PLUGINS
    taken = {
        alias.name
        for part in ast.walk(tree(module))
        if isinstance(part, ast.ImportFrom) and part.module == "vidgen_bench"
        for alias in part.names
    }
    assert taken <= {"hookimpl", "api", "noise", "latent", "integrate", "errors"}


@pytest.mark.parametrize("module", PLUGINS)
def test_plugins_do_not_see_each_other(module: str) -> None:
    system = ".".join(module.split(".")[:2])
    assert all(name == system or name.startswith(f"{system}.") for name in ours(module) if name in PLUGINS)


@pytest.mark.parametrize("module", DECLARATIONS)
def test_a_declaration_imports_no_torch_numpy_or_scipy(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("vidgen_bench.cli")])
def test_only_the_command_line_prints(module: str) -> None:
    calls = [n.func for n in ast.walk(tree(module)) if isinstance(n, ast.Call)]
    assert not [c.lineno for c in calls if isinstance(c, ast.Name) and c.id in ("print", "input", "breakpoint")]
    assert not [name for name in imports_in(module) if name in ("typer", "rich.prompt", "rich.progress")]


def test_one_module_alone_imports_the_solver_libraries() -> None:
    users = {m for m in MODULES if {"torchdiffeq", "torchsde"} & {n.split(".")[0] for n in imports_in(m)}}
    assert users == {"vidgen_bench.integrate.libraries"}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("vidgen_bench.leaderboard")])
def test_the_leaderboard_needs_no_numerics(module: str) -> None:
    assert not HEAVY & {name.split(".")[0] for name in imports_in(module)}


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("vidgen_bench.cli")])
def test_commands_import_their_work_inside_their_bodies(module: str) -> None:
    at_the_top = [n for n in tree(module).body if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {name.split(".")[0] for node in at_the_top for name in imports_in(module, node)}
    assert not names & (HEAVY | {"pydantic", "pluggy"})


def test_click_is_never_imported() -> None:
    assert not [m for m in MODULES if "click" in {name.split(".")[0] for name in imports_in(m)}]
