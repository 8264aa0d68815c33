"""The kinds of instruments that can be imported or trained, as the installed instruments declare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from vidgen_bench.errors import PluginError, RequestError, did_you_mean

if TYPE_CHECKING:
    from vidgen_bench.host.host import LoadedPlugin

Part = Literal["importer", "trainer"]


def kinds(part: Part, requested: str | None = None) -> dict[str, LoadedPlugin]:
    """Return {kind: instrument} of all instruments that declare this part.

    Raises:
        PluginError: two plugins declare the requested kind, or any one kind if none is requested.
    """
    from vidgen_bench.host.host import Host

    found: dict[str, LoadedPlugin] = {}
    for plugin in Host.of_environment().of("instrument"):
        if (kind := kind_of(plugin.declaration, part)) is not None:
            first = found.setdefault(kind, plugin)
            if first.origin != plugin.origin and requested in (None, kind):
                raise PluginError(
                    f"Two plugins declare the {part} {kind!r}: {first.origin} and {plugin.origin}. "
                    "Uninstall one of them, or give --kind with another kind."
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
