"""Records with hostile text in every place that the record's model has for text."""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from tests.kit.record_files import EXTERNAL, METRICS, STAMP, WATCHED, record, stamps
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.track import track_fingerprint
from vidgen_bench.errors import RecordError
from vidgen_bench.records.record import Record, parse_record

STARTS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "# h", "> q")
"""What a spreadsheet or a page obeys at the start of a text."""

REST = (
    "\x1b[2J\x1b]8;;http://e.example\x07z\x9b31m\x7f \u202egpj\u2066\u200b\u3164 [red]r[/red] [/x] :smile: "
    "![i](http://e.example/i.png) [l](javascript:alert) <img src=x onerror=y> | `c` *b* ~~s~~ &#8238; www.e.example @octocat #12 "
    "\\input{/etc/passwd} $x$ % ; =2+2\n# heading\n- item"
)
"""What a terminal, rich, Markdown, GitHub or LaTeX obeys anywhere."""

Path = tuple[str | int, ...]

KEY = "{key}"
"""Stands for the key of a mapping in the path of a field, as ``*`` stands for any key or position."""


def fields(annotation: Any = Record, path: Path = ()) -> Iterator[Path]:
    """Yield every place of the model that takes a text: fields, members of lists, and keys and values of mappings."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from fields(field.annotation, (*path, field.alias or name))
    elif origin is Annotated or origin in (Union, types.UnionType):
        for part in inner[:1] if origin is Annotated else inner:
            yield from fields(part, path)
    elif origin is dict:
        yield (*path, KEY)
        yield from fields(inner[1], (*path, "*"))
    elif origin is tuple:
        yield from fields(inner[0], (*path, "*"))
    elif annotation in (str, Any):
        yield path
    else:
        assert origin is Literal or annotation in (int, float, bool, type(None)), annotation


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every text and, ending in ``{key}``, of every key of a table."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(value, dict):
            yield (*path, key, KEY)
        yield from texts(inner, (*path, key))


def matches(path: Path, field: Path) -> bool:
    """Return whether a place in a table belongs to a place of the model, or lies below one for values of any type."""
    free = field[-1] == "*" and len(path) > len(field)
    return (len(path) == len(field) or free) and all(f in ("*", p) for p, f in zip(path, field, strict=False))


def rich_tables() -> list[dict[str, Any]]:
    """Return the tables of a run and of external clips that use every field of a record."""
    metrics = {m: e | {"caveat": "few", "refused": "none"} for m, e in METRICS.items()}
    metrics["kid"] = METRICS["fid"] | {"title": "KID", "extra": True, "caveat": "some", "refused": "no score"}
    common: dict[str, Any] = {
        "metrics": metrics,
        "options": {"temporal.text": ("a", "given"), "temporal.of": (["a"], "name")},
    }
    changed = STAMP.model_copy(update={"changes": ("trim=first",)})
    tables = [json.loads(record("tgan+ode1", seed, witness=("w",), **common).text()) for seed in range(2)] + [
        json.loads(record("clips", **common | EXTERNAL | {"protocols": stamps(STAMP, WATCHED, changed)}).text())
    ]
    for table in tables:
        table["data"]["missing"] = ["v.avi"]
        table["environment"]["libraries"] = {"numpy": "2"}
        now, earlier = {"vidgen_bench.data": "0" * 16}, {"vidgen_bench.data": "1" * 16}
        table["code"] = {"packages": now, "accepted": [{"iteration": 1, "earlier": earlier}]}
        for score in (table["scores"]["fid"], table["anchors"]["grey"]["fid"]):
            score["at"] = {"n=10": [1.0, 2.0]}
    return tables


def healed(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table with its hashes recomputed, so that they do not reveal the change."""
    track, protocols = table.get("track"), table.get("protocols")
    if isinstance(track, dict) and isinstance(track.get("declared"), dict):
        track["fingerprint"] = track_fingerprint(track["declared"])
    if isinstance(protocols, dict):
        text = json.dumps({k: v for k, v in table.items() if k != "protocols"})
        kept = {}
        for name, stamp in protocols.items():
            try:
                new = Stamp.model_validate(stamp).id
            except ValueError:
                new = name
            text, kept[new] = text.replace(json.dumps(name), json.dumps(new)), stamp
        table = json.loads(text) | {"protocols": kept}
    return table


def accepted(table: dict[str, Any], text: str) -> tuple[list[Path], dict[Path, str]]:
    """Return the places of a record's table that may hold a hostile text, and the refusals of the others."""
    taken, refused, known = [], dict[Path, str](), list(fields())
    for path in texts(table):
        if not any(matches(path, field) for field in known):
            continue  # the name of a field
        made = json.dumps(healed(with_text(table, [path], [text])))
        if json.dumps(text) not in made:
            continue  # a hash or an id of what the record contains
        try:
            read = parse_record(made.encode(), "bad/record.json")
        except RecordError as error:
            refused[path] = str(error)
        else:
            if "select" in read.track.evaluation:  # else the leaderboard refuses it
                taken.append(path)
    return taken, refused


def with_text(table: dict[str, Any], paths: Sequence[Path], hostile: Sequence[str]) -> dict[str, Any]:
    """Return a table with hostile texts at these places, in turn."""
    made = copy.deepcopy(table)
    order = sorted(enumerate(paths), key=lambda p: (p[1][-1] == KEY, -len(p[1])))  # keys last, the innermost first
    for number, path in order:
        text = hostile[number % len(hostile)]
        *above, last = path[:-1] if path[-1] == KEY else path
        inner: Any = made
        for key in above:
            inner = inner[key]
        if path[-1] == KEY:
            items = [(text if key == last else key, value) for key, value in inner.items()]
            inner.clear()
            inner.update(items)
        else:
            inner[last] = text
    return made
