"""Folder names: two specs or option sets never share one, and ordinary ones have the names they always had."""

from __future__ import annotations

from typing import Any

import pytest

from vidgen_bench.leaderboard.submissions.layout import SPEC_FOLDER, checks_out
from vidgen_bench.records.folder_name import LONGEST, folder_name, name_begins

LONG = {f"temporal.option_{n}": n for n in range(20)}


@pytest.mark.parametrize(
    ("spec", "given", "name"),
    [
        ("tgan", {}, "tgan"),
        ("tgan+ode1:equal", {}, "tgan+ode1.equal"),
        ("tgan+ode1", {"temporal.hidden_size": 64, "backbone.width": 1e-05}, "tgan+ode1,backbone.width=1e-05,temporal.hidden_size=64"),
        (
            "tgan", {"backbone.flag": True, "backbone.none": None, "backbone.sizes": (1, -2)},
            "tgan,backbone.flag=true,backbone.none=none,backbone.sizes=1,-2",
        ),
        (
            "tgan+sde", LONG,
            "tgan+sde,temporal.option_0=0,temporal.option_1=1,temporal.option_10=10,temporal.option_11=11,tempora~c665443e8e61",
        ),
    ],
)  # fmt: skip
def test_ordinary_names_stay(spec: str, given: dict[str, Any], name: str) -> None:
    assert folder_name(spec, given) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("tgan", {"temporal.A": "X"}), ("tgan", {"temporal.B": "Y"})),
        (("tgan", {"temporal.a": "x/y"}), ("tgan", {"temporal.a": "x-y"})),
        (("tgan", {"temporal.a": "é"}), ("tgan", {"temporal.a": "è"})),
        (("tgan", {"temporal.a": "1,temporal.b=2"}), ("tgan", {"temporal.a": 1, "temporal.b": 2})),
        (("tgan+ode1.equal", {}), ("tgan+ode1:equal", {})),
        (("tgan+ode1.equal", {"temporal.a": 1}), ("tgan+ode1:equal", {"temporal.a": 1})),
        (("tgan", {**LONG, "temporal.a": "X"}), ("tgan", {**LONG, "temporal.a": "Y"})),
        (("tgan", {"temporal.a": "!"}), ("tgan", {"temporal.a": folder_name("tgan", {"temporal.a": "!"}).split("=")[1]})),
    ],
)  # fmt: skip
def test_no_two_share_a_name(one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]) -> None:
    names = [folder_name(*one), folder_name(*other)]
    assert names[0] != names[1]
    for name, (spec, given) in zip(names, (one, other), strict=True):
        assert SPEC_FOLDER.fullmatch(name)
        assert checks_out(name)
        assert len(name) <= LONGEST
        assert name.startswith(name_begins(spec))
        assert name == folder_name(spec, dict(reversed(given.items())))
