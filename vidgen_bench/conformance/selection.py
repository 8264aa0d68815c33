"""A part of the cases of a plugin: some checks, with some partners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vidgen_bench.conformance.check import Case
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.errors import RequestError, did_you_mean


def selected(cases: Sequence[Case], name: str, only: Sequence[str], partners: Sequence[str]) -> tuple[Case, ...]:
    """Return the cases of these checks, with these partners; checks of the declaration alone have none, and need no partner.

    Args:
        cases: the cases of a plugin.
        name: the plugin's name.
        only: names of checks; none stands for all.
        partners: names of backbones and temporal generators; none stands for all.
    Raises:
        RequestError: no case has such a check or such a partner, or no case is left.
    """
    _require(only, [case.check for case in cases], f"Nothing is checked of {name} under the name")
    _require(partners, [partner for case in cases for partner in _partners(case, name)], f"{name} has no pair with")
    found = tuple(
        case
        for case in cases
        if (not only or case.check in only)
        and (not partners or not isinstance(case.target, Subject) or set(_partners(case, name)) & set(partners))
    )
    if not found:
        raise RequestError(f"No case is left: {', '.join(only)} does not apply to {name} with {', '.join(partners)}.")
    return found


def _require(words: Sequence[str], valid: Sequence[str], refusal: str) -> None:
    for word in words:
        if word not in valid:
            raise RequestError(f"{refusal} {word!r}.{did_you_mean(word, set(valid))}")


def _partners(case: Case, name: str) -> Iterator[str]:
    """Yield the names of the other side of a pair."""
    if isinstance(case.target, Subject):
        sides = (case.target.composition.backbone, case.target.composition.temporal)
        yield from (side.name for side in sides if side is not None and side.name != name)
