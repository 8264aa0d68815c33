"""The table of a record, and the order of the tables."""

from __future__ import annotations

import copy
from itertools import permutations
from pathlib import Path
from typing import Any

from tests.kit.record_files import DECLARED, EXTERNAL, MEASURED, STAMP, record, under
from vidgen_bench.config.protocol import Stamp
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.comparable import comparable, protocol_of
from vidgen_bench.leaderboard.ranking import Ranking, rankings
from vidgen_bench.records.record import Record

TIMED = copy.deepcopy(DECLARED) | {"budget": {"device_hours": 1.0}}
CLIPS = {"scores": {"fid": [100.0]}, "declared": TIMED, **EXTERNAL}


def ranked(*records: Record) -> list[Ranking]:
    return rankings([Entry(Path(f"{i}/record.json"), r) for i, r in enumerate(records)])


def order(*records: Record) -> list[str]:
    """Return the protocols of the tables, for every order of the files."""
    orders = {
        tuple(
            protocol_of(group[0].record) for group in comparable([Entry(Path(str(i)), r) for i, r in enumerate(turn)])
        )
        for turn in permutations(records)
    }
    (one,) = orders
    return list(one)


def stamp(**changes: Any) -> Stamp:
    return STAMP.model_copy(update={"protocol": {**STAMP.protocol, **changes}})


def test_clips_from_elsewhere_stand_beside_the_runs_of_every_hardware() -> None:
    gpu = MEASURED | {"hardware": "Another GPU"}
    found = ranked(
        record("a-diffusion", **CLIPS), record("x+a", declared=TIMED), record("x+b", declared=TIMED, measured=gpu)
    )
    assert [r.device_model for r in found] == ["Another GPU", "Test CPU"]
    assert [[row.spec for row in r.rows] for r in found] == [["a-diffusion", "x+b"], ["a-diffusion", "x+a"]]
    assert [[row.missing for row in r.rows] for r in found] == [[(), (1, 2, 3, 4)]] * 2


def test_clips_from_elsewhere_without_a_run_have_a_table() -> None:
    (ranking,) = ranked(record("a-diffusion", **CLIPS), record("b-diffusion", **CLIPS))
    assert ranking.device_model is None
    assert [row.spec for row in ranking.rows] == ["a-diffusion", "b-diffusion"]


def test_clips_of_another_protocol_do_not_stand_beside_runs() -> None:
    other = record("a-diffusion", **CLIPS, **under(stamp(version=2)))
    assert len(ranked(other, record("x+a", declared=TIMED))) == 2


def test_a_tracks_own_protocol_comes_first() -> None:
    others = [stamp(name="a-protocol"), stamp(name="c3d-tgan", samples=128), stamp(precision="bf16")]
    found = order(*(record(**under(s)) for s in others), record())
    assert found[0] == STAMP.id
    assert [words.split()[:2] for words in found[1:]] == [
        ["c3d-tgan-v1", "n=256"],
        ["c3d-tgan-v1", "n=128"],
        ["a-protocol-v1", "n=256"],
    ]


def test_a_track_may_name_its_protocol() -> None:
    evaluation = {**DECLARED["evaluation"], "protocol": "z-protocol"}
    declared = copy.deepcopy(DECLARED) | {"evaluation": evaluation}
    own = stamp(name="z-protocol")
    assert order(record(declared=declared), record(declared=declared, **under(own)))[0] == own.id


def test_a_protocol_in_a_file_is_known_by_what_training_was_watched_by() -> None:
    evaluation = {**DECLARED["evaluation"], "protocol": "mine.toml"}
    declared = copy.deepcopy(DECLARED) | {"evaluation": evaluation}
    assert order(record(declared=declared), record(declared=declared, **under(stamp(name="a-protocol"))))[0] == STAMP.id


def test_clips_alone_under_the_tracks_own_protocol_come_first_too() -> None:
    clips = {"scores": {"fid": [100.0]}, **EXTERNAL}
    assert order(record("m", **clips, **under(stamp(name="a-protocol"))), record("m", **clips))[0] == STAMP.id


def test_all_data_of_the_own_protocol_come_before_other_protocols() -> None:
    data = record().data.model_dump() | {"fingerprint": "v1:ffff"}
    found = order(record(), record(data=data), record(**under(stamp(name="a-protocol"))))
    assert found == [STAMP.id, STAMP.id, stamp(name="a-protocol").id]
