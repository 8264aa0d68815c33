"""Typed options: which values are accepted, which are refused, and with which messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from vidgen_bench.api import NoOptions, option
from vidgen_bench.errors import RequestError
from vidgen_bench.host.options import checked, jsonable, listed


@dataclass(frozen=True)
class Options:
    """One field of every kind."""

    width: float = option(1.0, "scale of every channel count", at_least=0.01)
    batch: int = option(32, "clips per step", at_least=1, at_most=4096)
    embedding: bool = option(True, "use the FCN")
    solver: Literal["rk4", "dopri5"] = option("rk4", "the integrator")
    hidden: int | Literal["equal"] | None = option(None, "hidden width")
    widths: tuple[int, ...] = option((64, 128), "hidden widths")
    label: str = option("a", "any text")


def check(name: str, value: Any) -> Any:
    return checked(Options, name, value, where=f"temporal.{name}")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("width", "0.25", 0.25),
        ("width", 2, 2.0),
        ("width", "1e-2", 0.01),
        ("batch", "16", 16),
        ("embedding", "no", False),
        ("embedding", "TRUE", True),
        ("embedding", False, False),
        ("solver", "dopri5", "dopri5"),
        ("hidden", "978", 978),
        ("hidden", "none", None),
        ("hidden", None, None),
        ("hidden", "equal", "equal"),
        ("widths", "8, 16,32", (8, 16, 32)),
        ("widths", "[8]", (8,)),
        ("widths", [1, 2], (1, 2)),
        ("widths", "()", ()),
        ("label", "x=y", "x=y"),
    ],
)
def test_accepted_as_the_type_of_the_field(name: str, value: Any, expected: Any) -> None:
    result = check(name, value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("width", "wide", r"temporal\.width=wide: expected number"),
        ("width", True, "expected number"),
        ("width", "0", "at least 0.01"),
        ("width", "nan", "at least 0.01"),
        ("width", "inf", "expected number"),
        ("batch", "1.5", "expected integer"),
        ("batch", 1.0, "expected integer"),
        ("batch", True, "expected integer"),
        ("batch", "0", "at least 1 and at most 4096"),
        ("batch", "5000", "at least 1 and at most 4096"),
        ("embedding", "maybe", "expected true or false"),
        ("embedding", 1, "expected true or false"),
        ("solver", "euler", "expected 'rk4' or 'dopri5'"),
        ("hidden", "large", "expected integer or 'equal' or none"),
        ("widths", "8,x", "expected list of integer"),
        ("widths", 8, "expected list of integer"),
        ("label", 3, "expected text"),
    ],
)
def test_refused_with_what_was_expected(name: str, value: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        check(name, value)


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError) as caught:
        check("hiden", "64")
    assert "temporal has no option 'hiden'. Did you mean 'hidden'? Valid: batch," in str(caught.value)


def test_a_plugin_without_options_says_so_for_any_name() -> None:
    with pytest.raises(RequestError, match="backbone has no option 'width'"):
        checked(NoOptions, "width", "1", where="backbone.width")


def test_listing_spells_types_for_a_reader() -> None:
    options = {o.name: o for o in listed(Options)}
    assert list(options) == ["width", "batch", "embedding", "solver", "hidden", "widths", "label"]
    assert {n: o.type for n, o in options.items()} == {
        "width": "number",
        "batch": "integer",
        "embedding": "true or false",
        "solver": "'rk4' or 'dopri5'",
        "hidden": "integer or 'equal' or none",
        "widths": "list of integer",
        "label": "text",
    }
    assert options["width"].help == "scale of every channel count"
    assert options["widths"].default == (64, 128)


def test_json_has_lists_for_tuples() -> None:
    assert jsonable({"a": (1, (2, 3)), "b": None}) == {"a": [1, [2, 3]], "b": None}


@dataclass(frozen=True)
class Rates:
    """A list of numbers."""

    rates: tuple[float, ...] = option((0.5,), "a rate per step")


@pytest.mark.parametrize("value", ["0.5,inf", "nan", (1.0, float("-inf"))])
def test_numbers_in_a_list_are_finite(value: object) -> None:
    with pytest.raises(RequestError, match="expected list of number, all finite"):
        checked(Rates, "rates", value, where="temporal.rates")
