"""A track with its data set and its protocols, checked against each other before any work is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidgen_bench.config.protocol import Protocol, adjusted, load_protocol
from vidgen_bench.config.track import Track
from vidgen_bench.errors import DataError, RequestError, did_you_mean
from vidgen_bench.host.host import Host, LoadedPlugin
from vidgen_bench.measure.resolved_protocol import ResolvedProtocol, chosen_metrics, resolve_protocol, with_every_option

if TYPE_CHECKING:
    from vidgen_bench.data.geometry import FrameGeometry
    from vidgen_bench.data.store import Store
    from vidgen_bench.system.observer import Observer


@dataclass(frozen=True)
class VideoLocation:
    """The location of a data set's videos, as given by ``--data``, ``--splits``, ``--allow-missing`` and ``--workers``."""

    folder: Path | None = None
    splits: Path | None = None
    allow_missing: int = 0
    workers: int | None = None


@dataclass(frozen=True)
class ResolvedTrack:
    """A track with its data set and protocols: the main protocol first, then further ones whose weights are installed."""

    track: Track
    data_set: LoadedPlugin
    protocols: tuple[ResolvedProtocol, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    """{protocol: reason} of the track's further protocols that cannot be used."""

    @property
    def main(self) -> ResolvedProtocol:
        """The protocol by which the track selects checkpoints and ranks."""
        return self.protocols[0]

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The data set, the instruments and the metrics."""
        return tuple(dict.fromkeys((self.data_set, *(f for m in self.protocols for f in m.plugins))))

    def batches(self, resolved: ResolvedProtocol) -> int:
        """Return the number of batches that the track's final samples fill under a protocol, at least one."""
        final = self.track.evaluation.final
        return max(1, final.batches * final.samples // resolved.protocol.samples)

    def prepare(self, videos: VideoLocation, observer: Observer, geometry: FrameGeometry | None = None) -> Store:
        """Return the decoded videos of the data set, in the track's geometry unless given; decode those that are not yet decoded.

        Raises:
            DataError: the data are incomplete or damaged, or do not have the track's number of classes.
        """
        from vidgen_bench.data.geometry import FrameGeometry
        from vidgen_bench.data.locating import locate_videos
        from vidgen_bench.data.prepare import prepare
        from vidgen_bench.system.places import cache_folder

        store = prepare(
            locate_videos(self.data_set, videos.folder, videos.splits, observer.progress),
            split=self.track.data.split,
            geometry=geometry or FrameGeometry.of(self.track.data),
            clip_frames=self.track.clip.frames,
            cache=cache_folder(),
            allow_missing=videos.allow_missing,
            workers=videos.workers,
            report=observer.progress,
        )
        if len(store.classes) != self.track.clip.classes:
            raise DataError(
                f"The data have {len(store.classes)} classes, but the track {self.track.name} sets "
                f"clip.classes = {self.track.clip.classes}."
            )
        return store

    @property
    def shifts(self) -> bool:
        """Whether some reference statistics use crops that shift sideways, and the track's crop leaves columns out."""
        return bool(self.track.clip.spare) and any("shift-x" in m.protocol.real.augment for m in self.protocols)

    def prepare_wide(self, videos: VideoLocation, store: Store, observer: Observer) -> Store:
        """Return the videos of ``store`` with every column, for crops that shift sideways.

        Raises:
            DataError: as :meth:`prepare`.
        """
        from vidgen_bench.data.geometry import FrameGeometry

        geometry = FrameGeometry.of(self.track.data)
        size = store.index.bytes * geometry.columns / geometry.width / 1e9
        observer.stage(f"videos with every column, for crops that shift ({size:.1f} GB in addition)")
        return self.prepare(videos, observer, geometry.whole_columns)


def resolve_track(
    track: Track, host: Host, *, protocols: Sequence[str | Protocol] = (), changes: Mapping[str, Any] | None = None
) -> ResolvedTrack:
    """Return a track with its data set and protocols.

    Args:
        track: sets the data set, the protocols, the instrument and the number of samples.
        host: the installed plugins.
        protocols: used instead of the track's own; all of them must be available.
        changes: settings that replace the protocols' own: ``samples``, ``precision``, ``metrics``.
    Raises:
        RequestError: a name is unknown, or the track, its protocols and its instrument do not fit together.
    """
    data_set, evaluation = host.find("data set", track.data.name), track.evaluation
    names, also = (protocols, ()) if protocols else ((evaluation.protocol,), evaluation.also)
    resolved_protocols = [_resolved(name, track, host, changes or {}) for name in names]
    skipped = {}
    for name in (n for n in also if n not in names):
        try:
            resolved = _resolved(name, track, host, {})
        except RequestError as error:
            chosen_metrics(load_protocol(name), host)  # raises again for a misspelt metric, which is an error
            skipped[name] = str(error)
            continue
        _check_apart(track, resolved, resolved_protocols)
        resolved_protocols.append(resolved)
    if not protocols:
        _check_selection(track, resolved_protocols[0])
    return ResolvedTrack(track, data_set, tuple(resolved_protocols), skipped)


def _check_selection(track: Track, main: ResolvedProtocol) -> None:
    """Refuse a track if its selection metric is not among its metrics or has no better direction."""
    select, watched = track.evaluation.select, {c.plugin.name: c.metric.better for c in main.watched}
    if select not in watched:
        raise RequestError(
            f"The track {track.name} selects by {select!r}, which is not among its metrics {', '.join(watched)}."
            f"{did_you_mean(select, watched)}"
        )
    if watched[select] == "neither":
        ranking = [name for name, better in watched.items() if better != "neither"]
        raise RequestError(
            f"The track {track.name} selects by {select!r}, but neither higher nor lower is better. "
            f"Select by {' or '.join(ranking) or 'a metric with a better direction'}."
        )


def on_track(protocol: Protocol, track: Track) -> Protocol:
    """Return a protocol with the track's settings; a protocol with a ``fixed`` sample count keeps it.

    Raises:
        RequestError: the protocol cannot have the track's metrics.
    """
    evaluation, own = track.evaluation, protocol.instrument is None
    passes = evaluation.reference.passes if protocol.real.passes is not None else None
    return adjusted(
        protocol,
        {
            "samples": None if protocol.fixed else evaluation.final.samples,
            "real": None if passes is None else protocol.real.model_copy(update={"passes": passes}),
            "metrics": evaluation.metrics if own else None,
            "extra": evaluation.extra if own else None,
        },
    )


def _resolved(named: str | Protocol, track: Track, host: Host, changes: Mapping[str, Any]) -> ResolvedProtocol:
    declared = with_every_option(load_protocol(named) if isinstance(named, str) else named, host)
    protocol = adjusted(on_track(declared, track), changes)
    instrument = protocol.instrument or track.instrument.name
    resolved = resolve_protocol(protocol, instrument, track.clip, host, declared.metrics)
    if declared.instrument is None and track.instrument.sha256 not in (None, resolved.sha256):
        raise RequestError(
            f"The track {track.name} requires {track.instrument.name} with sha256 {track.instrument.sha256}; the installed weights have "
            f"{resolved.sha256}. Import the required weights, or use your own track."
        )
    return resolved


def _check_apart(track: Track, also: ResolvedProtocol, resolved_protocols: Sequence[ResolvedProtocol]) -> None:
    """Refuse a further protocol that shares a metric with an earlier one: a record holds one score per metric name."""
    for resolved in resolved_protocols:
        theirs = {c.plugin.name for c in resolved.metrics}
        if both := [c.plugin.name for c in also.metrics if c.plugin.name in theirs]:
            raise RequestError(
                f"The track {track.name} uses the protocols {resolved.protocol.name} and {also.protocol.name}, which both have the "
                f"metric {both[0]!r}; a record holds one score per metric. Leave {also.protocol.name} out of evaluation.also, and "
                f"use it afterwards: vidgen-bench evaluate RUN --protocol {also.protocol.name}"
            )
