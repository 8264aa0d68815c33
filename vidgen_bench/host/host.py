"""Find, load and look up plugins; a broken plugin does not affect the others.

The first look-up imports every entry point of the group ``vidgen_bench``, each into its own plugin manager. A plugin that fails to
load is kept with its error, and a look-up of its name reports the cause.
The environment variable ``VIDGEN_BENCH_PLUGINS`` (comma-separated names of entry points or distributions) restricts the loading.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from vidgen_bench.api import ENTRY_POINT_GROUP
from vidgen_bench.errors import PluginError, RequestError, did_you_mean
from vidgen_bench.host import hookspecs
from vidgen_bench.host.declarations import complete, fault
from vidgen_bench.host.loading import Announcer, guarded
from vidgen_bench.host.removal import OURS, removal

ALLOW_LIST = "VIDGEN_BENCH_PLUGINS"

Kind = Literal["backbone", "temporal", "pairing", "data set", "instrument", "metric", "launcher"]

HOOKS: dict[Kind, str] = {
    "backbone": "vidgen_backbones",
    "temporal": "vidgen_temporal",
    "pairing": "vidgen_pairings",
    "data set": "vidgen_data_sets",
    "instrument": "vidgen_instruments",
    "metric": "vidgen_metrics",
    "launcher": "vidgen_launchers",
}

KIND_WORDS: dict[Kind, str] = {"temporal": "temporal generator"}


def with_article(word: str) -> str:
    """Return ``a metric``, ``an instrument``."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


