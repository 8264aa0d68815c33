"""Validation of declarations when a plugin loads, so that a fault is reported with the plugin's name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, get_args

from vidgen_bench.api import API, Need, View
from vidgen_bench.config.spec import NAME

_ABILITIES = {"between", "before", "after"}

_TEXTS = ("name", "summary", "reference")

_ATTRIBUTES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "backbone": {"options": type, "own": (str, type(None)), "reconstruction": bool, "can": frozenset, "small": tuple},
    "temporal": {
        "options": type,
        "sets": Mapping,
        "variants": Mapping,
        "stochastic": bool,
        "null": bool,
        "can": frozenset,
    },
    "data set": {},
    "instrument": {"layers": tuple, "preprocessings": tuple},
    "metric": {"title": str, "options": type, "layer": str, "better": str, "view": str, "needs": frozenset},
    "launcher": {"options": type, "outlives": bool},
}

_ABSENT = object()
"""Placeholder for a missing attribute; an instance of none of the expected types."""

_WORDS = {"better": ("higher", "lower", "neither"), "view": get_args(View)}

_METHODS = {
    "backbone": ("refuses", "latent", "build"),
    "temporal": ("refuses", "build"),
    "data set": ("locate",),
    "instrument": ("refuses", "sha256", "details", "build"),
    "metric": ("caveat", "scorer"),
    "launcher": ("refuses", "submit", "attach"),
}

_PARTS = {
    "importer": (("kind", "files"), ("recognises", "target", "write")),
    "trainer": (("kind",), ("target", "write")),
}
"""The text attributes and the methods of an instrument's optional parts."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    "temporal": {"sets": {}, "variants": {}, "null": False},
    "metric": {"caveat": lambda samples, features: "", "layer": "", "features": None},
    "instrument": {"importer": None, "trainer": None, "self_test": None, "details": dict},
}
"""The optional attributes of each kind, with their defaults."""


class _Completed:
    """A declaration whose attributes cannot be set (slots, a named tuple, a class), with the defaults it lacks."""

    def __init__(self, declaration: Any, defaults: Mapping[str, Any]) -> None:
        self.__dict__.update(_declaration=declaration, **defaults)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._declaration, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._declaration, name, value)

    def __repr__(self) -> str:
        return repr(self._declaration)


def complete(kind: str, declaration: Any) -> Any:
    """Return a declaration with the default of every optional attribute that it lacks."""
    lacking = {name: value for name, value in _DEFAULTS.get(kind, {}).items() if not hasattr(declaration, name)}
    try:
        for name, value in lacking.items():
            object.__setattr__(declaration, name, value)
    except (AttributeError, TypeError):
        # conformance reads the module of a declaration's class
        own = type("Completed", (_Completed,), {"__module__": type(declaration).__module__})
        return own(declaration, lacking)
    return declaration


def fault(kind: str, declaration: Any) -> str | None:
    """Return the first fault of a declaration of this kind, or None."""
    if kind == "pairing":
        return _pairing_fault(declaration)
    for attribute in _TEXTS:
        if not isinstance(getattr(declaration, attribute, None), str):
            return f"{declaration!r} has no text {attribute!r}"
    name = declaration.name
    if not NAME.match(name):
        return f"the name {name!r} must be lower-case letters, digits, '-', '_' or '.'"
    if problem := _api_fault(getattr(declaration, "api", None)):
        return f"{kind} {name!r}: {problem}"
    for attribute, expected in _ATTRIBUTES[kind].items():
        if not isinstance(getattr(declaration, attribute, _ABSENT), expected):
            found = repr(getattr(declaration, attribute)) if hasattr(declaration, attribute) else "missing"
            return f"{kind} {name!r}: {attribute!r} is {found}, expected {_type_names(expected)}"
    for method in _METHODS[kind]:
        if not callable(value := getattr(declaration, method, None)):
            instead = "" if value is None else f" but the value {value!r}"
            return f"{kind} {name!r} has no method {method!r}{instead}"
    if kind == "metric" and (problem := _metric_fault(declaration)):
        return f"metric {name!r}: {problem}"
    if kind == "instrument" and (problem := _instrument_fault(declaration)):
        return f"instrument {name!r}: {problem}"
    return _options_fault(kind, declaration) if "options" in _ATTRIBUTES[kind] else None


