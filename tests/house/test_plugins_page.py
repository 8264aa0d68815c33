"""docs/plugins/reference.md and the code name the same things, with the same arguments; checks.md explains every check."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.tutorial import PAGES
from tests.kit.valid_declarations import temporal
from vidgen_bench import api, blocks, conformance, integrate, latent
from vidgen_bench.errors import Interrupted, RequestError, VidgenBenchError
from vidgen_bench.host import hookspecs
from vidgen_bench.host.declarations import fault
from vidgen_bench.host.host import ALLOW_LIST, HOOKS
from vidgen_bench.launch import process
from vidgen_bench.noise import Noise

TEXT = (PAGES / "reference.md").read_text()
CHECKS = (PAGES / "checks.md").read_text()


def body(thing: Any) -> list[ast.stmt]:
    """Return the statements of a module, or the one that defines a function or a class."""
    return ast.parse(textwrap.dedent(inspect.getsource(thing))).body


def signature(function: ast.FunctionDef) -> str:
    """Return ``name(argument: type, ...) -> type`` as the code has it, without ``self``."""
    arguments = function.args
    arguments.args = [a for a in arguments.args if a.arg != "self"]
    assert function.returns is not None
    return f"{function.name}({ast.unparse(arguments)}) -> {ast.unparse(function.returns)}"


def members(definition: ast.ClassDef) -> Iterator[str]:
    """Yield every attribute and method of a class."""
    for part in definition.body:
        if isinstance(part, ast.AnnAssign):
            yield ast.unparse(part)
        elif isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
            spelt = signature(part)
            yield f"{part.name}: {spelt.partition(' -> ')[2]}" if part.decorator_list else spelt


def makers(definition: ast.ClassDef) -> str:
    """Return how an object of a class is made."""
    made = [p for p in definition.body if isinstance(p, ast.FunctionDef) and p.name == "__init__"]
    if not made:
        return definition.name
    return signature(made[0]).replace("__init__", definition.name).removesuffix(" -> None")


def of_api() -> list[ast.stmt]:
    """Return the statements of all modules of the contract."""
    modules = [importlib.import_module(f"{api.__name__}.{m.name}") for m in pkgutil.iter_modules(api.__path__)]
    return [part for module in modules for part in body(module)]


def classes(parts: list[ast.stmt]) -> list[ast.ClassDef]:
    return [part for part in parts if isinstance(part, ast.ClassDef)]


def functions(things: list[Any]) -> list[str]:
    return [signature(p) for thing in things for p in body(thing) if isinstance(p, ast.FunctionDef)]


def of_the_code() -> dict[str, set[str]]:
    """Return the headings that the reference must have, and the entries below each."""
    noise = [part for part in body(Noise)[0].body if isinstance(part, ast.FunctionDef)]  # type: ignore[attr-defined]
    expected: dict[str, set[str]] = {hook: set() for hook in functions([hookspecs])}
    expected |= {c.name: set(members(c)) for c in classes(of_api())}
    expected["vidgen_bench.api"] = {
        *(ast.unparse(p) for p in of_api() if isinstance(p, ast.Assign)),
        *(signature(p) for p in of_api() if isinstance(p, ast.FunctionDef)),
    }
    expected["Noise"] = {signature(part) for part in noise if not part.name.startswith("_")}
    expected["vidgen_bench.latent"] = {*(makers(c) for c in classes(body(latent))), *functions([latent])}
    expected["vidgen_bench.integrate"] = set(functions([integrate.ode_path, integrate.sde_path]))
    expected["vidgen_bench.blocks"] = {
        makers(body(thing)[0]) if isinstance(thing, type) else functions([thing])[0]
        for thing in (getattr(blocks, name) for name in blocks.__all__)
        if callable(thing) and hasattr(thing, "__module__") and thing.__module__.startswith("vidgen_bench.blocks")
    }
    names = [getattr(process, name) for name in ("command", "shell_command", "variables", "start", "exit_code")]
    expected["vidgen_bench.launch.process"] = set(functions(names))
    expected["vidgen_bench.conformance"] = set(functions([conformance.conformance_test, conformance.cases]))
    return expected


def of_the_page(text: str) -> dict[str, set[str]]:
    """Return the headings of the reference that are code, each with the entries of its list."""
    parts = re.split(r"^### `(.+)`$", text, flags=re.MULTILINE)[1:]
    headings, texts = parts[::2], [re.split(r"^#", t, flags=re.MULTILINE)[0] for t in parts[1::2]]
    assert len(set(headings)) == len(headings)
    return {h: set(re.findall(r"^- `([^`]+)`", t, re.MULTILINE)) for h, t in zip(headings, texts, strict=True)}


def differences(text: str) -> list[str]:
    """Return the entries that only the code or only the page has."""
    code, page = of_the_code(), of_the_page(text)
    found = [f"{heading}: no heading on the page" for heading in sorted(code.keys() - page.keys())]
    found += [f"{heading}: the code has no such name" for heading in sorted(page.keys() - code.keys())]
    for heading in sorted(code.keys() & page.keys()):
        found += [f"{heading}: {entry} is not documented" for entry in sorted(code[heading] - page[heading])]
        found += [f"{heading}: {entry} does not exist" for entry in sorted(page[heading] - code[heading])]
    return found


def test_the_reference_is_the_code() -> None:
    assert differences(TEXT) == []


def test_everything_in_the_contract_is_imported_from_the_package_itself() -> None:
    names = {c.name for c in classes(of_api())} | {p.name for p in of_api() if isinstance(p, ast.FunctionDef)}
    names |= {ast.unparse(p.targets[0]) for p in of_api() if isinstance(p, ast.Assign)}
    assert names == set(api.__all__)


def test_every_hook_and_every_declaration_is_compared() -> None:
    code = of_the_code()
    assert {h.partition("(")[0] for h in code if h.startswith("vidgen_") and "(" in h} == set(HOOKS.values())
    assert {
        "Named",
        "Temporal",
        "Backbone",
        "DataSet",
        "Instrument",
        "Metric",
        "Pairing",
        "Launcher",
        "Handle",
        "Job",
    } <= code.keys()
    assert "build(clip: Clip, options: Any, temporal: nn.Module | None) -> Game" in code["Backbone"]
    assert "own: str | None" in code["Backbone"]
    assert "turns: int = 1" in code["Player"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "### `vidgen_metrics()",
            "### `vidgen_metric()",
            ["vidgen_metrics() -> Sequence[Metric]: no heading on the page"],
        ),
        ("### `Moments`", "### `Moment`", ["Moments: no heading on the page", "Moment: the code has no such name"]),
        ("- `own: str | None`", "- own", ["Backbone: own: str | None is not documented"]),
        ("- `own: str | None`", "- `own: str`", ["Backbone: own: str does not exist"]),
        (
            "- `refuses(spec: LatentSpec, options: Any)",
            "- `refuses(spec: LatentSpec)",
            ["Temporal: refuses(spec: LatentSpec) -> str | None does not exist"],
        ),
        ("- `turns: int = 1`", "- `turns: int = 2`", ["Player: turns: int = 1 is not documented"]),
        (
            "- `count(module",
            "- `counts(module",
            ["vidgen_bench.latent: counts(module: nn.Module) -> int does not exist"],
        ),
        (
            "- `layer: str`",
            "- `speed: float` – none.\n- `layer: str`",
            ["Metric: speed: float does not exist"],
        ),
    ],
)
def test_a_wrong_page_is_found_out(old: str, new: str, found: list[str]) -> None:
    assert old in TEXT
    assert set(found) <= set(differences(TEXT.replace(old, new)))


def test_the_exit_codes_and_the_variable_are_those_of_the_code() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", TEXT, re.MULTILINE))
    assert table.keys() == {"0", *(str(e.exit_code) for e in (VidgenBenchError, RequestError, Interrupted))}
    assert "`VidgenBenchError`" in table[str(VidgenBenchError.exit_code)]
    assert "`RequestError`" in table[str(RequestError.exit_code)]
    assert f"`{ALLOW_LIST}`" in TEXT


def test_the_refusal_of_another_api_is_worded_as_on_the_page() -> None:
    problem = fault("temporal", temporal(name="swing", api="2.0"))
    assert problem is not None
    assert f"hook vidgen_temporal: {problem}" in " ".join(TEXT.split())


def test_every_check_is_explained_and_no_other() -> None:
    assert re.findall(r"^- `(\w+)` – ", CHECKS, re.MULTILINE) == [check.name for check in conformance.CHECKS]
