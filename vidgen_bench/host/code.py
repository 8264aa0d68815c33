"""The code that takes part in a run: the packages of its plugins and of vidgen-bench itself, each with the hash of its sources.

A name is that of an import package. A plugin of another distribution counts with its outermost package, or its module if it has none. Of
vidgen-bench those packages count that determine a result; :data:`HARNESS` lists them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from vidgen_bench.host.host import KIND_WORDS, Host, LoadedPlugin
from vidgen_bench.host.removal import OURS
from vidgen_bench.system.source_hash import Sources, sources_of

PACKAGE = "vidgen_bench"

SAMPLING: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("api", "blocks", "compose", "integrate", "latent", "noise"), ()
)
"""The packages of vidgen-bench that a sample of given weights depends on, each with the modules that count; () means all of them."""

MEASURING: Mapping[str, tuple[str, ...]] = dict.fromkeys(("api", "data", "measure"), ())
"""The packages that the scores of given clips depend on."""

HARNESS: Mapping[str, tuple[str, ...]] = {
    **SAMPLING,
    **MEASURING,
    "config": ("budget", "protocol", "track"),
    "experiments": ("run/stages",),
    "system": ("batch_size", "cuda_graph", "device", "memory", "precision"),
    "training": (),
}
"""The packages that a result depends on. The command line, the leaderboard, launchers and records are not among them."""


@dataclass(frozen=True)
class Code:
    """The packages that take part in something, with their sources as they are now."""

    sources: Mapping[str, Sources] = field(default_factory=dict)
    """By the name of the package; one without files, as in a frozen program, is left out."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """What a package provides: ``temporal generator drift of vidgen-drift 0.1.0``."""

    @property
    def packages(self) -> dict[str, str]:
        """The hash of each package."""
        return {name: sources.sha256 for name, sources in sorted(self.sources.items())}

    def __or__(self, other: Code) -> Code:
        """Return the packages of both."""
        return Code({**self.sources, **other.sources}, {**self.owners, **other.owners})


def code_of(plugins: Iterable[LoadedPlugin], host: Host, harness: Mapping[str, tuple[str, ...]] = HARNESS) -> Code:
    """Return the code of some plugins, and of these packages of vidgen-bench."""
    sources: dict[str, Sources | None] = {f"{PACKAGE}.{name}": _harness(name) for name in harness}
    owners: dict[str, str] = dict.fromkeys(sources, OURS)
    for plugin in plugins:
        for name in dict.fromkeys(_packages(plugin, host)):
            sources[name] = _sources(name)
            owner = f"{KIND_WORDS.get(plugin.kind, plugin.kind)} {plugin.name} of {plugin.origin.distribution} {plugin.origin.version}"
            owners.setdefault(name, owner)
    return Code({name: found for name, found in sources.items() if found}, owners)


def version_in_caches(plugin: LoadedPlugin, host: Host) -> str:
    """Return the version of a plugin for the names of cached numbers: with the hash of its sources, since an edit keeps the version.

    Ours has its version alone: statistics ship under it, and a test computes them again.
    """
    if plugin.origin.distribution == OURS:
        return plugin.origin.version
    return "+".join([plugin.origin.version, *code_of([plugin], host, {}).packages.values()])


def _packages(plugin: LoadedPlugin, host: Host) -> Iterator[str]:
    """Yield the package of a plugin's entry point, and that of its declaration's class if another one has it."""
    module = host.module(plugin.origin)
    if plugin.origin.distribution == OURS:
        yield module if _spec(module).submodule_search_locations is not None else module.rpartition(".")[0]
        return
    for name in (module, getattr(plugin.declaration, "__module__", module)):
        top = name.partition(".")[0]
        if top != PACKAGE and top not in sys.stdlib_module_names:
            yield _outermost(name)


def _outermost(module: str) -> str:
    """Return the outermost package with an ``__init__`` file that a module is in: packages above it may be shared by distributions."""
    parts = module.split(".")
    for end in range(1, len(parts)):
        name = ".".join(parts[:end])
        if _spec(name).has_location:
            return name
    return module


def _spec(name: str) -> ModuleSpec:
    """Return where a module is; modules of plugins are imported already, so this imports nothing."""
    found = getattr(sys.modules.get(name), "__spec__", None)
    if found is None:
        try:
            found = find_spec(name)
        except (ImportError, ValueError, AttributeError):
            found = None
    return found or ModuleSpec(name, None)


@cache
def _sources(name: str) -> Sources | None:
    """Return the sources of a package or module, read once per process: what is imported does not change when its file does."""
    spec = _spec(name)
    if not spec.has_location or spec.origin is None:
        return None
    file = Path(spec.origin)
    return sources_of(file if spec.submodule_search_locations is None else file.parent)


@cache
def _harness(name: str) -> Sources | None:
    """Return the sources of one of our packages, without the plugins inside it, which count by themselves."""
    root = Path(__file__).resolve().parents[1]
    place = root / name if (root / name).is_dir() else root / f"{name}.py"
    instruments = (root / "measure" / "instruments").glob("*/")
    plugins = (root / "data" / "shapes", root / "data" / "ucf101", root / "measure" / "metrics", *instruments)
    return sources_of(place, only=HARNESS[name], without=plugins)
