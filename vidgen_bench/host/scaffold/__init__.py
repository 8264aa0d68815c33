"""Write the package of a new plugin, from the templates next to this module."""

from __future__ import annotations

from vidgen_bench.host.scaffold.names import Names, checked_names
from vidgen_bench.host.scaffold.package import PluginKind, commands, write_package

__all__ = ["Names", "PluginKind", "checked_names", "commands", "write_package"]
