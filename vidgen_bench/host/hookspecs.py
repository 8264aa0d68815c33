"""The hooks that a plugin module may implement, marked with ``@vidgen_bench.api.hookimpl``. Each returns declarations."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from vidgen_bench.api import ENTRY_POINT_GROUP, Backbone, DataSet, Instrument, Launcher, Metric, Pairing, Temporal

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)


@hookspec
def vidgen_backbones() -> Sequence[Backbone]:  # type: ignore[empty-body]
    """Return this plugin's video generators."""


@hookspec
def vidgen_temporal() -> Sequence[Temporal]:  # type: ignore[empty-body]
    """Return this plugin's temporal generators."""


@hookspec
def vidgen_pairings() -> Sequence[Pairing]:  # type: ignore[empty-body]
    """Return this plugin's option defaults for exact specs, for defaults that belong to neither side of the pair."""


@hookspec
def vidgen_data_sets() -> Sequence[DataSet]:  # type: ignore[empty-body]
    """Return this plugin's data sets."""


@hookspec
def vidgen_instruments() -> Sequence[Instrument]:  # type: ignore[empty-body]
    """Return this plugin's instruments, the networks that extract features."""


@hookspec
def vidgen_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Return this plugin's metrics."""


@hookspec
def vidgen_launchers() -> Sequence[Launcher]:  # type: ignore[empty-body]
    """Return this plugin's launchers, which start the runs of a suite somewhere."""
