"""A request becomes a plan: everything that can be known, and refused, before data or a device is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidgen_bench import __version__
from vidgen_bench.api import DataSet, Instrument, Metric
from vidgen_bench.budget import Budget
from vidgen_bench.compose import Composition, compose
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.fit import plugin_entry
from vidgen_bench.host import Found, Host
from vidgen_bench.records import PluginEntry
from vidgen_bench.run_folder import RunFolder, folder_of
from vidgen_bench.track import Track, load_track


@dataclass(frozen=True)
class Request:
    """What a person asks for."""

    spec: str
    track: str = "shapes-smoke"
    given: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget | None = None
    videos: Path | None = None
    splits: Path | None = None
    allow_missing: int = 0
    workers: int | None = None
    runs: Path = Path("runs")
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True)
class Plan:
    """A composition on a track, with all that measures it."""

    request: Request
    track: Track
    composition: Composition
    data_set: DataSet
    instrument: Instrument
    instrument_sha256: str
    metrics: tuple[Metric, ...]
    plugins: tuple[PluginEntry, ...]

    @property
    def measured_by(self) -> list[str]:
        """Instrument, weights, metrics and their versions: what cached measurements of real clips depend on."""
        kinds = ("instrument", "metric")
        return [
            self.instrument_sha256,
            *(f"{p.kind} {p.name} {p.distribution} {p.version}" for p in self.plugins if p.kind in kinds),
        ]

    def folder(self, seed: int) -> RunFolder:
        """Return the run folder of one seed."""
        return RunFolder(folder_of(self.request.runs, self.track.name, self.composition.resolved, seed))

    def identity(self, seed: int, data_fingerprint: str) -> dict[str, Any]:
        """Return what a run folder belongs to; with it a run can be composed again before it has a record."""
        latent = self.composition.latent
        return {
            "spec": str(self.composition.resolved),
            "seed": seed,
            "options": {k: s.model_dump(mode="json")["value"] for k, s in self.composition.resolved.settings.items()},
            "track": self.track.fingerprint,
            "data": data_fingerprint,
            "instrument": self.instrument_sha256,
            "declared": self.track.declared,
            "own_temporal": latent.parameters if latent else None,
        }

    def environment(self, device: str, world: int, threads: int) -> dict[str, Any]:
        """Return what the last digits of a run may depend on; a run is resumed only where it is the same."""
        import torch

        versions = {f"{p.kind} {p.name}": f"{p.distribution} {p.version}" for p in self.plugins}
        return {
            "torch": torch.__version__,
            "threads": threads,
            "device": device,
            "world": world,
            "vidgen-bench": __version__,
            "plugins": versions,
        }


def make_plan(request: Request, host: Host) -> Plan:
    """Return the plan of a request.

    Raises:
        RequestError: anything unknown, out of range, or that does not fit together.
    """
    track = load_track(request.track)
    if request.budget is not None:
        track = track.with_budget(request.budget)
    instrument = check_track(track, host, own=request.track.endswith(".toml"))
    data_set = host.find("data set", track.data.name)
    metrics = find_metrics(
        track.evaluation.metrics,
        lambda name: host.find("metric", name).declaration,
        instrument.declaration.layers,
        instrument.name,
    )
    composition = compose(
        request.spec, track, request.given, host
    )  # before the weights are asked for, which may be missing
    sha256 = instrument.declaration.sha256()
    if track.instrument.sha256 not in (None, sha256):
        raise RequestError(
            f"The track {track.name} asks for {instrument.name} with sha256 {track.instrument.sha256}; the installed one has {sha256}. "
            "Import the right weights, or use a track of your own."
        )
    measuring = (data_set, instrument, *(host.find("metric", name) for name in track.evaluation.metrics))
    plugins = (*composition.plugins, *(plugin_entry(f) for f in measuring))
    return Plan(request, track, composition, data_set.declaration, instrument.declaration, sha256, metrics, plugins)


def find_metrics(
    names: Iterable[str], find: Callable[[str], Metric], layers: tuple[str, ...], instrument: str
) -> tuple[Metric, ...]:
    """Return the metrics of a track, each of whose layers the instrument has.

    Raises:
        RequestError: a metric needs a layer that the instrument does not emit.
    """
    metrics = tuple(find(name) for name in names)
    for metric in metrics:
        if metric.layer not in layers:
            raise RequestError(
                f"The metric {metric.name!r} reads the layer {metric.layer!r}, but {instrument} emits {', '.join(layers)}."
            )
    return metrics


def check_track(track: Track, host: Host, *, own: bool) -> Found:
    """Return the instrument of a track.

    Raises:
        RequestError: the instrument cannot read its clips, or a track of one's ``own`` has defaults for a plugin that is not
            installed: there it is a misspelling.
    """
    instrument = host.find("instrument", track.instrument.name)
    if reason := instrument.declaration.refuses(track.clip):
        raise RequestError(f"{instrument.name} refuses the clips of the track {track.name}: {reason}")
    names = {f.name for kind in ("backbone", "temporal") for f in host.of(kind)}
    for name in track.defaults if own else ():
        if name not in names:
            raise RequestError(
                f"The track {track.name} has [defaults.{name}], but no such plugin is installed.{did_you_mean(name, names)}"
            )
    return instrument
