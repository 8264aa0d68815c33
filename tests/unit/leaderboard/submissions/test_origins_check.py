"""An option value that is not in the name of a row is the same wherever its plugin, version and origin are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.kit.record_files import PLAYERS, plugins, record
from tests.kit.submitted_results import reasons, seeds_of, submitted
from vidgen_bench.leaderboard.submissions.findings import Finding
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.origins_check import of_origins
from vidgen_bench.records.record import Record


def findings(*records: Record, earlier: Iterable[Record] = ()) -> list[Finding]:
    return list(of_origins({str(record_place(r)): r for r in records}, [str(record_place(r)) for r in earlier]))


def made(
    spec: str, width: tuple[Any, str] = (1.0, "default"), order: tuple[Any, str] = (1, "name"), **changes: Any
) -> Record:
    return record(spec, options={"backbone.width": width, "temporal.order": order}, **changes)


def test_a_wide_backbone_under_the_name_of_a_narrow_one_is_for_a_person() -> None:
    old, new = made("tgan+ode2"), made("tgan+ode1", (8.0, "default"))
    (found,) = findings(old, new, earlier=[old])
    assert (found.kind, found.path) == ("look", "test-64/tgan+ode1")
    assert (
        "backbone.width = 8.0 with the origin default, but test-64/tgan+ode2 has 1.0 by tgan 0.1.0 too" in found.reason
    )
    assert {f.path for f in findings(old, new)} == {"test-64/tgan+ode1", "test-64/tgan+ode2"}


def test_an_option_that_is_left_out_is_for_a_person() -> None:
    old, new = made("tgan+ode2"), record("tgan+ode1", options={"temporal.order": (1, "name")})
    (found,) = findings(old, new, earlier=[old])
    assert (found.kind, found.path) == ("look", "test-64/tgan+ode1")
    assert found.reason == (
        "has the options none of tgan 0.1.0; test-64/tgan+ode2 has backbone.width. Was an option hidden?"
    )


HIDDEN: dict[str, tuple[Record, Record]] = {
    "the name": (made("tgan+ode1"), made("tgan+ode1", order=(3, "name"), seed=1)),
    "the variant": (
        made("tgan+ode1:equal", order=(1, "variant")),
        made("tgan+ode1:equal", order=(3, "variant"), seed=1),
    ),
    "a pairing": (made("tgan+ode1", (1.0, "pairing")), made("tgan+ode1", (8.0, "pairing"), seed=1)),
    "a track of your own": (made("tgan+ode1", (1.0, "track")), made("tgan+ode2", (8.0, "track"), seed=1)),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_value_that_no_name_shows_is_compared(name: str) -> None:
    assert findings(*HIDDEN[name])


DIFFERENT: dict[str, tuple[Record, Record]] = {
    "given": (made("tgan+ode1"), made("tgan+ode2", (8.0, "given"))),
    "another plugin": (made("tgan+ode1"), made("mocogan+ode1", (8.0, "default"))),
    "another version": (made("tgan+ode1"), made("tgan+ode2", (8.0, "default"), plugins=plugins(PLAYERS, version="2"))),
    "another spec's name": (made("tgan+ode1"), made("tgan+ode2", order=(2, "name"))),
    "another spec's pairing": (made("tgan+ode1", (1.0, "pairing")), made("tgan+ode2", (8.0, "pairing"))),
    "another track's": (made("tgan+ode1", (1.0, "track")), made("tgan+ode1", (8.0, "track"), track="other-64")),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_value_with_a_reason_to_differ_raises_no_question(name: str) -> None:
    assert findings(*DIFFERENT[name]) == []


def test_verify_asks_about_a_hidden_option(tmp_path: Any) -> None:
    hidden = {"backbone.width": (8.0, "default"), "temporal.order": (1, "name")}
    submitted(tmp_path, *seeds_of(), *seeds_of("tgan+ode2", options=hidden))
    assert reasons(tmp_path) == {}
    assert "Was a given option hidden?" in reasons(tmp_path, "look")["test-64/tgan+ode2"]