def _metric_fault(metric: Any) -> str | None:
    """Return the fault of a metric's direction, view, needs or what it reads, or None."""
    for attribute, valid in _WORDS.items():
        if getattr(metric, attribute) not in valid:
            return f"{attribute!r} is {getattr(metric, attribute)!r}, expected one of {', '.join(map(repr, valid))}"
    if unknown := metric.needs - set(get_args(Need)):
        return f"'needs' has {sorted(map(str, unknown))}, expected some of {', '.join(map(repr, get_args(Need)))}"
    if "clips" not in metric.needs:
        return None if metric.layer else "'layer' is '', expected a layer of the instrument, or needs with 'clips'"
    if metric.layer:
        return f"'needs' has 'clips' and 'layer' is {metric.layer!r}: a metric reads either pixels or a layer"
    if not callable(metric.features):
        return "'needs' has 'clips', and there is no method 'features'"
    return None


def _instrument_fault(instrument: Any) -> str | None:
    """Return the fault of an instrument's names, importer or trainer, or None."""
    if not (instrument.layers and instrument.preprocessings):
        return "'layers' and 'preprocessings' must each have at least one name"
    if not (instrument.self_test is None or callable(instrument.self_test)):
        return f"'self_test' is {instrument.self_test!r}, expected a method or None"
    for part, (texts, methods) in _PARTS.items():
        if (value := getattr(instrument, part)) is None:
            continue
        for text in texts:
            if not isinstance(getattr(value, text, None), str):
                return f"its {part} has no text {text!r}"
        for method in methods:
            if not callable(getattr(value, method, None)):
                return f"its {part} has no method {method!r}"
    return None


def _api_fault(api: Any) -> str | None:
    """Return why a declaration for API version ``api`` cannot be used, or None."""
    ours, theirs = API.partition(".")[0], api.partition(".")[0] if isinstance(api, str) else ""
    if not theirs.isdigit():
        return f"'api' is {api!r}, expected the version of vidgen_bench.api it was written for; write api = \"{API}\""
    if theirs == ours:
        return None
    newer = int(theirs) > int(ours)
    advice = f"a vidgen-bench with API {theirs}" if newer else f"a release of the plugin for API {ours}"
    return f"it was written for API {api}, and this vidgen-bench has {API}; install {advice}"


def _type_names(expected: type | tuple[type, ...]) -> str:
    return " or ".join(t.__name__ for t in (expected if isinstance(expected, tuple) else (expected,)))


def _options_fault(kind: str, declaration: Any) -> str | None:
    name, options = declaration.name, declaration.options
    if not (dataclasses.is_dataclass(options) and getattr(options, "__dataclass_params__").frozen):  # noqa: B009
        return f"{kind} {name!r}: options must be a frozen dataclass"
    fields = {f.name: f for f in dataclasses.fields(options)}
    if missing := [f.name for f in fields.values() if f.default is dataclasses.MISSING]:
        return f"{kind} {name!r}: option {missing[0]!r} has no default"
    if "variant" in fields:
        return f"{kind} {name!r}: an option may not be named 'variant', the key that selects a variant"
    if kind in ("metric", "launcher"):
        return None
    if unknown := set(declaration.can) - _ABILITIES:
        valid = ", ".join(map(repr, sorted(_ABILITIES)))
        return f"{kind} {name!r}: 'can' has {sorted(unknown)}, expected some of {valid}"
    if kind == "temporal":
        if wrong := [v for v in declaration.variants if not (isinstance(v, str) and NAME.match(v))]:
            return f"temporal {name!r}: the variant {wrong[0]!r} must be lower-case letters, digits, '-', '_' or '.'"
        for word, changes in {"its name": declaration.sets, **declaration.variants}.items():
            if unknown := set(changes) - set(fields):
                return f"temporal {name!r}: {word} sets {sorted(unknown)}, which {declaration.options.__name__} does not have"
    return None


def _pairing_fault(pairing: Any) -> str | None:
    spec, options, reference = (getattr(pairing, name, None) for name in ("spec", "options", "reference"))
    if not (isinstance(spec, str) and isinstance(options, Mapping) and isinstance(reference, str)):
        return f"{pairing!r} is not a Pairing(spec, options, reference)"
    for key in options:
        if not re.match(r"(backbone|temporal)\.\w+\Z", key):
            return f"pairing {spec!r} sets {key!r}; expected backbone.<option> or temporal.<option>"
    return None
