"""Conflicts between records: parties that cannot all be right, and which of them a check refuses.

The party with records that were there before a change is right. Without such a party, and with several, every party is at fault: neither
the order of paths nor the number of files decides, since anybody can choose both.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from vidgen_bench.config.track import shipped_tracks
from vidgen_bench.leaderboard.submissions.findings import Finding, fault, look
from vidgen_bench.leaderboard.submissions.row_identity import Identity, differences
from vidgen_bench.records.record import Record


def conflicts(
    records: Mapping[str, Record], known: Mapping[str, Identity], earlier: Collection[str]
) -> Iterator[Finding]:
    """Yield the records that contradict other records.

    Args:
        records: by path.
        known: the identity of each record's row, by path.
        earlier: the paths of records that were there before the change that is checked.
    """
    yield from _of_models(known, earlier)
    yield from _of_tracks(records, earlier)
    yield from _twice(records, known, earlier)
    yield from _copies(records, earlier)


def at_fault(parties: Iterable[Sequence[str]], earlier: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each path at fault, with a path of another party, the one that is right if there is one."""
    given = list(parties)
    if len(given) < 2:
        return
    first = [party for party in given if any(path in earlier for path in party)]
    right = first[0] if len(first) == 1 else None
    for party in given:
        if party is not right:
            other = right or next(p for p in given if p is not party)
            against = next((path for path in other if path in earlier), other[0])
            yield from ((path, against) for path in party)


def _of_models(known: Mapping[str, Identity], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records of a folder that belong to another model than others there."""
    folders: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for path, model in known.items():
        of = folders.setdefault(path.rpartition("/")[0], {})
        of.setdefault(tuple(map(str, model.values())), []).append(path)
    for models in folders.values():
        for path, other in at_fault(models.values(), earlier):
            different = differences([known[other], known[path]])
            yield fault(
                path, f"differs from {PurePosixPath(other).name} in {different}: it is not a seed of the same row"
            )


def _of_tracks(records: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records of a track whose other records have another name, number of seeds or ``ranked``.

    One table has all records of a fingerprint, so a single record with more seeds would unrank every row.
    """
    shipped = frozenset(shipped_tracks())
    tracks: dict[str, dict[tuple[str, int, bool], list[str]]] = {}
    for path, record in records.items():
        track = record.track
        # two shipped tracks may have one fingerprint under the same --budget; faults_of_track checks their names
        name = track.name if track.name.split("~")[0] not in shipped else ""
        tracks.setdefault(track.fingerprint, {}).setdefault((name, track.seeds, track.ranked), []).append(path)
    for fingerprint, parties in tracks.items():
        for path, other in at_fault(parties.values(), earlier):
            yield fault(
                path,
                f"has the track fingerprint {fingerprint} with {_words(records[path])}; {other} has it with "
                f"{_words(records[other])}. Send both in with one track file, or change one so that its fingerprint is its own",
            )


def _words(record: Record) -> str:
    track = record.track
    return f"the name {track.name}, {track.seeds} seeds and ranked = {track.ranked}"


def _twice(records: Mapping[str, Record], known: Mapping[str, Identity], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records of a model and seed that another folder has too, such as an option that was set to its default.

    A variant sets options and nothing else, so two specs of one model differ in its name only; neither does 32.0 make another model
    than 32.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for path, record in records.items():
        options = json.dumps({name: _number(setting.value) for name, setting in record.options.items()}, sort_keys=True)
        model = known[path] | {"spec": record.spec.partition(":")[0], "options": options}
        found.setdefault((*map(str, model.values()), str(record.seed)), []).append(path)
    for paths in found.values():
        for path, other in at_fault(([p] for p in paths), earlier):
            yield fault(path, f"is seed {records[path].seed} of the same row as {other}; a row has each seed once")


def _number(value: object) -> object:
    """Return an option's value with floats for whole numbers."""
    if isinstance(value, list | tuple):
        return [_number(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else value


def _copies(records: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the records that have the checkpoint of another training, or its samples."""
    checkpoints, samples = _sharing(records, "checkpoint"), _sharing(records, "samples")
    copied: set[tuple[str, str]] = set()
    for paths in checkpoints:
        for path, other in at_fault(_trainings(records, paths), earlier):
            copied |= {(path, other), (other, path)}
            yield fault(path, f"has the same checkpoint as {other}: two seeds are never equal, so one is a copy")
    for paths in samples:
        for path, other in at_fault(_trainings(records, paths), earlier):
            if (path, other) not in copied:
                yield look(path, f"has the same samples as {other}")


def _sharing(records: Mapping[str, Record], kind: str) -> list[list[str]]:
    """Return the groups of several paths whose records have an equal hash of this kind."""
    found: dict[str, list[str]] = {}
    for path, record in records.items():
        if record.hashes is not None:
            found.setdefault(getattr(record.hashes, kind), []).append(path)
    return [paths for paths in found.values() if len(paths) > 1]


def _trainings(records: Mapping[str, Record], paths: Sequence[str]) -> list[list[str]]:
    """Return paths by the training that could have made their checkpoint.

    One spec, options and seed on the same clips give equal checkpoints under two budgets, if the best one is early.
    """
    found: dict[str, list[list[str]]] = {}
    for path in paths:
        record = records[path]
        options = {name: setting.value for name, setting in record.options.items()}
        clips = [record.data.fingerprint, record.track.declared.get("clip")]
        key = json.dumps([record.spec, options, record.seed, clips], sort_keys=True)
        of = found.setdefault(key, [[]])
        taken = {records[p].track.fingerprint for p in of[0]}
        if record.track.fingerprint in taken:  # twice in one track is a copy
            of.append([path])
        else:
            of[0].append(path)
    return [party for of in found.values() for party in of]
