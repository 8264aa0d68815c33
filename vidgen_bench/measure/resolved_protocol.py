"""A protocol with its instrument and metrics, checked against each other before any work is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Clip, Instrument, Metric
from vidgen_bench.config.protocol import Protocol, Stamp
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host.code import version_in_caches
from vidgen_bench.host.host import Host, Kind, LoadedPlugin
from vidgen_bench.host.options import checked, jsonable
from vidgen_bench.measure.pixel_features import pixel_layer, reads_pixels


@dataclass(frozen=True)
class ChosenMetric:
    """A metric with the options and the layer that the protocol sets; an ``extra`` metric is computed on the final samples only."""

    plugin: LoadedPlugin
    options: Any
    extra: bool
    layer: str
    """The layer that it reads: one of the instrument's, or that of its own features if it reads pixels."""

    @property
    def metric(self) -> Metric:
        """The declaration."""
        return self.plugin.declaration

    @property
    def reads_pixels(self) -> bool:
        """Whether it reads pixels instead of a layer of the instrument."""
        return reads_pixels(self.plugin)

    @property
    def needs_statistics(self) -> bool:
        """Whether it compares with statistics of real clips."""
        return bool(self.metric.needs - {"clips"})


@dataclass(frozen=True)
class ResolvedProtocol:
    """A protocol with its instrument and metrics, which fit each other and the track's clips."""

    protocol: Protocol
    instrument_plugin: LoadedPlugin
    sha256: str
    """Hash of the instrument's weights."""
    metrics: tuple[ChosenMetric, ...]
    own: tuple[str, ...]
    """Names of the metrics that the protocol itself ranks by, even if the track chooses others."""
    versions: Mapping[tuple[Kind, str], str]
    """The version of each plugin in the names of cached numbers."""

    @property
    def instrument(self) -> Instrument:
        """The declaration."""
        return self.instrument_plugin.declaration

    @property
    def watched(self) -> tuple[ChosenMetric, ...]:
        """The metrics computed during training and used for ranking."""
        return tuple(c for c in self.metrics if not c.extra)

    @property
    def plain(self) -> tuple[ChosenMetric, ...]:
        """The metrics that see clips as they are; the others need another pass, so they score the first batch only."""
        return tuple(c for c in self.metrics if c.metric.view == "as-is")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that need reference statistics of real clips."""
        return tuple(sorted({c.layer for c in self.metrics if c.needs_statistics}))

    @property
    def pixel_layers(self) -> dict[str, ChosenMetric]:
        """The layers that metrics compute from pixels, each with its metric."""
        return {c.layer: c for c in self.metrics if c.reads_pixels}

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The plugins that the scores depend on: the instrument and the metrics."""
        return (self.instrument_plugin, *(c.plugin for c in self.metrics))

    @property
    def measured_by(self) -> list[str]:
        """The plugins with their versions; cached scores of real clips depend on them and on the stamp."""
        return sorted(
            f"{f.kind} {f.name} {f.origin.distribution} {self.versions[f.kind, f.name]}" for f in self.plugins
        )

    def stamp(self, real: str, changes: tuple[str, ...] = (), chosen: ChosenMetric | None = None) -> Stamp:
        """Return the stamp of the protocol's own metrics, or of a ``chosen`` one: everything that their scores depend on.

        The stamp has every option of the metrics that the protocol itself ranks by, and the layers that the protocol sets for them. A
        chosen metric adds its own to its own stamp; the stamps of other metrics stay the same.

        Args:
            real: hash of the real clips behind the reference statistics.
            changes: changes made to the clips before scoring, such as resizing.
        """
        options = {name: self.protocol.options.get(name, {}) for name in self.own}
        if chosen is not None and chosen.plugin.name not in self.own:
            name = chosen.plugin.name
            options[name] = {k: jsonable(v) for k, v in dataclasses.asdict(chosen.options).items()}
        layers = {name: layer for name, layer in self.protocol.layers.items() if name in options}
        return Stamp(
            protocol=self.protocol.model_copy(update={"options": options, "layers": layers}).declared,
            instrument=self.instrument_plugin.name,
            sha256=self.sha256,
            real=real,
            changes=changes,
        )


def resolve_protocol(
    protocol: Protocol, instrument: str, clip: Clip, host: Host, own: tuple[str, ...] = ()
) -> ResolvedProtocol:
    """Return a protocol with an instrument and its metrics, for clips of this shape.

    Args:
        own: the metrics that the protocol itself ranks by, if the track has chosen others.
    Raises:
        RequestError: an instrument or metric is unknown or does not fit, a metric has no such option, or the weights are not
            installed.
    """
    whole = with_every_option(protocol, host)
    found, metrics = fitting(whole, instrument, clip, host)
    versions = {(f.kind, f.name): version_in_caches(f, host) for f in (found, *(c.plugin for c in metrics))}
    return ResolvedProtocol(whole, found, found.declaration.sha256(), metrics, own or protocol.metrics, versions)


