"""Names in a submitted record: the spec, the track and every word that a table or page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from vidgen_bench.config.track import Track, load_track, shipped_tracks
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.leaderboard.submissions.layout import RESERVED
from vidgen_bench.records.record import Record

LONGEST = 100
"""Characters of a spec or of a track's name."""

_MARKUP = re.compile(r"[<>`|\[\]\\]")


def faults_of_names(record: Record) -> Iterator[str]:
    """Yield what is wrong with the names of a record."""
    if len(record.spec) > LONGEST:
        yield f"spec: {record.spec!r} has more than {LONGEST} characters"
    track = record.track.name
    if len(track) > LONGEST or track.lower() in RESERVED:
        yield f"track.name: {track!r} is not a valid track name such as ucf101-64-paper: it is reserved or too long"
    for place, text in _words(record):
        if _MARKUP.search(text) or "\n" in text or len(text) > 300:
            yield f"{place}: {text!r} contains markup or is too long; expected a plain name"


def faults_of_track(record: Record) -> Iterator[str]:
    """Yield why a record's track is not a valid one, or contradicts the shipped track whose name it uses."""
    try:
        declared = Track.model_validate({**record.track.declared, "name": "as-recorded"})
    except (VidgenBenchError, ValueError) as error:
        yield f"track.declared: this is not a valid track: {error}"
        return
    # tables are grouped by fingerprint: under another name, a copy of a shipped track joins its table
    alike = {name: track.derived(declared.budget, declared.training.precision) for name, track in _shipped().items()}
    copied = sorted((t.name for t in alike.values() if t.fingerprint == record.track.fingerprint), key=_derived)
    names = copied if copied and _derived(copied[0]) else copied[:1]
    if names and record.track.name not in names:
        yield (
            f"track: {record.track.name} has the fingerprint of the shipped track {names[0]}, {record.track.fingerprint}; "
            f"run the specs on {names[0]}, or give your track a content of its own"
        )
        return
    base = record.track.name.split("~")[0]
    if base not in alike:
        return
    track = alike[base]
    if (record.track.name, record.track.fingerprint) != (track.name, track.fingerprint):
        yield (
            f"track: the shipped track {base} with this budget and precision is {track.name} with the fingerprint {track.fingerprint}, "
            f"not {record.track.name} with {record.track.fingerprint}; give your own track a name of its own"
        )
    elif (record.track.ranked, record.track.seeds) != (track.ranked, track.ranking.seeds):
        yield f"track: {base} declares ranked = {track.ranked} and {track.ranking.seeds} seeds; was the record edited by hand?"


@cache
def _shipped() -> dict[str, Track]:
    """Return the shipped tracks by name; reading them takes longer than all other checks of a record."""
    return {name: load_track(name) for name in shipped_tracks()}


def _derived(name: str) -> bool:
    """Return whether a track is a shipped one with another budget or precision; some shipped tracks differ in the budget only."""
    return "~" in name


def _words(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the place and text of every word that identifies something."""
    yield "data.name", record.data.name
    for plugin in record.plugins:
        for key, text in plugin.model_dump().items():
            yield f"plugins.{key}", text
    for name, metric in record.metrics.items():
        yield f"metrics.{name}.title", metric.title
        yield f"metrics.{name}.caveat", metric.caveat
    for name, setting in record.options.items():
        yield from ((f"options.{name}", text) for text in _texts(setting.value))
    yield "version", record.version
    for part in ("environment", "measured"):
        for place, text in _leaves(getattr(record, part).model_dump(), part):
            yield place, text
    yield from (("anchors", name) for name in record.anchors)
    yield from (("parameters.parts", name) for name in record.parameters.parts)
    tables = (record.code.packages, *(change.earlier for change in record.code.accepted))
    yield from (("code", name) for table in tables for name in table)


def _leaves(table: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from ((place, key) for key in value)
            yield from _leaves(value, f"{place}.{name}")
        elif isinstance(value, str):
            yield f"{place}.{name}", value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
