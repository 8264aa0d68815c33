"""Checks one submitted record by itself: its text, its fields, its names and its place."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from vidgen_bench.config.toml import explain
from vidgen_bench.errors import RecordError
from vidgen_bench.leaderboard.submissions.budget_check import faults_of_budget
from vidgen_bench.leaderboard.submissions.layout import RECORD_BYTES, checks_out, record_place
from vidgen_bench.leaderboard.submissions.measuring_check import faults_of_measuring
from vidgen_bench.leaderboard.submissions.names import faults_of_names, faults_of_track
from vidgen_bench.leaderboard.submissions.players import faults_of_players, faults_of_track_options
from vidgen_bench.leaderboard.submissions.range_check import faults_of_directions, faults_of_ranges
from vidgen_bench.leaderboard.submissions.score_check import faults_of_scores
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson, parse
from vidgen_bench.records.migration import migrated
from vidgen_bench.records.record import Record


class Refused(ValueError):
    """The record is not accepted; the message is the reason, not yet safe to print."""


def check_record(content: bytes, place: str) -> Record:
    """Return the record in a file, with its fingerprints, protocol ids, means and spreads computed again.

    Args:
        content: the bytes of the file.
        place: its path below ``leaderboards``, with ``/``.
    Raises:
        Refused: the record is not accepted.
    """
    if len(content) > RECORD_BYTES:
        raise Refused(f"has {len(content):,} bytes; a record has at most {RECORD_BYTES:,}")
    try:
        record = Record.model_validate(migrated(parse(content), place))
    except InvalidJson as error:
        raise Refused(str(error)) from None
    except RecordError as error:
        raise Refused(str(error)) from None
    except ValidationError as error:
        raise Refused(f"is not a valid record: {explain(error, Record).strip()}") from None
    if (reason := next(_faults(record, place), None)) is not None:
        raise Refused(reason)
    return record


def _faults(record: Record, place: str) -> Iterator[str]:
    """Yield what is wrong with a valid record as a submitted one."""
    yield from faults_of_names(record)
    if record.status == "external":
        yield "has the scores of external clips; only runs can be sent in"
    if record.status == "finished" and record.hashes is None:
        yield (
            "has no hashes, because an earlier version wrote it. Delete record.json in the run folder and give the same "
            "`vidgen-bench run` command again: it scores the checkpoint again. Then submit the run"
        )
    if record.seed not in range(record.track.seeds):
        yield f"seed: {record.seed} is not among the seeds that the track declares, 0 to {record.track.seeds - 1}"
    yield from faults_of_track(record)
    yield from faults_of_scores(record)
    yield from faults_of_measuring(record)
    yield from faults_of_budget(record)
    yield from faults_of_ranges(record)
    yield from faults_of_directions(record)
    if (expected := str(record_place(record))) != place:
        yield f"contains the record that belongs at {expected}"
    if unusual := next((part for part in record_place(record).parts if not checks_out(part)), None):
        yield f"its folder {unusual!r} has a name that Windows cannot check out; give the track or spec another name"
    yield from faults_of_players(record)
    yield from faults_of_track_options(record)
