"""Checks that a record lists the plugins that its spec names, and that option values of the track are those of the track."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vidgen_bench.config.spec import Spec, parse
from vidgen_bench.config.track import load_track, shipped_tracks
from vidgen_bench.errors import RequestError
from vidgen_bench.records.record import Record


def faults_of_players(record: Record) -> Iterator[str]:
    """Yield the backbone or temporal generator of the spec that ``plugins`` does not list."""
    listed = {(plugin.kind, plugin.name) for plugin in record.plugins}
    for kind, name in _players(record).items():
        if (kind, name) not in listed:
            found = ", ".join(sorted(n for k, n in listed if k == kind)) or "none"
            yield f"plugins: the spec {record.spec} needs the {kind} {name}; listed is {found}"


def faults_of_track_options(record: Record) -> Iterator[str]:
    """Yield the options that a record says to have from a shipped track, which declares no such value.

    Only options of the origin ``given`` are in the name of a folder and of a row, so another origin would hide a change.
    """
    base = record.track.name.split("~")[0]
    if base not in shipped_tracks():
        return
    defaults, players = load_track(base).defaults, _players(record)
    for name, setting in record.options.items():
        side, _, option = name.partition(".")
        declared = defaults.get(players.get(side, ""), {})
        if setting.origin == "track" and (option not in declared or _json(declared[option]) != _json(setting.value)):
            yield f"options: {name} = {setting.value!r} is not among the [defaults] of the track {base}; its origin is not track"


def _players(record: Record) -> dict[str, str]:
    """Return the names of the plugins in the spec, by their kinds."""
    try:
        spec: Spec = parse(record.spec)
    except RequestError:
        return {}  # faults_of_names reports it
    return {"backbone": spec.backbone} | ({"temporal": spec.temporal} if spec.temporal else {})


def _json(value: Any) -> Any:
    """Return a value as JSON has it, with lists for tuples."""
    return json.loads(json.dumps(value))