def fitting(
    protocol: Protocol, instrument: str, clip: Clip, host: Host
) -> tuple[LoadedPlugin, tuple[ChosenMetric, ...]]:
    """Return the instrument and the metrics; the weights need not be installed.

    Raises:
        RequestError: as :func:`resolve_protocol`, except for missing weights.
    """
    found, metrics = host.find("instrument", instrument), chosen_metrics(protocol, host)
    declared: Instrument = found.declaration
    if protocol.preprocessing not in declared.preprocessings:
        raise RequestError(
            f"The protocol {protocol.name} needs the preprocessing {protocol.preprocessing!r}, which the instrument {instrument} does "
            f"not have; it has {', '.join(declared.preprocessings)}. Choose another protocol or instrument."
        )
    if clip.frames != protocol.frames:
        raise RequestError(
            f"The protocol {protocol.name} scores clips of {protocol.frames} frames; the track's clips have {clip.frames}. "
            "Choose another track, or write your own protocol."
        )
    if reason := declared.refuses(clip):
        raise RequestError(
            f"The instrument {instrument} refuses clips of {clip.frames} frames and {clip.size} pixels: {reason}"
        )
    for chosen in metrics:
        if not chosen.reads_pixels and chosen.layer not in declared.layers:
            name = chosen.plugin.name
            raise RequestError(
                f"The metric {name!r} reads the layer {chosen.layer!r}; the instrument {instrument} has {', '.join(declared.layers)}. "
                f'A protocol file of your own can name another: `{name} = "{declared.layers[-1]}"` under [layers].'
            )
    return found, metrics


def with_every_option(protocol: Protocol, host: Host) -> Protocol:
    """Return the protocol with every option of its metrics set, to the protocol's value or else to the metric's default.

    So the stamp covers options that the protocol leaves to their defaults, and 0 and 0.0 give the same stamp. A layer that the metric
    reads anyway is left out, for the same reason. Options of metrics that are not installed stay unchanged: choosing such a metric is
    refused.
    """
    known = {f.name: f for f in host.of("metric")}
    options = {name: dict(given) for name, given in protocol.options.items()}
    for name in (*protocol.metrics, *protocol.extra, *protocol.options):
        if name in known:
            values = dataclasses.asdict(_options(known[name], protocol))
            options[name] = {k: jsonable(v) for k, v in values.items()}
    layers = {n: v for n, v in protocol.layers.items() if n not in known or v != known[n].declaration.layer}
    return protocol.model_copy(update={"options": options, "layers": layers})


def chosen_metrics(protocol: Protocol, host: Host) -> tuple[ChosenMetric, ...]:
    """Return a protocol's metrics with their options, the extra ones last.

    Raises:
        RequestError: a metric or an option is unknown, or a value is out of range.
    """
    known = {f.name for f in host.of("metric")}
    for what, names in (("options", protocol.options), ("the layer", protocol.layers)):
        if unknown := sorted(set(names) - known):
            raise RequestError(
                f"The protocol {protocol.name} sets {what} of {unknown[0]!r}; there is no metric with that name."
                f"{did_you_mean(unknown[0], known)}"
            )
    plugins = (host.find("metric", name) for name in (*protocol.metrics, *protocol.extra))
    return tuple(_chosen(p, protocol, host) for p in plugins)


def _chosen(metric: LoadedPlugin, protocol: Protocol, host: Host) -> ChosenMetric:
    """Return a metric with the options and the layer that the protocol gives."""
    options, layer = _options(metric, protocol), protocol.layers.get(metric.name, metric.declaration.layer)
    if reads_pixels(metric):
        if metric.name in protocol.layers:
            raise RequestError(
                f"The protocol {protocol.name} sets the layer of {metric.name!r}, which reads pixels. Leave it out of [layers]."
            )
        layer = pixel_layer(metric, options, version_in_caches(metric, host))
    return ChosenMetric(metric, options, metric.name in protocol.extra, layer)


def _options(metric: LoadedPlugin, protocol: Protocol) -> Any:
    """Return the options of a metric with the values that the protocol gives."""
    options, given = metric.declaration.options, protocol.options.get(metric.name, {})
    return options(**{k: checked(options, k, v, where=f"options.{metric.name}.{k}") for k, v in given.items()})
