"""The grammar of the names in a record; a record with another name is not valid, so no renderer meets one.

Titles, caveats, versions, sources and the values of options are free texts: :mod:`vidgen_bench.escaping` makes them safe to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from vidgen_bench.config.spec import NAME, SPEC

TRACK = re.compile(r"[a-z0-9][a-z0-9_.-]*(~[a-z0-9=.,+-]+)?\Z")
"""The names of tracks; :mod:`vidgen_bench.config.derived_name` has those with another budget or precision."""

_KIND = re.compile(r"[a-z]+( [a-z]+)*\Z")

_OPTION = re.compile(r"(backbone|temporal)\.(?P<field>\w+)\Z")

_PACKAGE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\Z")

_LONGEST_PACKAGE = 200

_LETTERS = "lower-case letters, digits, '-', '_' or '.'"


def _of_form(accepts: Callable[[str], bool], expected: str) -> AfterValidator:
    """Return a validator that refuses the texts that ``accepts`` refuses."""

    def check(text: str) -> str:
        if not accepts(text):
            raise ValueError(f"expected {expected}")
        return text

    return AfterValidator(check)


def _is_option(text: str) -> bool:
    found = _OPTION.match(text)
    return bool(found and found["field"].isidentifier())


def _is_package(text: str) -> bool:
    return len(text) <= _LONGEST_PACKAGE and _PACKAGE.match(text) is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.match(text) is not None


Name = Annotated[str, _of_form(_matches(NAME), f"a name of {_LETTERS}")]
"""The name of a plugin, a metric, an anchor or a protocol."""

SpecName = Annotated[str, _of_form(_matches(SPEC), "a spec such as tgan+ode1:equal, or the name of external clips")]
"""A spec, or the name of external clips, which is the form of a spec with a backbone alone."""

TrackName = Annotated[str, _of_form(_matches(TRACK), "a track's name such as ucf101-64-paper or smoke~iterations=5")]
"""The name of a track."""

Kind = Annotated[str, _of_form(_matches(_KIND), "a kind of plugin such as temporal or data set")]
"""A kind of plugin."""

OptionName = Annotated[str, _of_form(_is_option, "an option such as temporal.hidden")]
"""The name of an option of one of the two players."""

PackageName = Annotated[str, _of_form(_is_package, "the name of an import package such as vidgen_bench.training")]
"""The name of an import package."""