@dataclass(frozen=True)
class Origin:
    """The installed distribution and the entry point that provide a plugin."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} (entry point {self.entry_point!r})"


@dataclass(frozen=True)
class LoadedPlugin:
    """A declaration and its origin."""

    kind: Kind
    name: str
    declaration: Any
    origin: Origin


@dataclass(frozen=True)
class BrokenPlugin:
    """An entry point that cannot be used, and the cause on one line."""

    origin: Origin
    cause: str
    declares: tuple[str, ...] = ()
    """The names that it declared before it failed, the faulty one last."""


@dataclass(frozen=True)
class Clash:
    """A name that several plugins of one kind declare."""

    kind: Kind
    name: str
    origins: tuple[Origin, ...]

    def __str__(self) -> str:
        wanted = f"et {ALLOW_LIST} to the plugins you want."
        advice = removal(origin.distribution for origin in self.origins)
        return (
            f"Several plugins declare the {KIND_WORDS.get(self.kind, self.kind)} {self.name!r}: "
            f"{' and '.join(map(str, self.origins))}. {f'{advice}, or s' if advice else 'S'}{wanted}"
        )


class Host:
    """The plugins of this environment; the first look-up imports them."""

    def __init__(self, points: tuple[tuple[EntryPoint, Origin], ...]) -> None:
        self._points = points

    @classmethod
    def of_environment(cls) -> Host:
        """Return the host of the installed entry points; ``VIDGEN_BENCH_PLUGINS``, if set, restricts them."""
        allowed = {w.strip() for w in os.environ.get(ALLOW_LIST, "").split(",") if w.strip()}
        points = []
        for point in entry_points(group=ENTRY_POINT_GROUP):
            dist = point.dist
            origin = Origin(point.name, dist.name if dist else "unknown", dist.version if dist else "unknown")
            if not allowed or origin.entry_point in allowed or origin.distribution in allowed:
                points.append((point, origin))
        points.sort(key=lambda p: (p[1].distribution != OURS, p[1].distribution, p[1].entry_point))
        return cls(tuple(points))

    @cached_property
    def _loaded(self) -> tuple[list[LoadedPlugin], list[BrokenPlugin]]:
        found: list[LoadedPlugin] = []
        broken: list[BrokenPlugin] = []
        with Announcer(f"Set {ALLOW_LIST} to the plugins that you need to leave it out.") as announcer:
            for point, origin in self._points:
                announcer.begin(str(origin))
                declared: list[LoadedPlugin] = []
                try:
                    with nullcontext() if origin.distribution == OURS else guarded():
                        _load_into(declared, point, origin)
                    found.extend(declared)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # a third party's module may raise anything; the others still load
                    broken.append(BrokenPlugin(origin, _one_line(error), tuple(p.name for p in declared)))
        return found, broken

    @property
    def plugins(self) -> list[LoadedPlugin]:
        """The declarations of all plugins that load."""
        return self._loaded[0]

    @property
    def broken(self) -> list[BrokenPlugin]:
        """The entry points that do not load, with the causes."""
        return self._loaded[1]

    def of(self, kind: Kind) -> Iterator[LoadedPlugin]:
        """Yield the declarations of one kind."""
        return (f for f in self.plugins if f.kind == kind)

    def module(self, origin: Origin) -> str:
        """Return the name of the module that an entry point imports."""
        return next(point.module for point, its in self._points if its == origin)

    def clashes(self) -> list[Clash]:
        """Return the names that several plugins of one kind declare."""
        origins: dict[tuple[Kind, str], list[Origin]] = {}
        for f in self.plugins:
            origins.setdefault((f.kind, f.name), []).append(f.origin)
        return [Clash(*key, tuple(its)) for key, its in sorted(origins.items()) if len(its) > 1]

    def refuse_broken(self, name: str, word: str = "plugin") -> None:
        """Refuse the name of a broken plugin; return if there is none with this name.

        Raises:
            PluginError: the plugin's origin, and why it does not load.
        """
        for broken in self.broken:
            if name == broken.origin.entry_point or name in broken.declares:
                raise PluginError(f"The {word} {name!r} cannot be used: {broken.origin} is broken: {broken.cause}")

    def find(self, kind: Kind, name: str) -> LoadedPlugin:
        """Return the one declaration of this kind and name.

        Raises:
            PluginError: several plugins declare it (the text names their distributions), or the plugin of that name is broken.
            RequestError: no plugin declares it; the text suggests the nearest name.
        """
        same = [f for f in self.of(kind) if f.name == name]
        if len(same) == 1:
            return same[0]
        if same:
            raise PluginError(str(Clash(kind, name, tuple(f.origin for f in same))))
        word = KIND_WORDS.get(kind, kind)
        self.refuse_broken(name, word)
        hint = ""
        if self.broken:
            hint = f" Broken plugins, any of which may provide it: {', '.join(str(b.origin) for b in self.broken)}."
        elsewhere = sorted({KIND_WORDS.get(f.kind, f.kind) for f in self.plugins if f.name == name})
        if elsewhere:
            hint = f" ({name!r} is {' and '.join(map(with_article, elsewhere))}.)" + hint
        valid = {f.name for f in self.of(kind)}
        raise RequestError(f"There is no {word} named {name!r}.{did_you_mean(name, valid)}{hint}")


def _load_into(declared: list[LoadedPlugin], point: EntryPoint, origin: Origin) -> None:
    """Add the declarations of an entry point, each checked; those before a fault stay in the list.

    Raises:
        PluginError: a declaration is not valid, or there is none.
    """
    for plugin in _declared(point, origin):
        declared.append(plugin)
        if problem := fault(plugin.kind, plugin.declaration):
            raise PluginError(f"hook {HOOKS[plugin.kind]}: {problem}")
    if not declared:
        hooks = ", ".join(HOOKS.values())
        raise PluginError(f"it implements no hook; expected a function marked @hookimpl named one of {hooks}")


def _declared(point: EntryPoint, origin: Origin) -> Iterator[LoadedPlugin]:
    """Import an entry point and yield its declarations, with the defaults filled in and not yet checked."""
    module = point.load()
    manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=origin.entry_point)
    manager.check_pending()  # otherwise a misspelt hook would be ignored
    for kind, hook in HOOKS.items():
        for declared in getattr(manager.hook, hook)():
            for declaration in declared:
                name = getattr(declaration, "spec" if kind == "pairing" else "name", "")
                yield LoadedPlugin(kind, name, complete(kind, declaration), origin)


def _one_line(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "its message cannot be shown"
    if isinstance(error, PluginError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
