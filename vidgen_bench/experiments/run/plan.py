"""Makes a plan from a request, checked before data or a device is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from vidgen_bench.compose.composition import Composition, compose
from vidgen_bench.compose.pair import plugin_entry
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.defaults import DEFAULT_TRACK, MOST_THREADS
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.experiments.run.folder import RunFolder, folder_of
from vidgen_bench.host.code import Code, code_of
from vidgen_bench.host.host import Host, Kind
from vidgen_bench.measure.resolved_track import ResolvedTrack, VideoLocation, resolve_track
from vidgen_bench.records.entries import PluginEntry
from vidgen_bench.version import __version__

WhereChanged = Literal["refuse", "start over", "accept"]
"""What to do with a run whose code has changed since it began."""


@dataclass(frozen=True)
class Request:
    """The arguments of ``vidgen-bench run``, for one spec on one track.

    Raises:
        RequestError: ``threads`` is not a number of threads.
    """

    spec: str
    track: str = DEFAULT_TRACK
    given: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget | None = None
    precision: str | None = None
    videos: Path | None = None
    splits: Path | None = None
    allow_missing: int = 0
    workers: int | None = None
    runs: Path = Path("runs")
    device: str = "auto"
    threads: int | None = None
    where_changed: WhereChanged = "refuse"

    def __post_init__(self) -> None:
        threads = self.threads
        if threads is not None and not (type(threads) is int and 1 <= threads <= MOST_THREADS):
            raise RequestError(f"--threads {threads}: expected a whole number from 1 to {MOST_THREADS}.")

    @property
    def source(self) -> VideoLocation:
        """The location of the videos."""
        return VideoLocation(self.videos, self.splits, self.allow_missing, self.workers)


@dataclass(frozen=True)
class Plan:
    """A composition on a track, with the track's protocols and all plugins."""

    request: Request
    resolved_track: ResolvedTrack
    composition: Composition
    plugins: tuple[PluginEntry, ...]
    code: Code = field(default_factory=Code)
    """The code that trains and selects the model; a run goes on only with the same."""
    further_code: Code = field(default_factory=Code)
    """The code that only the final scores under further protocols need."""

    @property
    def track(self) -> Track:
        """The track."""
        return self.resolved_track.track

    def folder(self, seed: int) -> RunFolder:
        """Return the run folder of one seed."""
        runs = self.request.runs
        return RunFolder(folder_of(runs, self.track.name, self.composition.resolved, seed), below=runs)

    def identity(self, seed: int, data_fingerprint: str) -> dict[str, Any]:
        """Return the identity of a run, written to its folder; an unfinished run is composed again from it."""
        latent = self.composition.latent
        return {
            "spec": str(self.composition.resolved),
            "seed": seed,
            "options": {k: s.model_dump(mode="json")["value"] for k, s in self.composition.resolved.settings.items()},
            "track": self.track.fingerprint,
            "data": data_fingerprint,
            "protocol": self.resolved_track.main.stamp("").id,
            "declared": self.track.declared,
            "own_temporal": latent.parameters if latent else None,
        }

    def environment(self, device: str, world: int, threads: int) -> dict[str, Any]:
        """Return the versions and settings that may change the last digits of scores; a run resumes only if they are the same."""
        import torch

        # plugins of further protocols do not affect the run; which ones are used depends on the installed weights
        others = {(f.kind, f.name) for m in self.resolved_track.protocols[1:] for f in m.plugins}
        others -= {(f.kind, f.name) for f in self.resolved_track.main.plugins}
        ours = [p for p in self.plugins if (p.kind, p.name) not in others]
        versions = {f"{p.kind} {p.name}": f"{p.distribution} {p.version}" for p in ours}
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
        RequestError: a name is unknown, an option is out of range, the parts do not fit together, or the runs folder is a file.
    """
    if request.runs.exists() and not request.runs.is_dir():
        raise RequestError(f"--runs {request.runs} is a file; expected a folder, or a path that does not exist.")
    track = load_track(request.track).derived(request.budget, request.precision)
    check_track(track, host, own=request.track.endswith(".toml"))
    # first, so that a misfit is reported even if the instrument's weights are missing
    composition = compose(request.spec, track, request.given, host)
    resolved_track = resolve_track(track, host)
    plugins = (*composition.plugins, *(plugin_entry(f) for f in resolved_track.plugins))
    players = [host.find(cast(Kind, entry.kind), entry.name) for entry in composition.plugins]
    code = code_of((*players, resolved_track.data_set, *resolved_track.main.plugins), host)
    return Plan(request, resolved_track, composition, plugins, code, code_of(resolved_track.plugins, host, {}))


def check_track(track: Track, host: Host, *, own: bool) -> None:
    """Refuse a track whose instrument cannot read its clips.

    Raises:
        RequestError: the instrument refuses the clip shape; or your ``own`` track has defaults for a plugin that is not installed,
            perhaps because its name is misspelt.
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
