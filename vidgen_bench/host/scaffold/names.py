"""The name of a new plugin, and the names of its distribution and its module."""

from __future__ import annotations

import importlib.util
import keyword
import re
from dataclasses import dataclass

from vidgen_bench.config.spec import NAME
from vidgen_bench.errors import RequestError
from vidgen_bench.host.host import KIND_WORDS, Host, Kind
from vidgen_bench.host.removal import removal


@dataclass(frozen=True)
class Names:
    """The names of a package: of the plugin in specs, of the distribution, and of the module."""

    plugin: str
    distribution: str
    module: str


def checked_names(name: str, kind: Kind, host: Host) -> Names:
    """Return the names of a new plugin, after checking that none is taken.

    Args:
        name: the name of the plugin, as in specs.
        kind: ``temporal`` or ``backbone``.
        host: the installed plugins.
    Raises:
        RequestError: the name is not valid, is a Python keyword, or is taken by an installed plugin of this kind or a module.
    """
    _check_form(name)
    word = KIND_WORDS.get(kind, kind)
    if taken := [f for f in host.of(kind) if f.name == name]:
        advice = removal([taken[0].origin.distribution])
        raise RequestError(
            f"There is already a {word} {name!r}: {taken[0].origin}. Choose another name, such as {f'my-{name}'!r}."
            f"{f' {advice}, if you do not need it.' if advice else ''}"
        )
    names = Names(name, f"vidgen-{name}", f"vidgen_{re.sub('[-.]', '_', name)}")
    if importlib.util.find_spec(names.module) is not None:
        raise RequestError(
            f"The package of {name!r} would be named {names.module}, but a module with that name is installed already. "
            f"Choose another name, such as {f'my-{name}'!r}."
        )
    return names


def _check_form(name: str) -> None:
    # pip requires that the name of a distribution ends with a letter or a digit
    if not NAME.match(name) or name.endswith(("-", "_", ".")):
        near = re.sub(r"[^a-z0-9_.-]+", "-", name.lower()).strip("-_.")
        raise RequestError(
            f"{name!r} is not a valid plugin name: expected lower-case letters, digits, '-', '_' and '.', with a letter or "
            f"a digit first and last.{f' Use {near!r}.' if near else ''}"
        )
    if keyword.iskeyword(name):
        raise RequestError(f"{name!r} is a Python keyword. Choose another name, such as {f'my-{name}'!r}.")
