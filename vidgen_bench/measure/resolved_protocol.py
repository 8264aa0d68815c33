"""A protocol with the instrument and the metrics that it names: everything that can be known, and refused, before any work."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Clip, Instrument, Metric
from vidgen_bench.config.protocol import Protocol, Stamp
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host.host import Host, LoadedPlugin
from vidgen_bench.host.options import checked, jsonable


@dataclass(frozen=True)
class ChosenMetric:
    """A metric with the options that the protocol gives it; an ``extra`` one is of the final samples alone."""

    plugin: LoadedPlugin
    options: Any
    extra: bool

    @property
    def metric(self) -> Metric:
        """The declaration."""
        return self.plugin.declaration


@dataclass(frozen=True)
class ResolvedProtocol:
    """One protocol, ready to measure."""

    protocol: Protocol
    instrument_plugin: LoadedPlugin
    sha256: str
    """Of the instrument's weights."""
    metrics: tuple[ChosenMetric, ...]
    own: tuple[str, ...]
    """The metrics that the protocol itself ranks by, whatever a track chooses of them."""

    @property
    def instrument(self) -> Instrument:
        """The declaration."""
        return self.instrument_plugin.declaration

    @property
    def watched(self) -> tuple[ChosenMetric, ...]:
        """The metrics that are watched during training and ranked by."""
        return tuple(c for c in self.metrics if not c.extra)

    @property
    def plain(self) -> tuple[ChosenMetric, ...]:
        """The metrics that see clips as they are; the others are taken of the first batch alone, because each measures it anew."""
        return tuple(c for c in self.metrics if c.metric.view == "as-is")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in which real clips must be known."""
        return tuple(sorted({c.metric.layer for c in self.metrics if c.metric.needs}))

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The plugins that make the numbers what they are."""
        return (self.instrument_plugin, *(c.plugin for c in self.metrics))

    @property
    def measured_by(self) -> list[str]:
        """The plugins with their versions: what a cached measurement of real clips depends on beside the stamp."""
        return sorted(f"{f.kind} {f.name} {f.origin.distribution} {f.origin.version}" for f in self.plugins)

    def stamp(self, real: str, changes: tuple[str, ...] = (), chosen: ChosenMetric | None = None) -> Stamp:
        """Return what the numbers depend on: those of the protocol's own metrics, or of another one that is ``chosen`` beside them.

        The stamp has every option of the metrics that the protocol itself ranks by. A further metric adds its own, so that what it
        depends on is covered and what others depend on does not change with it.

        Args:
            real: hash of what the reference statistics are of.
            changes: what was done to the clips before they were measured.
        """
        options = {name: self.protocol.options.get(name, {}) for name in self.own}
        if chosen is not None and chosen.plugin.name not in self.own:
            name = chosen.plugin.name
            options[name] = {k: jsonable(v) for k, v in dataclasses.asdict(chosen.options).items()}
        return Stamp(
            protocol={**self.protocol.declared, "options": options},
            instrument=self.instrument_plugin.name,
            sha256=self.sha256,
            real=real,
            changes=changes,
        )


def resolve_protocol(
    protocol: Protocol, instrument: str, clip: Clip, host: Host, own: tuple[str, ...] = ()
) -> ResolvedProtocol:
    """Return the measure of a protocol with an instrument, for clips of this shape.

    Args:
        own: the metrics that the protocol itself ranks by, where a track has chosen others.
    Raises:
        RequestError: an instrument or metric that is unknown or does not fit, an option that its metric does not have, or weights
            that are not on this machine.
    """
    whole = with_every_option(protocol, host)
    found, metrics = fitting(whole, instrument, clip, host)
    return ResolvedProtocol(whole, found, found.declaration.sha256(), metrics, own or protocol.metrics)


def fitting(
    protocol: Protocol, instrument: str, clip: Clip, host: Host
) -> tuple[LoadedPlugin, tuple[ChosenMetric, ...]]:
    """Return the instrument of this name, whether its weights are here or not, and the metrics.

    Raises:
        RequestError: as :func:`make_measure`, but for the weights.
    """
    found, metrics = host.find("instrument", instrument), chosen_metrics(protocol, host)
    declared: Instrument = found.declaration
    if protocol.preprocessing not in declared.preprocessings:
        raise RequestError(
            f"The protocol {protocol.name} preprocesses as {protocol.preprocessing!r}, which the instrument {instrument} does not: "
            f"it knows {', '.join(declared.preprocessings)}. Choose another protocol or instrument."
        )
    if clip.frames != protocol.frames:
        raise RequestError(
            f"The protocol {protocol.name} measures clips of {protocol.frames} frames; the track's have {clip.frames}. "
            "Choose another track, or write a protocol of your own."
        )
    if reason := declared.refuses(clip):
        raise RequestError(
            f"The instrument {instrument} refuses clips of {clip.frames} frames of {clip.size} pixels: {reason}"
        )
    for chosen in metrics:
        if chosen.metric.layer not in declared.layers:
            raise RequestError(
                f"The metric {chosen.plugin.name!r} reads the layer {chosen.metric.layer!r}, but {instrument} emits "
                f"{', '.join(declared.layers)}."
            )
    return found, metrics


def with_every_option(protocol: Protocol, host: Host) -> Protocol:
    """Return the protocol with the value of every option of every metric that it names: its own, or the metric's default.

    So a stamp covers what a number depends on though the protocol leaves it to the metric, and equal values spelt differently are
    equal. Metrics that are not installed stay as they are: choosing them is refused.
    """
    known = {f.name: f.declaration.options for f in host.of("metric")}
    options = {name: dict(given) for name, given in protocol.options.items()}
    for name in (*protocol.metrics, *protocol.extra, *protocol.options):
        if name in known:
            given = protocol.options.get(name, {})
            values = {k: checked(known[name], k, v, where=f"options.{name}.{k}") for k, v in given.items()}
            options[name] = {k: jsonable(v) for k, v in dataclasses.asdict(known[name](**values)).items()}
    return protocol.model_copy(update={"options": options})


def chosen_metrics(protocol: Protocol, host: Host) -> tuple[ChosenMetric, ...]:
    """Return a protocol's metrics with their options, the extra ones last.

    Raises:
        RequestError: a metric or an option is unknown, or a value out of range.
    """
    known = {f.name for f in host.of("metric")}
    if unknown := sorted(set(protocol.options) - known):
        raise RequestError(
            f"The protocol {protocol.name} sets options of {unknown[0]!r}, but no metric is called so.{did_you_mean(unknown[0], known)}"
        )
    return tuple(_chosen(name, protocol, host) for name in (*protocol.metrics, *protocol.extra))


def _chosen(name: str, protocol: Protocol, host: Host) -> ChosenMetric:
    found = host.find("metric", name)
    given: Mapping[str, Any] = protocol.options.get(name, {})
    values = {
        option: checked(found.declaration.options, option, value, where=f"options.{name}.{option}")
        for option, value in given.items()
    }
    return ChosenMetric(found, found.declaration.options(**values), name in protocol.extra)
