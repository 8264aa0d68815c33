"""The keys of a TOML file, from its pydantic model, as the table of a reference page."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vidgen_bench.config.toml import fields_of, model_in

HEAD = "| key | value | default | meaning |\n|---|---|---|---|\n"

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def key_table(model: type[BaseModel]) -> str:
    """Return the table of all keys, those of inner tables after a dot and those of lists of tables after ``[]``."""
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows(model, ""))


def _rows(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in fields_of(model).items():
        if field.exclude:
            continue
        inner, listed = model_in(field.annotation), _is_list(field.annotation)
        assert field.description, f"{model.__name__}.{name} has no description"
        yield f"`{prefix}{name}`", _value(field.annotation), _default(field), field.description.replace("|", r"\|")
        if inner is not None:
            yield from _rows(inner, f"{prefix}{name}{'[]' if listed else ''}.")


def _is_list(annotation: Any) -> bool:
    return any(typing.get_origin(part) is tuple for part in _parts(annotation))


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    union = isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union
    return typing.get_args(annotation) if union else (annotation,)


def _value(annotation: Any) -> str:
    (part,) = [part for part in _parts(annotation) if part is not type(None)]
    origin, inside = typing.get_origin(part), typing.get_args(part)
    if origin is typing.Annotated:
        return _value(inside[0])
    if origin is typing.Literal:
        return "text"
    if origin is tuple:
        fixed = f" of {len(inside)}" if Ellipsis not in inside else ""
        return f"list{fixed}: {_value(inside[0])}"
    if origin is dict or (isinstance(part, type) and issubclass(part, BaseModel)):
        return "table"
    return _WORDS[part]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`"
