"""Finds, isolates, loads and looks up plugins.

Each entry point of the group ``vidgen_bench`` is imported on its own, into a plugin manager of its own, when a plugin is first
asked for. One that breaks is kept with its error and stops nobody else; asking for it by name gives the cause.
The environment variable ``VIDGEN_BENCH_PLUGINS`` (comma-separated entry point or distribution names) restricts what is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from vidgen_bench.api import ENTRY_POINT_GROUP
from vidgen_bench.errors import PluginError, RequestError, did_you_mean
from vidgen_bench.host import hookspecs
from vidgen_bench.host.declarations import complete, fault

ALLOW_LIST = "VIDGEN_BENCH_PLUGINS"

Kind = Literal["backbone", "temporal", "pairing", "data set", "instrument", "metric"]

HOOKS: dict[Kind, str] = {
    "backbone": "vidgen_backbones",
    "temporal": "vidgen_temporal",
    "pairing": "vidgen_pairings",
    "data set": "vidgen_data_sets",
    "instrument": "vidgen_instruments",
    "metric": "vidgen_metrics",
}

KIND_WORDS: dict[Kind, str] = {"temporal": "temporal generator"}


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (entry point {self.entry_point!r})"


@dataclass(frozen=True)
class LoadedPlugin:
    """One declaration and where it comes from."""

    kind: Kind
    name: str
    declaration: Any
    origin: Origin


@dataclass(frozen=True)
class Broken:
    """One entry point that could not be used, with the cause in a line."""

    origin: Origin
    cause: str

    def concerns(self, name: str) -> bool:
        """Return whether a person who asks for this name should hear of it: it is called so, or was to declare it."""
        return name == self.origin.entry_point or f" {name!r}" in self.cause


class Host:
    """The plugins of this environment; nothing is imported before the first look-up."""

    def __init__(self, points: tuple[tuple[EntryPoint, Origin], ...]) -> None:
        self._points = points

    @classmethod
    def of_environment(cls) -> Host:
        """Return the host of the installed entry points, restricted by ``VIDGEN_BENCH_PLUGINS`` where it is set."""
        allowed = {w.strip() for w in os.environ.get(ALLOW_LIST, "").split(",") if w.strip()}
        points = []
        for point in entry_points(group=ENTRY_POINT_GROUP):
            dist = point.dist
            origin = Origin(point.name, dist.name if dist else "unknown", dist.version if dist else "unknown")
            if not allowed or origin.entry_point in allowed or origin.distribution in allowed:
                points.append((point, origin))
        return cls(
            tuple(
                sorted(points, key=lambda p: (p[1].distribution != "vidgen-bench", p[1].distribution, p[1].entry_point))
            )
        )

    @cached_property
    def _loaded(self) -> tuple[list[LoadedPlugin], list[Broken]]:
        found: list[LoadedPlugin] = []
        broken: list[Broken] = []
        for point, origin in self._points:
            try:
                found.extend(_load(point, origin))
            except (Exception, SystemExit) as error:  # whatever a stranger's module does, it does alone
                broken.append(Broken(origin, _one_line(error)))
        return found, broken

    @property
    def plugins(self) -> list[LoadedPlugin]:
        """Every declaration of every plugin that loads."""
        return self._loaded[0]

    @property
    def broken(self) -> list[Broken]:
        """Every entry point that does not load, with its cause."""
        return self._loaded[1]

    def of(self, kind: Kind) -> Iterator[LoadedPlugin]:
        """Yield the declarations of one kind."""
        return (f for f in self.plugins if f.kind == kind)

    def module(self, origin: Origin) -> str:
        """Return the name of the module that an entry point imports."""
        return next(point.module for point, its in self._points if its == origin)

    def clashes(self) -> list[str]:
        """Return one line for each name that two plugins of one kind declare."""
        names = {(f.kind, f.name) for f in self.plugins}
        return [_clash(kind, name, same) for kind, name in sorted(names) if len(same := self._named(kind, name)) > 1]

    def _named(self, kind: Kind, name: str) -> list[LoadedPlugin]:
        return [f for f in self.of(kind) if f.name == name]

    def refuse_broken(self, name: str, word: str = "plugin") -> None:
        """Say why a plugin cannot be used where it is the broken one of this name.

        Raises:
            PluginError: its origin and the cause.
        """
        for broken in self.broken:
            if broken.concerns(name):
                raise PluginError(f"The {word} {name!r} cannot be used: {broken.origin} is broken: {broken.cause}")

    def find(self, kind: Kind, name: str) -> LoadedPlugin:
        """Return the one declaration of this kind and name.

        Raises:
            PluginError: two plugins declare it (both distributions are named), or the plugin of that name is broken (its cause).
            RequestError: nobody declares it; the nearest name is given.
        """
        same = self._named(kind, name)
        if len(same) == 1:
            return same[0]
        if same:
            raise PluginError(_clash(kind, name, same))
        word = KIND_WORDS.get(kind, kind)
        self.refuse_broken(name, word)
        hint = (
            f" Broken plugins, any of which might bring it: {', '.join(str(b.origin) for b in self.broken)}."
            if self.broken
            else ""
        )
        elsewhere = sorted({KIND_WORDS.get(f.kind, f.kind) for f in self.plugins if f.name == name})
        if elsewhere:
            hint = f" ({name!r} is a {' and a '.join(elsewhere)}.)" + hint
        raise RequestError(f"No {word} is called {name!r}.{did_you_mean(name, {f.name for f in self.of(kind)})}{hint}")


def _clash(kind: Kind, name: str, same: list[LoadedPlugin]) -> str:
    owners = " and ".join(str(f.origin) for f in same)
    return (
        f"Two plugins declare the {KIND_WORDS.get(kind, kind)} {name!r}: {owners}. "
        f"Uninstall one, or set {ALLOW_LIST} to the plugins you want."
    )


def _load(point: EntryPoint, origin: Origin) -> list[LoadedPlugin]:
    """Import one entry point and return its declarations, each checked against the contract."""
    module = point.load()
    manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=origin.entry_point)
    manager.check_pending()  # a misspelt hook is an error, not silence
    found: list[LoadedPlugin] = []
    for kind, hook in HOOKS.items():
        for declared in getattr(manager.hook, hook)():
            for declaration in declared:
                complete(kind, declaration)
                if problem := fault(kind, declaration):
                    raise PluginError(f"hook {hook}: {problem}")
                name = declaration.spec if kind == "pairing" else declaration.name
                found.append(LoadedPlugin(kind, name, declaration, origin))
    if not found:
        raise PluginError(
            f"it implements no hook; expected a function marked @hookimpl named one of {', '.join(HOOKS.values())}"
        )
    return found


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return (
        text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}" if text else type(error).__name__
    )
