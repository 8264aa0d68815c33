"""Executes one run: the data, the folder, its owner, and then the stages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import torch

from vidgen_bench.api import Game
from vidgen_bench.data.geometry import FrameGeometry
from vidgen_bench.data.store import Store
from vidgen_bench.errors import Interrupted, PluginError
from vidgen_bench.experiments.run.attempting import attempting, next_attempt
from vidgen_bench.experiments.run.batch_memory import require_memory
from vidgen_bench.experiments.run.changed_code import changed, put_aside, require_same_code
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.experiments.run.stages import Place, Stages
from vidgen_bench.records.record import Record, read_record
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.system.observer import Interruptible, Observer
from vidgen_bench.system.provenance import revision
from vidgen_bench.training.distributed import Process
from vidgen_bench.training.precision import require_precision


@dataclass(frozen=True)
class Outcome:
    """A finished run: its folder, its record, and whether it was finished before."""

    folder: RunFolder
    record: Record
    already: bool


def prepare_wide(plan: Plan, game: Game, store: Store, observer: Observer) -> Store | None:
    """Return the videos with every column if a player's feed or a protocol's reference shifts its crop, else None.

    Scores always use the track's crop.

    Raises:
        PluginError: a player shifts its crop, but the track's crop takes every column, and the backbone did not refuse the track.
    """
    shifting = shifting_players(game)
    if not shifting and not plan.resolved_track.shifts:
        return None
    if not FrameGeometry.of(plan.track.data).spare:
        raise PluginError(
            f"The player {shifting[0]!r} of {plan.composition.backbone.name} shifts its clips sideways (augment shift-x), but the crop of "
            f"the track {plan.track.name} takes every column; the backbone must refuse a clip with spare = 0."
        )
    return plan.resolved_track.prepare_wide(plan.request.source, store, observer)


def shifting_players(game: Game) -> list[str]:
    """Return the names of the players whose crops shift sideways."""
    return [p.name for p in game.players if p.feed and "shift-x" in p.feed.augment]


def execute(plan: Plan, seed: int, observer: Observer) -> Outcome:
    """Run one seed of a plan, or resume it; a finished run is only read.

    Raises:
        ChangedCodeError: the code has changed since the run began, and the request does not say what to do then.
        Interrupted: Ctrl-C; the run can be resumed.
        VidgenBenchError: the run failed; the message has the fix.
    """
    device = choose_device(plan.request.device)
    if device.type == "cpu":
        keep_freed_memory()
    folder, interrupt = plan.folder(seed), Interrupt()
    require_same_code([(plan, seed)])  # before the data, which may take long to prepare
    if not folder.is_finished():
        require_precision(plan.track.name, plan.track.training.precision, device)
    with ExitStack() as stack:
        process = Process.of_environment(device)
        store = process.first(
            lambda: plan.resolved_track.prepare(plan.request.source, observer)
        ) or plan.resolved_track.prepare(plan.request.source, Observer())
        identity = plan.identity(seed, store.fingerprint)
        if process.agree(_starts_over(plan, seed)):
            process.first(lambda: put_aside(plan, seed))
        if process.agree(folder.is_finished()):  # without the lock, so that the folder may be read-only
            return _finished(folder, identity)
        ownership = process.first(lambda: stack.enter_context(folder.locked(next_attempt)))
        before = folder.request()
        if process.agree(folder.is_finished()):  # by another process, in the meantime
            return _finished(folder, identity)
        _check(plan, seed, identity)  # before anything is written
        threads = plan.request.threads or (before["environment"]["threads"] if before else torch.get_num_threads())
        torch.set_num_threads(threads)
        stack.enter_context(interrupt)
        status = None
        if ownership is not None:  # the first of several processes
            status = stack.enter_context(attempting(folder.path, ownership, device, observer))
        watched = Interruptible(status or observer, interrupt)
        place = Place(plan, seed, folder, store, device, process, watched, interrupt, ownership, status)
        record = _begin(place, identity, threads).finish()
    if interrupt.requested:  # too late for this run, but not for what would come after it
        raise Interrupted(f"Stopped. The run in {folder.path} is finished.", interrupt.number)
    return Outcome(folder, record, already=False)


def _begin(place: Place, identity: Mapping[str, Any], threads: int) -> Stages:
    """Build the game, decode the videos that it needs besides the track's, and claim the folder."""
    plan, store, process = place.plan, place.store, place.process
    game = plan.composition.build(place.seed, store.class_videos)
    require_memory(game, plan.track.clip.size, process.world)
    _on(place.device, game)
    wide = process.first(lambda: prepare_wide(plan, game, store, place.observer)) or prepare_wide(
        plan, game, store, Observer()
    )
    environment = plan.environment(place.device.type, process.world, threads)
    if wide is not None and shifting_players(game):
        environment["videos with every column"] = wide.fingerprint
    names = {"classes": list(store.classes)} if game.labels is not None else {}
    process.first(lambda: _claim(place, {**identity, "environment": environment}, names))
    return Stages(place, wide, game)


def _check(plan: Plan, seed: int, identity: Mapping[str, Any]) -> None:
    """Check that the folder of a run, if it has begun, belongs to this run and this code."""
    folder = plan.folder(seed)
    if folder.request() is not None:
        require_same_code([(plan, seed)])
        folder.check_claim(identity)


def _starts_over(plan: Plan, seed: int) -> bool:
    return plan.request.where_changed == "start over" and changed(plan, seed) is not None


def _claim(place: Place, request: Mapping[str, Any], names: Mapping[str, Any]) -> None:
    """Write the request of a new run, with its code and time; check that of another, or accept its change."""
    plan, folder = place.plan, place.folder
    if plan.request.where_changed == "accept" and folder.request() is not None:
        folder.accept(request, plan.code.packages)
        return
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    folder.claim(request, {**names, "begun": begun, "revision": revision(), "code": plan.code.packages})


def _finished(folder: RunFolder, identity: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a folder that has a record, after checking that it belongs to this run; nothing is written."""
    folder.check_claim(identity)
    return Outcome(folder, read_record(folder.record_path), already=True)


def _on(device: torch.device, game: Game) -> Game:
    """Move every part to the device in place, so that players keep their parameters."""
    for part in game.parts.values():
        part.to(device)
    return game
