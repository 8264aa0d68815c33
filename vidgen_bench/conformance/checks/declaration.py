"""The declaration by itself: immutable, with documented options, and fast to import."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from functools import lru_cache
from typing import Any

from vidgen_bench.conformance.nonconformance import Nonconformance, demand
from vidgen_bench.conformance.subject import Declared
from vidgen_bench.errors import RequestError
from vidgen_bench.host.options import checked

HEAVY = ("torch", "numpy", "scipy")

SECONDS = 120


def check_declaration(declared: Declared) -> None:
    """Check that a declaration is immutable, that its options have help and accept their values, and that its imports are light."""
    value = declared.plugin.declaration
    demand(
        _refuses_change(value),
        "expected a frozen value: its name could be changed. Declare it with @dataclass(frozen=True).",
    )
    for word in ("summary", "reference"):
        demand(bool(getattr(value, word).strip()), f"expected a non-empty {word} of one line: it is empty")
    _check_options(value)
    _check_imports(declared)


def _refuses_change(value: Any) -> bool:
    before = value.name
    try:
        value.name = f"{before}-changed"
    except (AttributeError, TypeError):  # FrozenInstanceError is the first
        return True
    value.name = before
    return False


def _check_options(value: Any) -> None:
    for field in dataclasses.fields(value.options):
        demand(
            bool(field.metadata.get("help")),
            f"expected every option to have a help text: {field.name!r} has none. Declare it with "
            'vidgen_bench.api.option(default, "help text").',
        )
    sets = getattr(value, "sets", {})
    layers = {"the default": {f.name: f.default for f in dataclasses.fields(value.options)}, "sets": sets}
    layers |= {f"the variant {word!r}": changes for word, changes in getattr(value, "variants", {}).items()}
    for layer, values in layers.items():
        for name, chosen in values.items():
            try:
                taken = checked(value.options, name, chosen, where=name)
            except RequestError as error:
                raise Nonconformance(f"expected {layer} to be a valid value: {error}") from None
            demand(
                type(taken) is type(chosen) and taken == chosen,
                f"expected {layer} to have the option's type: {name}={chosen!r} is read as {taken!r}",
            )
    value.options(**sets)


def _check_imports(declared: Declared) -> None:
    module = declared.host.module(declared.plugin.origin)
    seen = imported(module, tuple(sys.path))
    demand(
        not seen,
        f"expected the module {module} not to import {' or '.join(HEAVY)}, so that plugins load fast: it imports "
        f"{' and '.join(seen)}. Move the networks to a separate module and import it inside build().",
    )


@lru_cache
def imported(module: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the heavy libraries that a new interpreter has loaded after importing a module.

    Raises:
        Nonconformance: the import failed.
    """
    code = (
        f"import sys, json; sys.path[:] = json.loads({json.dumps(list(path))!r}); import {module}\n"
        f"print('HEAVY', *[m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS)
    last = (done.stdout.strip().splitlines() or [""])[-1].split()
    if done.returncode or last[:1] != ["HEAVY"]:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Nonconformance(f"expected the module {module} to be importable in a new interpreter: {reason}")
    return tuple(last[1:])
