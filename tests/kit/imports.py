"""Who imports whom, read from the sources: at the top and inside functions alike."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

ROOTS = {"vidgen_bench": ROOT, **{f"vidgen_{name}": ROOT / "plugins" for name in ("backbones", "temporal", "pairings")}}
"""Our import roots and the folders that they lie in."""


@cache
def sources() -> Mapping[str, Path]:
    """Return every module of ours by its dotted name."""
    found = {}
    for root, folder in ROOTS.items():
        for path in sorted((folder / root).rglob("*.py")):
            name = ".".join(path.relative_to(folder).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(sources()[module].read_text(), module)


def imports_in(module: str, node: ast.AST | None = None) -> Iterator[str]:
    """Yield what a module imports by dotted name, a name taken from a package of ours as the module where it is one."""
    for part in ast.walk(node or tree(module)):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            assert part.level == 0, f"{module}: relative imports hide where an arrow points"
            base = part.module or ""
            for alias in part.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in sources() else base


def ours(module: str) -> set[str]:
    """Return the modules of ours that a module imports anywhere."""
    return {name for name in imports_in(module) if name in sources()} - {module}


def ours_at_run_time(module: str) -> set[str]:
    """Return the modules of ours that a module imports when it runs: all but those for the type checker's eyes."""
    body = tree(module).body
    parts = [p for p in body if not (isinstance(p, ast.If) and ast.unparse(p.test) == "TYPE_CHECKING")]
    return {name for part in parts for name in imports_in(module, part) if name in sources()} - {module}


def cycle(graph: Mapping[str, set[str]]) -> list[str] | None:
    """Return one cycle of a directed graph, its first node repeated at the end, or None."""
    done: set[str] = set()

    def search(node: str, path: list[str]) -> list[str] | None:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return None
        for neighbour in sorted(graph.get(node, ())):
            if found := search(neighbour, [*path, node]):
                return found
        done.add(node)
        return None

    return next((found for node in sorted(graph) if (found := search(node, []))), None)
