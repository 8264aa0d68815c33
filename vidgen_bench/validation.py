"""Turns a pydantic validation error into lines a person can act on; the models of tracks and records share it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from vidgen_bench.errors import did_you_mean


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one line a fault: where, what was expected, what came, and the nearest key for an unknown one."""
    return "\n".join(f"  {_place(e['loc'])}: {_fault(dict(e), model)}" for e in error.errors()[:8])


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "the whole"


def _fault(error: dict[str, Any], model: type[BaseModel]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        return f"unknown key.{did_you_mean(str(error['loc'][-1]), _keys(model, error['loc'][:-1]))}"
    if kind == "missing":
        return "this key is missing."
    shown = repr(value)
    return f"{error['msg']} (found {shown if len(shown) < 80 else shown[:77] + '...'})."


def _keys(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the table at ``path`` below a model, or none where it is free-form."""
    for part in path:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else None
    return list(getattr(model, "model_fields", {}))
