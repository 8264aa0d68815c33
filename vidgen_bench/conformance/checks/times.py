"""Frames between, after and before the training frames: the same path at more instants."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from vidgen_bench.api import Ability, Clip, Times
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.play import difference, row_noise
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.conformance.views import View, views
from vidgen_bench.errors import RequestError

ROWS = (0,)

STILL = 1e-6
"""What changes by less from frame to frame, against its largest value, stands still."""

COPY = 1e-3
"""A frame this near to its neighbour, in units of what a frame usually changes, is a copy of it."""

HOW = "vidgen_bench.integrate anchors a path to the training frames."


def asked_for(clip: Clip) -> Mapping[Ability, Times]:
    """Return the training grid with what ``--fps 4x``, ``--extend`` and ``--rewind`` add."""
    last = clip.frames - 1
    return {
        "between": tuple(i / (4 * last) for i in range(4 * last + 1)),
        "after": tuple(i / last for i in range(2 * clip.frames)),
        "before": tuple(i / last for i in range(-clip.frames, clip.frames)),
    }


def times(subject: Subject) -> None:
    """Ask that a pair does what it declares and that the door refuses the rest."""
    composition = subject.composition
    for ability, instants in asked_for(composition.clip).items():
        if ability in composition.can:
            composition.check_times(instants)
        else:
            _ask_door(subject, ability, instants)
    for view in views(subject):
        _ask_view(view, composition.clip)


def _ask_door(subject: Subject, ability: Ability, instants: Times) -> None:
    try:
        subject.composition.check_times(instants)
    except RequestError:
        return
    raise Nonconformance(
        f"expected instants {ability} the training frames to be refused: {subject.name} does not declare {ability!r}"
    )


def _ask_view(view: View, clip: Clip) -> None:
    ordinary = view.frames(row_noise(ROWS), clip.grid)
    known: dict[float, Tensor] = {}
    for ability, instants in asked_for(clip).items():
        if ability in view.can:
            found = _ask_ability(view, clip, ability, ordinary)
            known |= {round(t, 9): found[:, j] for j, t in enumerate(instants)}
    if len(view.can) > 1:
        _ask_all(view, _all_at_once(clip, view.can), known)


def _ask_ability(view: View, clip: Clip, ability: Ability, ordinary: Tensor) -> Tensor:
    instants, allowed = asked_for(clip)[ability], view.tolerance(ordinary)
    found = view.frames(row_noise(ROWS), instants)
    said = f"asked for {len(instants)} instants, some {ability} the training frames, expected {view.what}"
    demand(
        found.shape[1] == len(instants),
        f"{said} to have as many frames: there are {found.shape[1]}. Emit one frame for each entry of `times`.",
    )
    bad = [j for j in range(len(instants)) if not bool(found[:, j].isfinite().all())]
    demand(
        not bad, f"{said} to be finite: {len(bad)} frames are not, the first at {instants[bad[0]] if bad else 0:.3g}"
    )
    shared = [min(range(len(instants)), key=lambda j: abs(instants[j] - t)) for t in clip.grid]
    apart = difference(found[:, shared], ordinary)
    demand(
        apart <= allowed, f"{said} to keep the training frames within {allowed:.2g}: they are {apart:.3g} apart. {HOW}"
    )
    _ask_motion(view, ability, found, ordinary, shared)
    mixed = torch.randperm(len(instants), generator=torch.Generator().manual_seed(0)).tolist()
    some = [j for j in mixed if j not in shared[::2]]  # not all of them, and the first frame not among them
    apart = difference(view.frames(row_noise(ROWS), tuple(instants[j] for j in some)), found[:, some])
    demand(
        apart <= allowed,
        f"{said} to be the same when {len(some)} of the instants come by themselves and in another order, within {allowed:.2g}: "
        f"{apart:.3g} apart. {HOW}",
    )
    return found


def _ask_motion(view: View, ability: Ability, found: Tensor, ordinary: Tensor, shared: list[int]) -> None:
    """Extra frames that are copies of their neighbours are no frames, unless everything stands still anyway."""
    usual = float(_changes(ordinary).median())
    if usual <= STILL * float(ordinary.abs().max()):
        return
    changes = _changes(found).tolist()  # from frame j to j + 1
    extra = [j for j in range(found.shape[1]) if j not in shared]
    beside = [min(changes[k] for k in (j - 1, j) if 0 <= k < len(changes)) for j in extra]
    copies = sum(change <= COPY * usual for change in beside)
    demand(
        2 * copies <= len(extra),
        f"expected the frames {ability} the training frames to move on in {view.what}: {copies} of {len(extra)} are copies of a "
        f"neighbour. Serve the instant itself, or do not declare {ability!r}.",
    )


def _changes(frames: Tensor) -> Tensor:
    """Return the largest change from each frame to the next, [T - 1]."""
    return (frames[:, 1:] - frames[:, :-1]).abs().flatten(2).amax(dim=(0, 2))


def _all_at_once(clip: Clip, can: frozenset[Ability]) -> Times:
    """Return instants of every kind that can be asked for, twice as dense where there may be some between."""
    dense, last = (2 if "between" in can else 1), clip.frames - 1
    first, end = (-clip.frames if "before" in can else 0), (2 * clip.frames - 1 if "after" in can else last)
    return tuple(i / (dense * last) for i in range(dense * first, dense * end + 1))


def _ask_all(view: View, instants: Times, known: Mapping[float, Tensor]) -> None:
    found = view.frames(row_noise(ROWS), instants)
    both = [j for j, t in enumerate(instants) if round(t, 9) in known]
    expected = torch.stack([known[round(instants[j], 9)] for j in both], dim=1)
    apart, allowed = difference(found[:, both], expected), view.tolerance(expected)
    demand(
        apart <= allowed,
        f"asked for {len(instants)} instants from {instants[0]:.3g} to {instants[-1]:.3g}, expected the frames of {view.what} that other "
        f"instants gave too to be the same, within {allowed:.2g}: {apart:.3g} apart. {HOW}",
    )
