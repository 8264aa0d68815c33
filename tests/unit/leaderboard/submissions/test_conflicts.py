"""Records that contradict each other: those that were there first are right, and without any both sides are refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import DECLARED, hashes
from tests.kit.submitted_results import seeds_of, submitted
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import load_track
from vidgen_bench.leaderboard.submissions.conflicts import at_fault
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.together import together
from vidgen_bench.leaderboard.submissions.verify import read_submissions
from vidgen_bench.records.entries import Hashes
from vidgen_bench.records.record import Record


def places(records: Iterable[Record]) -> set[str]:
    return {str(record_place(r)) for r in records}


def findings(*records: Record, earlier: Iterable[Record] = (), kind: str = "fault") -> dict[str, str]:
    """Return the last finding about each record."""
    between = together({str(record_place(r)): r for r in records}, {}, places(earlier))
    return {f.path: f.reason for f in between if f.kind == kind and f.path.endswith(".json")}


def with_track(records: Iterable[Record], **changes: Any) -> list[Record]:
    return [r.model_copy(update={"track": r.track.model_copy(update=changes)}) for r in records]


def with_hashes(records: Iterable[Record], of: Iterable[Record]) -> list[Record]:
    return [r.model_copy(update={"hashes": other.hashes}) for r, other in zip(records, of, strict=True)]


PARTIES = {
    "one party": ([["a", "b"]], [], {}),
    "nobody was first": ([["a"], ["b", "c"]], [], {"a": "b", "b": "a", "c": "a"}),
    "the larger party is new": ([["a", "b"], ["c"]], ["c"], {"a": "c", "b": "c"}),
    "a new record of the right party": ([["a", "c"], ["b"]], ["c"], {"b": "c"}),
    "both were there": ([["a"], ["b"]], ["a", "b"], {"a": "b", "b": "a"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTIES)
def test_the_party_that_was_there_first_is_right(name: str) -> None:
    parties, earlier, expected = PARTIES[name]
    assert dict(at_fault(parties, earlier)) == expected
    assert dict(at_fault(list(reversed(parties)), earlier)) == expected


TRACKS: list[dict[str, Any]] = [{"name": "a-64"}, {"name": "zz-64"}, {"seeds": 6}, {"ranked": False}]


@pytest.mark.parametrize("change", TRACKS)
@pytest.mark.parametrize("base", [True, False])
def test_another_declaration_of_a_track_does_not_evict_what_was_there(change: dict[str, Any], base: bool) -> None:
    """The newcomers are more records than those that were there."""
    old, new = seeds_of(), with_track(seeds_of("tgan+iid", range(6)), **change)
    found = findings(*old, *new, earlier=old if base else ())
    assert set(found) == places(new) if base else places([*old, *new])
    assert all("has the track fingerprint" in reason for reason in found.values())
    assert (
        "test-64/tgan+ode1/seed-0.json has it with the name test-64, 5 seeds and ranked = True"
        in found[min(places(new))]
    )


@pytest.mark.parametrize("other", ["mocogan+ode1", "vgan+ode1"])
@pytest.mark.parametrize("base", [True, False])
def test_a_copy_is_the_one_that_came_later(other: str, base: bool) -> None:
    old = seeds_of()
    new = with_hashes(seeds_of(other), old)
    found = findings(*old, *new, earlier=old if base else ())
    assert set(found) == places(new) if base else places([*old, *new])
    assert all("has the same checkpoint as" in reason for reason in found.values())


@pytest.mark.parametrize("base", [True, False])
def test_a_row_in_two_folders_is_the_one_that_was_there(base: bool) -> None:
    old = seeds_of()
    new = seeds_of(options={"backbone.width": (1.0, "given"), "temporal.order": (1, "name")})
    new = [r.model_copy(update={"hashes": Hashes.model_validate(hashes("other", r.seed))}) for r in new]
    found = findings(*old, *new, earlier=old if base else ())
    assert set(found) == places(new) if base else places([*old, *new])


@pytest.mark.parametrize("base", [True, False])
def test_a_folder_has_the_model_that_was_there(base: bool) -> None:
    """A new seed 0 comes first in the order of paths."""
    new, *old = seeds_of()
    new = new.model_copy(update={"data": new.data.model_copy(update={"fingerprint": "v1:ffff"})})
    found = findings(new, *old, earlier=old if base else ())
    assert set(found) == places([new] if base else [new, *old])
    assert "differs from seed-1.json in data" in found[str(record_place(new))]


def long_track(**changes: Any) -> dict[str, Any]:
    return DECLARED | {"budget": {"iterations": 4000}} | changes


def test_one_checkpoint_may_be_the_best_of_two_budgets() -> None:
    short = seeds_of()
    long = with_hashes(seeds_of(track="test-64-long", declared=long_track()), short)
    assert findings(*short, *long) == {}
    assert findings(*short, *long, kind="look") == {}


COPIES: dict[str, dict[str, Any]] = {
    "another spec": {"spec": "tgan+ode2"},
    "other options": {"options": {"backbone.width": (2.0, "given"), "temporal.order": (1, "name")}},
    "another clip": {"declared": long_track(clip={"frames": 16, "size": 64, "classes": 4})},
}


@pytest.mark.parametrize("name", COPIES)
def test_a_checkpoint_of_another_training_is_a_copy_in_another_track_too(name: str) -> None:
    short = seeds_of()
    copied = {"track": "test-64-long", "declared": long_track(), **COPIES[name]}
    long = with_hashes(seeds_of(**copied), short)
    assert set(findings(*short, *long)) == places([*short, *long])


def test_another_seed_with_the_same_checkpoint_is_a_copy_in_another_track_too() -> None:
    short = seeds_of()
    long = with_hashes(seeds_of(track="test-64-long", declared=long_track()), [*short[1:], short[0]])
    assert set(findings(*short, *long)) == places([*short, *long])


def test_two_shipped_tracks_may_share_a_table_under_one_budget() -> None:
    """They differ in the budget only, so the same --budget gives them one fingerprint."""
    tracks = [load_track(name).derived(Budget(iterations=400)) for name in ("ucf101-64-paper", "ucf101-64-1h")]
    assert tracks[0].fingerprint == tracks[1].fingerprint
    made = [
        seeds_of(spec, track=track.name, declared=track.declared)
        for spec, track in zip(("tgan+ode1", "tgan+iid"), tracks, strict=True)
    ]
    assert findings(*made[0], *made[1]) == {}


def test_the_folder_before_a_change_decides(tmp_path: Path) -> None:
    old = seeds_of()
    submitted(tmp_path / "now", *old)
    shutil.copytree(tmp_path / "now", tmp_path / "before")
    new = with_hashes(seeds_of("mocogan+ode1"), old)
    submitted(tmp_path / "now", *new)
    before = read_submissions(tmp_path / "before")
    assert read_submissions(tmp_path / "now").records == {}
    assert {f.path for f in read_submissions(tmp_path / "now", before).faults} == places(new)
    spoiled = tmp_path / "now" / record_place(old[0])  # a changed record was not there
    spoiled.write_text(spoiled.read_text() + "\n")
    assert str(record_place(old[0])) in {f.path for f in read_submissions(tmp_path / "now", before).faults}


SAME: dict[str, dict[str, Any]] = {
    "a variant that sets nothing": {"spec": "tgan+ode1:single"},
    "another type of number": {"options": {"backbone.width": (1, "given"), "temporal.order": (1, "name")}},
}


@pytest.mark.parametrize("name", SAME)
def test_another_spelling_of_a_model_does_not_give_it_a_second_row(name: str) -> None:
    """A withdrawn seed, or a second try at each seed, would return in this way."""
    old, new = seeds_of(), seeds_of(**SAME[name])
    assert places(new).isdisjoint(places(old))
    found = findings(*old, *with_hashes(new, seeds_of("tgan+gru")), earlier=old)
    assert set(found) == places(new)
    assert all("of the same row as test-64/tgan+ode1/seed-" in reason for reason in found.values())
