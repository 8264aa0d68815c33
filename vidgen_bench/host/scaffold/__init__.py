"""Writes the package that an author of a plugin begins with, from the templates beside this module."""

from __future__ import annotations

from vidgen_bench.host.scaffold.names import Names, checked_names
from vidgen_bench.host.scaffold.package import PluginKind, commands, write_package

__all__ = ["Names", "PluginKind", "checked_names", "commands", "write_package"]
