"""A new instrument, as ``vidgen-bench instrument import`` and ``train`` make one: its kind, its name and its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vidgen_bench.errors import PluginError, RequestError, did_you_mean

if TYPE_CHECKING:
    from vidgen_bench.host.host import LoadedPlugin

Part = Literal["importer", "trainer"]
"""The part of an instrument's declaration that makes new instruments of its kind."""

Force = Annotated[bool, typer.Option("--force", help="Overwrite an instrument with the same name.")]


def kinds(part: Part, requested: str | None = None) -> dict[str, LoadedPlugin]:
    """Return {kind: instrument} of all instruments that declare this part.

    Raises:
        PluginError: two plugins declare the requested kind, or any one kind if none is requested.
    """
    from vidgen_bench.host.host import Host
    from vidgen_bench.host.removal import removal

    found: dict[str, LoadedPlugin] = {}
    for plugin in Host.of_environment().of("instrument"):
        if (kind := kind_of(plugin.declaration, part)) is not None:
            first = found.setdefault(kind, plugin)
            if first.origin != plugin.origin and requested in (None, kind):
                advice = removal([first.origin.distribution, plugin.origin.distribution])
                raise PluginError(
                    f"Two plugins declare the {part} {kind!r}: {first.origin} and {plugin.origin}. "
                    f"{f'{advice}, or give' if advice else 'Give'} --kind with another kind."
                )
    return found


def kind_of(declaration: Any, part: Part) -> str | None:
    """Return the kind of an instrument's importer or trainer, or None if it declares none."""
    declared = getattr(declaration, part)
    return None if declared is None else declared.kind


def named_kind(part: Part, kind: str) -> LoadedPlugin:
    """Return an instrument that declares this part for this kind.

    Raises:
        RequestError: there is none; the message gives the nearest kind.
    """
    found = kinds(part, kind)
    if kind not in found:
        raise RequestError(f"--kind {kind}: no instrument declares the {part} {kind!r}.{did_you_mean(kind, found)}")
    return found[kind]


def check_name(name: str, part: Part, kind: str) -> None:
    """Check the name for a new instrument of a kind.

    Raises:
        RequestError: the name is not valid, or an instrument of another kind has it.
    """
    from vidgen_bench.config.spec import NAME
    from vidgen_bench.host.host import Host

    if not NAME.match(name):
        raise RequestError(f"--name {name}: expected lower-case letters, digits, '-', '_' or '.', as in my-{kind}.")
    same = [plugin.declaration for plugin in Host.of_environment().of("instrument") if plugin.name == name]
    if any(kind_of(declaration, part) != kind for declaration in same):
        raise RequestError(
            f"--name {name}: an instrument of another kind has this name. Choose another, as in my-{kind}."
        )


def free(target: Path, force: bool) -> Path:
    """Return ``target`` if a file can be written there.

    Raises:
        RequestError: a folder has this path, or a file has it and ``force`` is not set.
    """
    if target.is_dir():
        raise RequestError(f"{target} is a folder; expected a file to write. Remove it, or choose another name.")
    if target.exists() and not force:
        raise RequestError(f"{target} already exists. Give --force to overwrite it, or choose another name.")
    return target
