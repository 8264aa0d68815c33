"""The hooks: what a plugin module may implement, marked with ``@vidgen_bench.api.hookimpl``. Each returns declarations."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from vidgen_bench.api import ENTRY_POINT_GROUP, Backbone, DataSet, Instrument, Metric, Pairing, Temporal

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)


@hookspec
def vidgen_backbones() -> Sequence[Backbone]:  # type: ignore[empty-body]
    """Return the video GANs this plugin brings."""


@hookspec
def vidgen_temporal() -> Sequence[Temporal]:  # type: ignore[empty-body]
    """Return the temporal generators this plugin brings."""


@hookspec
def vidgen_pairings() -> Sequence[Pairing]:  # type: ignore[empty-body]
    """Return the defaults this plugin sets for exact specs, where they belong to neither side of the pair."""


@hookspec
def vidgen_data_sets() -> Sequence[DataSet]:  # type: ignore[empty-body]
    """Return the data sets this plugin brings."""


@hookspec
def vidgen_instruments() -> Sequence[Instrument]:  # type: ignore[empty-body]
    """Return the measuring networks this plugin brings."""


@hookspec
def vidgen_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Return the metrics this plugin brings."""
