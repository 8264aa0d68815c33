"""Runs whose code has changed since they began: how it is noticed, and the two ways on, starting over and accepting the change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.run.owner import OWNER
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.host.code import Code
from vidgen_bench.records.code import differing
from vidgen_bench.records.folder_name import put_aside_name
from vidgen_bench.system.files import disk_errors

_MADE_BY_CODE = ("options", "protocol", "own_temporal")
"""Keys of a request that other code may change, by a new option or another default; the data are another such key."""

_LISTED = 5
"""Runs that a message lists."""


class ChangedCodeError(RequestError):
    """The code of a run has changed since it began."""


@dataclass(frozen=True)
class Changed:
    """A run whose code has changed: its folder, the changed packages and what is known of each change."""

    folder: RunFolder
    finished: bool
    begun: datetime
    packages: Mapping[str, str]
    """A package, and a phrase that says how and when it changed."""


def changed(plan: Plan, seed: int) -> Changed | None:
    """Return what has changed in the code of a run since it began; None for a new run, and for one of before the code was kept.

    Raises:
        RequestError: the folder belongs to another run.
        VidgenBenchError: it cannot be read.
    """
    folder = plan.folder(seed)
    folder.check()
    if folder.request() is None:
        return None
    before, record = folder.code(), folder.record()
    found = dict(_phrases(before, plan.code, folder.begun())) if before else {}
    if record is not None:  # the further protocols that were used depend on the weights that were installed then
        further = {n: h for n, h in record.code.packages.items() if n not in before and n in plan.further_code.packages}
        found |= _phrases(further, _only(plan.further_code, further), folder.begun())
    identity = plan.identity(seed, "")
    del identity["data"]  # known once the videos are decoded
    folder.check_claim({key: value for key, value in identity.items() if not found or key not in _MADE_BY_CODE})
    return Changed(folder, record is not None, folder.begun(), found) if found else None


def require_same_code(runs: Iterable[tuple[Plan, int]]) -> None:
    """Refuse runs whose code has changed, all in one message, unless their requests say what to do with such runs.

    Raises:
        ChangedCodeError: the code of a run has changed.
    """
    found = []
    for plan, seed in runs:
        if plan.request.where_changed == "refuse":
            with suppress(
                VidgenBenchError
            ):  # a folder that is damaged or another run's is reported when its turn comes
                found += [change] if (change := changed(plan, seed)) else []
    if found:
        raise ChangedCodeError(_refusal(found))


def put_aside(plan: Plan, seed: int) -> Path | None:
    """Rename the folder of a run whose code has changed, so that it starts over; return the new path, or None if nothing has changed.

    Raises:
        BusyError: another process has the folder.
        VidgenBenchError: it cannot be renamed.
    """
    folder = plan.folder(seed)
    with folder.locked():
        if (change := changed(plan, seed)) is None:  # another process has started it over in the meantime
            return None
        names = (put_aside_name(folder.path.name, change.begun, number) for number in count(1))
        target = next(path for path in map(folder.path.with_name, names) if not os.path.lexists(path))
        if sys.platform != "win32":  # where a folder with an open file, such as the lock, keeps its name
            _rename(folder.path, target)
    if sys.platform == "win32":
        _rename(folder.path, target)
    for left in (OWNER, ".lock"):  # they belonged to this process
        (target / left).unlink(missing_ok=True)
    return target


def _rename(path: Path, target: Path) -> None:
    with disk_errors(target):
        os.rename(path, target)


def _phrases(before: Mapping[str, str], code: Code, begun: datetime) -> Iterator[tuple[str, str]]:
    now = code.packages
    for name in differing(before, now):
        newest, modified = code.sources[name].newest, code.sources[name].modified
        when = f"{newest} was modified at {_time(modified)}" if modified > begun else f"its newest file is {newest}"
        yield name, f"{name} ({code.owners[name]}) has changed: {when}"
    for name in sorted(before.keys() - now):
        yield name, f"{name} took part and no longer does"
    for name in sorted(now.keys() - before):
        yield name, f"{name} ({code.owners[name]}) takes part and did not"


def _only(code: Code, names: Iterable[str]) -> Code:
    return Code({name: code.sources[name] for name in names}, code.owners)


def _refusal(found: Sequence[Changed]) -> str:
    first = found[0]
    if len(found) == 1:
        state = "The result in" if first.finished else "The unfinished run in"
        head = f"{state} {first.folder.path} began at {_time(first.begun)}, and its code has changed since:"
    else:
        listed = ", ".join(str(one.folder.path) for one in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        head = f"The code of {len(found)} runs has changed since they began: {listed}{more}."
    phrases = dict.fromkeys(phrase for one in found for phrase in one.packages.values())
    aside = put_aside_name(first.folder.path.name, first.begun)
    over = "starts over" if len(found) == 1 else "starts these runs over"
    accept = "--accept-changed-code keeps finished results as they are and goes on with the others; their records have both hashes."
    if len(found) == 1:
        accept = (
            "--accept-changed-code shows it all the same."
            if first.finished
            else "--accept-changed-code goes on with the code of now; the record will have both hashes."
        )
    return "\n".join(
        [
            head,
            *(f"  {phrase}" for phrase in phrases),
            f"--again {over} and keeps the earlier folder as {aside}. {accept}",
        ]
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
