"""A launcher that can start jobs here, with its default options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Launcher
from vidgen_bench.conformance.subject import Declared


@dataclass(frozen=True)
class LauncherSubject:
    """A launcher and its options."""

    declared: Declared
    options: Any

    @property
    def launcher(self) -> Launcher:
        """The declaration."""
        declaration: Launcher = self.declared.plugin.declaration
        return declaration

    @property
    def name(self) -> str:
        """The launcher's name."""
        return self.declared.name

    @property
    def packages(self) -> set[str]:
        """The top-level packages of the plugin's code."""
        return self.declared.packages


def is_launcher(declared: Declared) -> bool:
    """Return whether a declaration is one of a launcher."""
    return declared.plugin.kind == "launcher"


def launcher_subjects(declared: Declared) -> Iterator[LauncherSubject]:
    """Yield the launcher, unless it refuses to start jobs here with its default options."""
    declaration = declared.plugin.declaration
    try:
        options = declaration.options()
        refused = declaration.refuses(options)
    except (Exception, SystemExit):  # the check `refusal` reports it
        return
    if refused is None:
        yield LauncherSubject(declared, options)
