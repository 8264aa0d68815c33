"""The views of a plugin: its facts in a line, its page of options, and a table for JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vidgen_bench.cli.console import listing
from vidgen_bench.host.host import KIND_WORDS, Kind, LoadedPlugin
from vidgen_bench.host.options import jsonable, listed, option_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_ABILITIES = ("between", "before", "after")

_EXTRA = (
    "own",
    "reconstruction",
    "null",
    "layers",
    "preprocessings",
    "title",
    "layer",
    "better",
    "view",
    "needs",
    "outlives",
)
"""Attributes that only some kinds declare, shown unchanged."""


_WITH_OPTIONS = ("backbone", "temporal", "metric", "launcher")


def plural(kind: Kind) -> str:
    """Return the heading of a kind: ``temporal generators``."""
    return f"{KIND_WORDS.get(kind, kind)}s"


def _is_reconstruction(plugin: LoadedPlugin) -> bool:
    """Return whether no published code of a backbone exists, so that the author of the plugin chose constants."""
    return plugin.kind == "backbone" and bool(plugin.declaration.reconstruction)


def shown_name(plugin: LoadedPlugin) -> Text:
    """Return a plugin's name as the list shows it; the name of a reconstruction has the word below it."""
    from rich.text import Text

    return Text.assemble(plugin.name, ("\nreconstruction" * _is_reconstruction(plugin), "not bold dim"))


def summary(plugin: LoadedPlugin) -> str:
    """Return the summary of a plugin; for a pairing, its options."""
    return _changes(plugin.declaration.options) if plugin.kind == "pairing" else plugin.declaration.summary


def facts(plugin: LoadedPlugin) -> list[str]:
    """Return the abilities, origin and reference of a plugin, as short texts."""
    declared = plugin.declaration
    texts = []
    if can := getattr(declared, "can", None) if plugin.kind in ("backbone", "temporal") else None:
        texts.append(f"can {', '.join(a for a in _ABILITIES if a in can)}")
    elif can is not None:
        texts.append("training frames only")
    if getattr(declared, "stochastic", False):
        texts.append("stochastic")
    if plugin.kind == "backbone" and declared.own:
        texts.append(f"own temporal generator {declared.own}")
    if plugin.kind == "temporal" and declared.variants:
        texts.append(f"variants {', '.join(declared.variants)}")
    return [*texts, f"{plugin.origin.distribution} {plugin.origin.version}", declared.reference]


def as_table(plugin: LoadedPlugin, *, options: bool = False) -> dict[str, Any]:
    """Return a plugin as plain values for JSON, with its options if requested."""
    declared = plugin.declaration
    table: dict[str, Any] = {"kind": plugin.kind, "name": plugin.name}
    if plugin.kind == "pairing":
        table["sets"] = jsonable(dict(declared.options))
    else:
        table |= {"summary": declared.summary, "api": declared.api}
    table["reference"] = declared.reference
    if plugin.kind in ("backbone", "temporal"):
        table["can"] = [a for a in _ABILITIES if a in declared.can]
        table["stochastic"] = bool(getattr(declared, "stochastic", False))
    table |= {
        name: _plain(getattr(declared, name)) for name in _EXTRA if plugin.kind != "pairing" and hasattr(declared, name)
    }
    if plugin.kind == "temporal":
        table |= {"sets": jsonable(dict(declared.sets)), "variants": jsonable(dict(declared.variants))}
    origin = plugin.origin
    table |= {"distribution": origin.distribution, "version": origin.version, "entry_point": origin.entry_point}
    if options and plugin.kind in _WITH_OPTIONS:
        table["options"] = [dataclasses.asdict(o) | {"default": jsonable(o.default)} for o in listed(declared.options)]
    return table


def page(plugin: LoadedPlugin) -> RenderableType:
    """Return the page of ``plugins show``."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    word = KIND_WORDS.get(plugin.kind, plugin.kind)
    also = "  reconstruction" * _is_reconstruction(plugin)
    parts: list[RenderableType] = [
        Text.assemble((plugin.name, "bold"), (f"  {word}", "cyan"), also),
        Padding(Text(summary(plugin)), (0, 0, 0, 2)),
        Padding(Text("\n".join(facts(plugin)), style="dim"), (0, 0, 1, 2)),
    ]
    if plugin.kind in _WITH_OPTIONS:
        parts.append(_options(plugin, plugin.kind))
    return Group(*parts)


def _options(plugin: LoadedPlugin, kind: Kind) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    declared = plugin.declaration
    parts: list[RenderableType] = []
    fixed: Mapping[str, Any] = declared.sets if kind == "temporal" else {}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column()
    for o in listed(declared.options):
        value = f"{option_text(fixed[o.name])} (by name)" if o.name in fixed else option_text(o.default)
        table.add_row(o.name, value, Text.assemble(o.help, (f" · {o.type}", "dim")))
    if table.row_count:
        how = f"options.{plugin.name}.NAME = VALUE in a protocol" if kind == "metric" else f"--set {kind}.NAME=VALUE"
        parts += [Text(f"options: {how}", style="bold cyan"), Padding(table, (0, 0, 1, 2))]
    else:
        parts += [Text("no options", style="dim"), Text()]
    if kind == "temporal" and declared.variants:
        changes = {f"{plugin.name}:{name}": _changes(its) for name, its in declared.variants.items()}
        variants = listing((name, text or "the defaults") for name, text in changes.items())
        parts += [Text("variants", style="bold cyan"), Padding(variants, (0, 0, 1, 2))]
    return Group(*parts)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else jsonable(value)


def _changes(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={option_text(value)}" for name, value in options.items())
