"""Parse TOML files, your own and those that ship, into pydantic models, and explain validation errors in lines that a user can act on."""

from __future__ import annotations

import typing
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.escaping import one_line
from vidgen_bench.system.parsing import parse_toml_text

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def parse_toml(content: bytes, model: type[M], what: str) -> M:
    """Return the model that a TOML text describes; ``what`` names the text in messages: ``track mine.toml``.

    Raises:
        RequestError: not valid TOML, or a key that is unknown, missing or invalid.
    """
    try:
        return model.model_validate(parse_toml_text(content))
    except ValidationError as error:
        raise RequestError(f"The {what} is not valid:\n{explain(error, model)}") from None
    except ValueError as error:
        raise RequestError(f"The {what} is not valid TOML: {error}.") from None


def read_toml(path: str | Path, model: type[M], kind: str) -> M:
    """Return the model that your own file describes; ``kind`` is ``track``, ``protocol`` or ``suite``.

    Raises:
        RequestError: the file cannot be read, or is not valid.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise RequestError(f"The {kind} file {path} cannot be read: {error.strerror or error}.") from None
    return parse_toml(content, model, f"{kind} {path}")


def read_shipped(name: str, model: type[M], kind: str) -> M:
    """Return the shipped track, protocol or suite (``kind``) with this name."""
    return parse_toml((_folder(kind) / f"{name}.toml").read_bytes(), model, f"{kind} {name}")


def shipped(kind: str) -> list[str]:
    """Return the names of the tracks, protocols or suites (``kind``) that come with the package."""
    return sorted(f.name.removesuffix(".toml") for f in _folder(kind).iterdir() if f.name.endswith(".toml"))


def _folder(kind: str) -> Any:
    return resources.files("vidgen_bench.config") / f"{kind}s"


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one line per fault: place, expectation, value, and for an unknown key the nearest valid one."""
    return "\n".join(f"  {_place(e['loc'])}: {_fault(dict(e), model)}" for e in error.errors()[:8])


def _place(loc: tuple[int | str, ...]) -> str:
    parts = loc[:-2] if loc[-1:] == ("[key]",) else loc  # of an invalid key, which the message shows
    return ".".join(one_line(str(part)) for part in parts) or "the whole table"


def _fault(error: dict[str, Any], model: type[BaseModel]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"unknown key.{did_you_mean(str(error['loc'][-1]), _keys(model, error['loc'][:-1]))}"
    if kind == "missing":
        return "this key is missing."
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "value_error" and isinstance(value, dict):  # a rule about several keys; its message names them
        return f"{message}." if not message.endswith((".", "?")) else message
    shown = repr(value)
    return f"{message} (found {shown if len(shown) < 80 else shown[:77] + '...'})."


def _keys(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the table at ``path`` in a model; none if the table is free-form."""
    for part in path:
        fields = fields_of(model)
        if part in fields:  # any other part is an index or a key of a mapping, and keeps the model
            model = model_in(fields[str(part)].annotation)
    return list(fields_of(model))


def fields_of(model: Any) -> dict[str, Any]:
    """Return {key in the file: field} of a model."""
    return {field.alias or name: field for name, field in getattr(model, "model_fields", {}).items()}


def model_in(annotation: Any) -> Any:
    """Return the model inside ``Best | None``, ``tuple[TracePoint, ...]`` or ``dict[str, Setting]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in typing.get_args(annotation) if (m := model_in(a)) is not None), None)
