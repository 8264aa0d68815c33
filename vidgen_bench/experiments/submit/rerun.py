"""Runs a submitted record again on a CPU. Equal versions and thread counts give equal bytes, apart from ``measured``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from pydantic import ValidationError

from vidgen_bench.config.budget import Budget
from vidgen_bench.config.derived_name import DerivedName
from vidgen_bench.config.spec import spelt
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.run.execute import execute
from vidgen_bench.experiments.run.plan import Plan, Request, make_plan
from vidgen_bench.experiments.run.recording import environment_entry
from vidgen_bench.experiments.submit.attest import attest, attest_part, submitted_record
from vidgen_bench.experiments.submit.rerun_part import check_part, repeat_part
from vidgen_bench.host.host import Host
from vidgen_bench.leaderboard.submissions.layout import given_options
from vidgen_bench.measure.resolved_track import VideoLocation
from vidgen_bench.records.code import differing
from vidgen_bench.records.entries import PluginEntry
from vidgen_bench.records.record import Record
from vidgen_bench.system.observer import Observer
from vidgen_bench.version import __version__


def rerun(
    path: Path,
    videos: VideoLocation,
    runs: Path,
    observer: Observer,
    track: str | None = None,
    until: int | None = None,
) -> Path:
    """Run the spec and seed of a submitted record again, and write an attestation beside it if the bytes are equal.

    The trace of a record tells what a part of its run must give, so a part can be repeated without a record of its own.

    Args:
        path: the submitted record.
        videos: the location of the track's videos.
        runs: the folder of runs in which it is repeated; an interrupted repetition resumes there.
        observer: receives the progress.
        track: the file of the track, if it does not come with vidgen-bench.
        until: the iteration of an evaluation; only the run up to it is repeated, and its trace compared.
    Raises:
        RequestError: the record cannot be repeated here: another device, version, track or data; or it has no evaluation there.
        VidgenBenchError: the repetition gave another record.
    """
    record = submitted_record(path)
    if until is not None:
        check_part(path, record, until)
    plan = make_plan(_request(record, videos, runs, track), Host.of_environment())
    if different := list(_differences(record, plan, observer)):
        raise RequestError(
            f"{path} cannot be repeated to the same bytes here: {'; '.join(different)}. Use the versions and data of the record, or "
            "score its checkpoint again with `vidgen-bench verify --recompute RUN`."
        )
    if until is not None:
        repeat_part(plan, record, until, path, observer)
        return attest_part(path, record, until)
    again = execute(plan, record.seed, observer).record
    if fields := unequal(record, again):
        cached = (
            " The anchors come from the cache; another thread count may have made them."
            if fields == ["anchors"]
            else ""
        )
        changed = differing(record.code.packages, again.code.packages)
        code = f" It was made by other code of {', '.join(changed)}." if changed else ""
        raise VidgenBenchError(
            f"The repetition of {path} gave another record: it differs in {', '.join(fields)}.{cached}{code} Nothing was attested."
        )
    return attest(path, record, again.scores, "re-run", device="cpu", tolerance=0.0)


def unequal(record: Record, again: Record) -> list[str]:
    """Return the fields whose JSON text differs between two records, without ``measured`` and ``code``, which do not change a score."""
    one, other = (json.loads(r.text()) for r in (record, again))
    every = dict.fromkeys((*one, *other))  # a model that says nothing is left out
    return [
        key
        for key in every
        if key not in ("measured", "code") and json.dumps(one.get(key)) != json.dumps(other.get(key))
    ]


def _request(record: Record, videos: VideoLocation, runs: Path, track: str | None) -> Request:
    name = DerivedName.parse(record.track.name)
    try:
        budget = Budget.model_validate(record.track.declared.get("budget")) if name.budget else None
    except ValidationError:
        raise RequestError(f"The budget of the track {record.track.name} is not valid in this version.") from None
    return Request(
        spec=record.spec,
        track=track or name.base,
        given={name: spelt(value) for name, value in given_options(record).items()},
        budget=budget,
        precision=name.precision or None,
        videos=videos.folder,
        splits=videos.splits,
        allow_missing=max(videos.allow_missing, len(record.data.missing)),
        workers=videos.workers,
        runs=runs,
        device="cpu",
        threads=record.environment.threads,
    )


def _differences(record: Record, plan: Plan, observer: Observer) -> Iterator[str]:
    """Yield what differs between a record and a run of this plan here, and would change its bytes."""
    recorded = record.environment
    if recorded.device != "cpu" or recorded.world != 1:
        yield f"it ran on {recorded.world} x {recorded.device}, and only runs on one CPU repeat to the same bytes"
        return
    here = environment_entry(torch.device("cpu"), 1)
    ours = {"vidgen-bench": __version__, "torch": here.torch, **here.libraries, **_versions(plan.plugins)}
    theirs = {
        "vidgen-bench": record.version,
        "torch": recorded.torch,
        **recorded.libraries,
        **_versions(record.plugins),
    }
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            yield f"{name} {theirs.get(name, 'none')} in the record, {ours.get(name, 'none')} here"
    if plan.track.fingerprint != record.track.fingerprint:
        yield f"the track {plan.track.name} has the fingerprint {plan.track.fingerprint}, not {record.track.fingerprint}"
        return
    data = plan.resolved_track.prepare(plan.request.source, observer).fingerprint
    if data != record.data.fingerprint:
        yield f"the data have the fingerprint {data}, not {record.data.fingerprint}"


def _versions(plugins: Iterable[PluginEntry]) -> dict[str, str]:
    return {f"{p.kind} {p.name}": f"{p.distribution} {p.version}" for p in plugins}
