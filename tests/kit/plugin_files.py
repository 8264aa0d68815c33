"""Plugins of strangers, made on the spot: real modules, and real installed distributions, in a folder on ``sys.path``."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

from vidgen_bench.host.host import Host, Origin

TEMPORAL = """
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vidgen_bench import hookimpl
from vidgen_bench.api import NoOptions, option


@dataclass(frozen=True)
class Options:
    hidden: int = option(64, "width of the hidden layer", at_least=1)
    drive: str = option("noise", "what comes in")


@dataclass(frozen=True)
class Still:
    name: str = "{name}"
    summary: str = "every frame is the first"
    api: str = "1.0"
    reference: str = "nobody, 2024"
    options: type = Options
    sets: Mapping[str, Any] = field(default_factory=lambda: {{"drive": "none"}})
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {{"wide": {{"hidden": 256}}}})
    stochastic: bool = True
    can: frozenset = frozenset({{"after", "between"}})

    def refuses(self, spec, options):
        return None

    def build(self, spec, options):
        raise NotImplementedError


@hookimpl
def vidgen_temporal():
    return [Still()]
"""
"""A temporal generator's module; ``{name}`` is to be filled in."""

METRIC = """
from dataclasses import dataclass

from vidgen_bench import hookimpl
from vidgen_bench.api import NoOptions


@dataclass(frozen=True)
class Metric:
    name: str = "{name}"
    title: str = "M"
    summary: str = "a metric"
    api: str = "1.0"
    reference: str = "nobody, 2024"
    layer: str = "prob"
    better: str = "higher"
    view: str = "as-is"
    needs: frozenset = frozenset()
    options: type = NoOptions

    def caveat(self, samples, features):
        return ""

    def scorer(self, reference, options):
        raise NotImplementedError


@hookimpl
def vidgen_metrics():
    return [Metric()]
"""
"""A metric's module; ``{name}`` is to be filled in."""


def host_of(folder: Path, **modules: str) -> Host:
    """Return the host of modules written into a folder (which must be on ``sys.path``), each one entry point."""
    points = []
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
        points.append((EntryPoint(name, name, "vidgen_bench"), Origin(name, f"{name}-dist", "1.0")))
    return Host(tuple(points))


def install(folder: Path, distribution: str, version: str = "1.0", **modules: str) -> None:
    """Make a folder hold an installed distribution: modules, and the dist-info folder with an entry point for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
    info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[vidgen_bench]\n" + "".join(f"{name} = {name}\n" for name in modules))
