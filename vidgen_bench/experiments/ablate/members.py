"""The members of a suite: the models of its cells, composed on their tracks, and the distinct runs that they need."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.pair import Misfit, fit
from vidgen_bench.config.cell import Cell, Model
from vidgen_bench.config.protocol import load_protocol
from vidgen_bench.config.spec import parse
from vidgen_bench.config.suite import Suite
from vidgen_bench.config.track import Track, load_track
from vidgen_bench.errors import RequestError, VidgenBenchError, did_you_mean
from vidgen_bench.experiments.ablate.recorded import Recorded, read_recorded
from vidgen_bench.experiments.run.folder import RunFolder, folder_of
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.host import Host

Key = tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """One of our models in a cell: its composition, or the reason why it does not fit."""

    cell: Cell
    model: Model
    request: Request
    track: Track
    """The track that it runs on, with its budget and precision."""
    declared: Track
    """The track that the suite's file declares, with its budget."""
    composition: Composition | None
    misfit: str | None = None
    aside: bool = False
    """Whether its track differs from the suite's."""

    @property
    def spec(self) -> str:
        """The canonical spec with the given options; if the member does not fit, the spec as written."""
        given = " ".join(f"{key}={value}" for key, value in self.request.given.items())
        return str(self.composition.resolved) if self.composition else f"{self.model.spec} {given}".strip()

    @cached_property
    def key(self) -> Key:
        """The identity of its runs; members with equal keys share them."""
        if self.composition is None:
            return ()
        settings = {k: s.model_dump(mode="json")["value"] for k, s in self.composition.resolved.settings.items()}
        return str(self.folder(0).path), self.track.fingerprint, json.dumps(settings, sort_keys=True)

    def folder(self, seed: int) -> RunFolder:
        """Return the run folder of one seed, for a member that fits."""
        assert self.composition is not None
        runs = self.request.runs
        return RunFolder(folder_of(runs, self.track.name, self.composition.resolved, seed), below=runs)


@dataclass(frozen=True)
class Job:
    """One distinct run, and all the members that share it."""

    members: tuple[Member, ...]
    seed: int

    @property
    def member(self) -> Member:
        """The first member, for the properties that all of them share."""
        return self.members[0]

    @property
    def aside(self) -> bool:
        """Whether it is needed only by members whose track differs from the suite's."""
        return all(m.aside for m in self.members)

    @property
    def folder(self) -> RunFolder:
        """The run folder."""
        return self.member.folder(self.seed)

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The row and column of each cell that shows the run."""
        return list(dict.fromkeys((m.cell.row, m.cell.column) for m in self.members))

    def __str__(self) -> str:
        return f"{self.member.spec} seed {self.seed}"


@dataclass(frozen=True)
class Ablation:
    """A suite with every member composed, before anything runs."""

    suite: Suite
    track: Track
    """The track that all members share, else the suite's default track."""
    metric: str
    seeds: tuple[int, ...]
    given: Mapping[str, Any]
    """The options that the request sets in every cell."""
    shown: tuple[Member | Recorded, ...]
    """What the cells show of ours, in the table's order; a published number alone is not in it."""

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The models to run."""
        return tuple(m for m in self.shown if isinstance(m, Member))

    @cached_property
    def recorded(self) -> tuple[Recorded, ...]:
        """The results that are read from their records."""
        return tuple(m for m in self.shown if isinstance(m, Recorded))

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The distinct runs in the table's order; runs on tracks other than the suite's, often the longest, come last."""
        groups: dict[Key, list[Member]] = {}
        for member in self.members:
            if member.composition:
                groups.setdefault(member.key, []).append(member)
        jobs = [Job(tuple(members), seed) for members in groups.values() for seed in self.seeds]
        return tuple(sorted(jobs, key=lambda job: job.aside))


def expand(suite: Suite, request: Request, track: str | None, seeds: Sequence[int], host: Host) -> Ablation:
    """Return the ablation of a suite.

    Args:
        suite: the suite to run.
        request: the settings that all runs share, such as budget, data and device; its options override those of the cells.
        track: a track for all cells, which overrides those of the suite and its cells.
        seeds: the seeds of every run.
        host: the installed plugins.
    Raises:
        RequestError: unknown names or options (the text names the cell); no cell fits; the track does not measure the
            metric; a record is missing or lacks the metric; or two different runs would share a folder.
    """
    models = [(cell, model) for cell in suite.cells for model in cell.models]
    tracks = {track or model.track or suite.track for _, model in models if model.spec}
    wanted = tracks.pop() if len(tracks) == 1 else track or suite.track
    common = load_track(wanted).derived(request.budget, request.precision)
    metric = suite.metric or common.evaluation.select
    shown: list[Member | Recorded] = []
    for cell, model in models:
        try:
            if model.record is not None:
                declared = load_track(suite.track).derived(suite.budget)
                shown.append(read_recorded(cell, model, declared, common, metric))
                continue
            given = {**suite.set_, **model.set_, **request.given}
            used = track or model.track or suite.track
            run = dataclasses.replace(request, spec=model.spec or "", track=used, given=given)
            member = _member(cell, model, run, suite, host)
            _check_metric(metric, member.track)
        except VidgenBenchError as error:
            source = model.spec or f"record {model.record}"
            raise RequestError(f"The cell {cell.row!r}, {cell.column!r} ({source}): {error}") from None
        if member.track.data.name != common.data.name:  # --data and --splits belong to the suite's data set
            run = dataclasses.replace(run, videos=None, splits=None)
        shown.append(dataclasses.replace(member, request=run, aside=used != wanted))
    ablation = Ablation(suite, common, metric, tuple(seeds), request.given, tuple(shown))
    _check_anything_to_show(ablation)
    _check_folders(ablation.members)
    return ablation


def _check_anything_to_show(ablation: Ablation) -> None:
    """Refuse a suite of models that all do not fit; with a record or a published number there is still a table."""
    if ablation.recorded or any(not cell.models for cell in ablation.suite.cells):
        return
    if all(m.misfit for m in ablation.members):
        reasons = dict.fromkeys(m.misfit for m in ablation.members)
        raise RequestError("No cell fits, so there is nothing to run:\n" + "\n".join(f"  {r}" for r in reasons))


def _check_folders(members: Sequence[Member]) -> None:
    """Refuse different runs with the same folder, because a folder name leaves out parts of the track and options."""
    owners: dict[Path, Member] = {}
    for member in (m for m in members if m.composition):
        path = member.folder(0).path
        owner = owners.setdefault(path, member)
        if owner.key != member.key:
            places = " and ".join(f"{m.cell.row!r}, {m.cell.column!r} ({m.model.spec})" for m in (owner, member))
            raise RequestError(
                f"The cells {places} are different runs with the same folder {path.parent}. "
                "Give their tracks different names, or put the cells into two suites."
            )


def _member(cell: Cell, model: Model, request: Request, suite: Suite, host: Host) -> Member:
    track = load_track(request.track).derived(request.budget, request.precision)
    declared = load_track(model.track or suite.track).derived(suite.budget)
    try:
        pair = Composition(**vars(fit(parse(request.spec), track, request.given, host)))
    except Misfit as misfit:
        return Member(cell, model, request, track, declared, None, misfit.reason)
    return Member(cell, model, request, track, declared, pair)


def _check_metric(metric: str, track: Track) -> None:
    measured = track.evaluation.metrics or load_protocol(track.evaluation.protocol).metrics
    if metric not in measured:
        hint = did_you_mean(metric, measured)
        raise RequestError(f"the table shows {metric!r}, which the track {track.name} does not measure.{hint}")
