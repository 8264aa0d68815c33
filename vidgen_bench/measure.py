"""A protocol with the instrument and the metrics that it names: everything that can be known, and refused, before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Clip, Instrument, Metric
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.host import Found, Host
from vidgen_bench.options import checked
from vidgen_bench.protocol import Protocol, Stamp


@dataclass(frozen=True)
class Chosen:
    """A metric with the options that the protocol gives it; an ``extra`` one is of the final samples alone."""

    found: Found
    options: Any
    extra: bool

    @property
    def metric(self) -> Metric:
        """The declaration."""
        return self.found.declaration


@dataclass(frozen=True)
class Measure:
    """One protocol, ready to measure."""

    protocol: Protocol
    found: Found
    sha256: str
    """Of the instrument's weights."""
    metrics: tuple[Chosen, ...]

    @property
    def instrument(self) -> Instrument:
        """The declaration."""
        return self.found.declaration

    @property
    def main(self) -> tuple[Chosen, ...]:
        """The metrics that are watched during training and ranked by."""
        return tuple(c for c in self.metrics if not c.extra)

    @property
    def plain(self) -> tuple[Chosen, ...]:
        """The metrics that see clips as they are; the others are taken of the first batch alone, because each measures it anew."""
        return tuple(c for c in self.metrics if c.metric.view == "as-is")

    def of_batch(self, number: int) -> tuple[Chosen, ...]:
        """Return the metrics that are taken of the final batch of this number, from 0."""
        return self.metrics if number == 0 else self.plain

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in which real clips must be known."""
        return tuple(sorted({c.metric.layer for c in self.metrics if c.metric.needs}))

    @property
    def plugins(self) -> tuple[Found, ...]:
        """The plugins that make the numbers what they are."""
        return (self.found, *(c.found for c in self.metrics))

    @property
    def measured_by(self) -> list[str]:
        """The plugins with their versions: what a cached measurement of real clips depends on beside the stamp."""
        return sorted(f"{f.kind} {f.name} {f.origin.distribution} {f.origin.version}" for f in self.plugins)

    def stamp(self, real: str, changes: tuple[str, ...] = ()) -> Stamp:
        """Return what the numbers depend on; ``real`` is the hash of what the reference statistics are of."""
        return Stamp(
            protocol=self.protocol.declared,
            instrument=self.found.name,
            sha256=self.sha256,
            real=real,
            changes=changes,
        )


def make_measure(protocol: Protocol, instrument: str, clip: Clip, host: Host) -> Measure:
    """Return the measure of a protocol with an instrument, for clips of this shape.

    Raises:
        RequestError: an instrument or metric that is unknown or does not fit, an option that its metric does not have, or weights
            that are not on this machine.
    """
    found = fitting_instrument(protocol, instrument, clip, host)
    declared: Instrument = found.declaration
    metrics = chosen_metrics(protocol, host)
    for chosen in metrics:
        if chosen.metric.layer not in declared.layers:
            raise RequestError(
                f"The metric {chosen.found.name!r} reads the layer {chosen.metric.layer!r}, but {instrument} emits "
                f"{', '.join(declared.layers)}."
            )
    return Measure(protocol, found, declared.sha256(), metrics)


def fitting_instrument(protocol: Protocol, name: str, clip: Clip, host: Host) -> Found:
    """Return the instrument of this name, whether its weights are here or not.

    Raises:
        RequestError: there is none, it knows another preprocessing, or it refuses such clips.
    """
    found = host.find("instrument", name)
    declared: Instrument = found.declaration
    if protocol.preprocessing not in declared.preprocessings:
        raise RequestError(
            f"The protocol {protocol.name} preprocesses as {protocol.preprocessing!r}, which the instrument {name} does not: "
            f"it knows {', '.join(declared.preprocessings)}. Choose another protocol or instrument."
        )
    if reason := declared.refuses(clip):
        raise RequestError(f"The instrument {name} refuses clips of {clip.frames} frames of {clip.size} pixels: {reason}")
    return found


def chosen_metrics(protocol: Protocol, host: Host) -> tuple[Chosen, ...]:
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


def _chosen(name: str, protocol: Protocol, host: Host) -> Chosen:
    found = host.find("metric", name)
    given: Mapping[str, Any] = protocol.options.get(name, {})
    values = {
        option: checked(found.declaration.options, option, value, where=f"options.{name}.{option}")
        for option, value in given.items()
    }
    return Chosen(found, found.declaration.options(**values), name in protocol.extra)
