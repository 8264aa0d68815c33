"""Tracks written as TOML: whole, or with a comment on every key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from tomlkit import comment, document, dumps, nl, table
from tomlkit.items import Table
from tomlkit.toml_document import TOMLDocument

from vidgen_bench.config.toml import fields_of, model_in
from vidgen_bench.config.track import Track


def whole_track(track: Track) -> str:
    """Return every key of a track that has a value, defaults included; the text is a track with the same fingerprint."""
    return dumps(_values(track))


def commented_track(track: Track, name: str, head: str) -> str:
    """Return the track under another name as a file to edit: each key below its description, keys without a value as comments.

    Args:
        track: the track to start from.
        name: the name of the new track.
        head: the first comment.
    """
    text = document()
    text.add(comment(head))
    text.add(nl())
    _fill(text, Track, _values(track.model_copy(update={"name": name, "summary": ""})))
    return dumps(text)


def _values(track: Track) -> dict[str, Any]:
    """Return the keys that have a value; the paths of protocol files are absolute, so that the text may be saved in any folder."""

    def whole(protocol: str) -> str:
        return str(Path(protocol).absolute()) if protocol.endswith(".toml") else protocol

    values = track.model_dump(mode="json", by_alias=True, exclude_none=True)
    part = values["evaluation"]
    return values | {"evaluation": part | {"protocol": whole(part["protocol"]), "also": [*map(whole, part["also"])]}}


def _fill(into: TOMLDocument | Table, model: type[BaseModel], values: Mapping[str, Any]) -> None:
    """Add the keys of a model, scalars before tables, as TOML needs it."""
    inner = [key for key in fields_of(model) if isinstance(values.get(key), dict)]
    for key, field in fields_of(model).items():
        if key in inner or field.exclude:
            continue
        into.add(comment(field.description or ""))
        if key in values:
            into.add(key, values[key])
        else:
            into.add(comment(f"{key} ="))
    for key in inner:
        part, field = table(), fields_of(model)[key]
        if isinstance(into, TOMLDocument):
            into.add(nl())
        inside = model_in(field.annotation)
        part.add(comment(field.description or ""))
        if inside is None:
            for name, value in values[key].items():
                part.add(name, value)
        else:
            _fill(part, inside, values[key])
        into.add(key, part)
