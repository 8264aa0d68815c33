"""Frames between, after and before the training frames lie on the same path."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from vidgen_bench.api import Ability, Clip, Times
from vidgen_bench.conformance.comparison import largest_difference
from vidgen_bench.conformance.game_inputs import row_noise
from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.outputs import Output, outputs
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import RequestError

ROWS = (0,)

STILL = 1e-6
"""A path with smaller changes between frames, relative to its largest value, stands still."""

COPY = 1e-3
"""A frame this close to its neighbour, in units of the usual change between frames, is a copy of it."""

HOW = "Use vidgen_bench.integrate, which steps from training frame to training frame."


def instants_by_ability(clip: Clip) -> Mapping[Ability, Times]:
    """Return the training grid with the instants that ``--fps 4x``, ``--extend`` and ``--rewind`` add."""
    last = clip.frames - 1
    return {
        "between": tuple(i / (4 * last) for i in range(4 * last + 1)),
        "after": tuple(i / last for i in range(2 * clip.frames)),
        "before": tuple(i / last for i in range(-clip.frames, clip.frames)),
    }


def check_times(subject: Subject) -> None:
    """Check that a pair supports the instants it declares and that all others are refused."""
    composition = subject.composition
    for ability, instants in instants_by_ability(composition.clip).items():
        if ability in composition.can:
            composition.check_times(instants)
        else:
            _check_refusal(subject, ability, instants)
    for output in outputs(subject):
        _check_output(output, composition.clip)


def _check_refusal(subject: Subject, ability: Ability, instants: Times) -> None:
    try:
        subject.composition.check_times(instants)
    except RequestError:
        return
    raise Nonconformance(
        f"expected instants {ability} the training frames to be refused: {subject.name} does not declare {ability!r}"
    )


def _check_output(output: Output, clip: Clip) -> None:
    ordinary = output.frames(row_noise(ROWS), clip.grid)
    known: dict[float, Tensor] = {}
    for ability, instants in instants_by_ability(clip).items():
        if ability in output.can:
            found = _check_ability(output, clip, ability, ordinary)
            known |= {round(t, 9): found[:, j] for j, t in enumerate(instants)}
    if len(output.can) > 1:
        _check_all(output, _all_at_once(clip, output.can), known)


def _check_ability(output: Output, clip: Clip, ability: Ability, ordinary: Tensor) -> Tensor:
    instants, allowed = instants_by_ability(clip)[ability], output.tolerance(ordinary)
    found = output.frames(row_noise(ROWS), instants)
    context = f"at {len(instants)} instants, some {ability} the training frames, expected {output.name}"
    demand(
        found.shape[1] == len(instants),
        f"{context} to have one frame per instant: there are {found.shape[1]}. Return one frame per entry of `times`.",
    )
    bad = [j for j in range(len(instants)) if not bool(found[:, j].isfinite().all())]
    demand(
        not bad, f"{context} to be finite: {len(bad)} frames are not, the first at {instants[bad[0]] if bad else 0:.3g}"
    )
    shared = [min(range(len(instants)), key=lambda j: abs(instants[j] - t)) for t in clip.grid]
    apart = largest_difference(found[:, shared], ordinary)
    demand(
        apart <= allowed,
        f"{context} to keep the training frames within {allowed:.2g}: they are {apart:.3g} apart. {HOW}",
    )
    _check_motion(output, ability, found, ordinary, shared)
    mixed = torch.randperm(len(instants), generator=torch.Generator().manual_seed(0)).tolist()
    some = [j for j in mixed if j not in shared[::2]]  # a subset without the first frame
    apart = largest_difference(output.frames(row_noise(ROWS), tuple(instants[j] for j in some)), found[:, some])
    demand(
        apart <= allowed,
        f"{context} to be the same for {len(some)} of the instants alone and in another order, within {allowed:.2g}: "
        f"they are {apart:.3g} apart. {HOW}",
    )
    return found


def _check_motion(output: Output, ability: Ability, found: Tensor, ordinary: Tensor, shared: list[int]) -> None:
    """Refuse extra frames that are copies of their neighbours, unless the whole path stands still."""
    usual = float(_changes(ordinary).median())
    if usual <= STILL * float(ordinary.abs().max()):
        return
    changes = _changes(found).tolist()  # from frame j to j + 1
    extra = [j for j in range(found.shape[1]) if j not in shared]
    beside = [min(changes[k] for k in (j - 1, j) if 0 <= k < len(changes)) for j in extra]
    copies = sum(change <= COPY * usual for change in beside)
    demand(
        2 * copies <= len(extra),
        f"expected the frames {ability} the training frames to move on in {output.name}: {copies} of {len(extra)} are copies of a "
        f"neighbour. Compute the frame at its own instant, or do not declare {ability!r}.",
    )


def _changes(frames: Tensor) -> Tensor:
    """Return the largest change from each frame to the next, [T - 1]."""
    return (frames[:, 1:] - frames[:, :-1]).abs().flatten(2).amax(dim=(0, 2))


def _all_at_once(clip: Clip, can: frozenset[Ability]) -> Times:
    """Return instants of all supported kinds together, twice as dense if there may be frames between."""
    dense, last = (2 if "between" in can else 1), clip.frames - 1
    first, end = (-clip.frames if "before" in can else 0), (2 * clip.frames - 1 if "after" in can else last)
    return tuple(i / (dense * last) for i in range(dense * first, dense * end + 1))


def _check_all(output: Output, instants: Times, known: Mapping[float, Tensor]) -> None:
    found = output.frames(row_noise(ROWS), instants)
    both = [j for j, t in enumerate(instants) if round(t, 9) in known]
    expected = torch.stack([known[round(instants[j], 9)] for j in both], dim=1)
    apart, allowed = largest_difference(found[:, both], expected), output.tolerance(expected)
    demand(
        apart <= allowed,
        f"at {len(instants)} instants from {instants[0]:.3g} to {instants[-1]:.3g}, expected {output.name} to have the same frames as "
        f"with fewer instants, within {allowed:.2g}: they are {apart:.3g} apart. {HOW}",
    )
