"""A track with its data set and all that measures on it; with a composition it becomes a plan, with clips from elsewhere a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidgen_bench.api import DataSet
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
    """Where the videos of a track's data set are, as a person gave it."""

    folder: Path | None = None
    splits: Path | None = None
    allow_missing: int = 0
    workers: int | None = None


@dataclass(frozen=True)
class ResolvedTrack:
    """What is measured on a track, and by what: the track's own protocol first, then the others whose weights are here."""

    track: Track
    data_set: LoadedPlugin
    protocols: tuple[ResolvedProtocol, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Protocols that the track also asks for, and why they cannot be had here."""

    @property
    def main(self) -> ResolvedProtocol:
        """The measure by which the track selects and ranks."""
        return self.protocols[0]

    @property
    def plugins(self) -> tuple[LoadedPlugin, ...]:
        """The data set and everything that measures."""
        return tuple(dict.fromkeys((self.data_set, *(f for m in self.protocols for f in m.plugins))))

    def batches(self, resolved: ResolvedProtocol) -> int:
        """Return how many final batches a measure takes: the track's, or as many of its own size as those hold, at least one."""
        final = self.track.evaluation.final
        return max(1, final.batches * final.samples // resolved.protocol.samples)

    def prepare(self, videos: VideoLocation, observer: Observer, geometry: FrameGeometry | None = None) -> Store:
        """Return the decoded clips of the data set, decoding what is not decoded yet; the track's geometry is the default.

        Raises:
            DataError: the data are not what they should be, or have another number of classes than the track says.
        """
        from vidgen_bench.data.geometry import FrameGeometry
        from vidgen_bench.data.prepare import prepare
        from vidgen_bench.system.places import cache_folder

        declared: DataSet = self.data_set.declaration
        store = prepare(
            declared.locate(videos.folder, videos.splits, cache_folder(), observer.progress),
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
                f"The data have {len(store.classes)} classes, but the track {self.track.name} says "
                f"clip.classes = {self.track.clip.classes}."
            )
        return store

    @property
    def shifts(self) -> bool:
        """Whether some reference statistics are of crops that move sideways, for which columns are left out of the track's crop."""
        return bool(self.track.clip.spare) and any("shift-x" in m.protocol.real.augment for m in self.protocols)

    def prepare_wide(self, videos: VideoLocation, store: Store, observer: Observer) -> Store:
        """Return the videos of ``store`` with every column, for crops that move sideways.

        Raises:
            DataError: as :meth:`prepare`.
        """
        from vidgen_bench.data.geometry import FrameGeometry

        geometry = FrameGeometry.of(self.track.data)
        size = store.index.bytes * geometry.columns / geometry.width / 1e9
        observer.stage(f"videos with every column, for crops that move ({size:.1f} GB beside the others)")
        return self.prepare(videos, observer, geometry.whole_columns)


def resolve_track(
    track: Track,
    host: Host,
    *,
    protocols: Sequence[str | Protocol] = (),
    changes: Mapping[str, Any] | None = None,
) -> ResolvedTrack:
    """Return the bench of a track.

    Args:
        track: names instrument, protocol, and how many samples.
        host: the installed plugins.
        protocols: instead of the track's own; all of them must be available.
        changes: of the protocols, by a person: ``samples``, ``precision``, ``metrics``.
    Raises:
        RequestError: anything unknown, or that does not fit together.
    """
    data_set, evaluation = host.find("data set", track.data.name), track.evaluation
    names, also = (protocols, ()) if protocols else ((evaluation.protocol,), evaluation.also)
    resolved_protocols = [_resolved(name, track, host, changes or {}) for name in names]
    skipped = {}
    for name in (n for n in also if n not in names):
        try:
            resolved = _resolved(name, track, host, {})
        except RequestError as error:
            chosen_metrics(load_protocol(name), host)  # what is misspelt is a mistake, and not for want of weights
            skipped[name] = str(error)
            continue
        _check_apart(track, resolved, resolved_protocols)
        resolved_protocols.append(resolved)
    if not protocols:
        _check_selection(track, resolved_protocols[0])
    return ResolvedTrack(track, data_set, tuple(resolved_protocols), skipped)


def _check_selection(track: Track, main: ResolvedProtocol) -> None:
    """Refuse a track that selects by a metric that it does not watch, or that is neither better high nor low."""
    select, watched = track.evaluation.select, {c.plugin.name: c.metric.better for c in main.watched}
    if select not in watched:
        raise RequestError(
            f"The track {track.name} selects by {select!r}, which is not among its metrics {', '.join(watched)}."
            f"{did_you_mean(select, watched)}"
        )
    if watched[select] == "neither":
        ranking = [name for name, better in watched.items() if better != "neither"]
        raise RequestError(
            f"The track {track.name} selects by {select!r}, of which neither more nor less is better. "
            f"Select by {' or '.join(ranking) or 'a metric that has a direction'}."
        )


def on_track(protocol: Protocol, track: Track) -> Protocol:
    """Return a protocol as a track sets it; where its name promises its sample count, it keeps it.

    Raises:
        RequestError: the track's metrics cannot be this protocol's.
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
            f"The track {track.name} asks for {track.instrument.name} with sha256 {track.instrument.sha256}; the installed one has "
            f"{resolved.sha256}. Import the right weights, or use a track of your own."
        )
    return resolved


def _check_apart(track: Track, also: ResolvedProtocol, resolved_protocols: Sequence[ResolvedProtocol]) -> None:
    """Refuse a further protocol with a metric that an earlier one has: a record keeps one score of each name.

    Raises:
        RequestError: both protocols are named.
    """
    for resolved in resolved_protocols:
        theirs = {c.plugin.name for c in resolved.metrics}
        if both := [c.plugin.name for c in also.metrics if c.plugin.name in theirs]:
            raise RequestError(
                f"The track {track.name} measures by {resolved.protocol.name} and also by {also.protocol.name}, which both have "
                f"the metric {both[0]!r}; a record keeps one of each. Leave {also.protocol.name} out of evaluation.also, and "
                f"score by it afterwards: vidgen-bench evaluate RUN --protocol {also.protocol.name}"
            )
