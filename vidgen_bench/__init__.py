"""vidgen-bench: a benchmark of generative video models in which every model is a plugin.

A plugin author needs :mod:`vidgen_bench.api` and :data:`hookimpl`; importing this package imports neither torch nor a plugin.
"""

import pluggy

__version__ = "0.1.0"

ENTRY_POINT_GROUP = "vidgen_bench"

hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin module as an implementation of one of :mod:`vidgen_bench.hookspecs`."""
