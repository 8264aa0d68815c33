"""Migration: a record that an earlier version wrote is read, and one of a later version names the version that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.record_files import EXTERNAL, hashes, record
from vidgen_bench.errors import RecordError
from vidgen_bench.records.record import read_record, write_record

SCHEMA_2 = Path(__file__).with_name("schema-2.json")
"""The record of the README's first run, as version 0.1.0 wrote it with schema 2."""


def message_of(path: Path) -> str:
    with pytest.raises(RecordError) as caught:
        read_record(path)
    return str(caught.value)


def test_a_record_of_schema_2_is_read_without_hashes() -> None:
    assert json.loads(SCHEMA_2.read_text())["schema"] == 2
    read = read_record(SCHEMA_2)
    assert (read.schema_, read.hashes, read.track.seeds) == (3, None, 5)
    assert (read.spec, read.scores["fid"].mean) == ("tgan+ode2", 172.70984132319296)


def test_a_migrated_record_is_written_with_the_current_schema(tmp_path: Path) -> None:
    read = read_record(SCHEMA_2)
    write_record(tmp_path / "record.json", read)
    assert json.loads((tmp_path / "record.json").read_text())["schema"] == 3
    assert read_record(tmp_path / "record.json") == read


def test_every_other_field_of_an_earlier_record_is_kept() -> None:
    before, after = json.loads(SCHEMA_2.read_text()), json.loads(read_record(SCHEMA_2).text())
    new = {"schema": 3, "hashes": None, "track": {**before["track"], "seeds": 5}}
    new["measured"] = {**before["measured"], "waiting": ""}
    assert after == {**before, **new}


def test_a_newer_schema_names_the_version_that_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(json.loads(record().text()) | {"schema": 4, "version": "0.7.0"}))
    message = message_of(path)
    assert "has schema 4 and was written by vidgen-bench 0.7.0" in message
    assert "reads schemas 2 to 3. Install vidgen-bench 0.7.0 or newer." in message


@pytest.mark.parametrize("version", ["\x1b[2J", "x" * 2_000_000, None, 7, ""])
def test_a_version_that_is_not_one_is_not_printed(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"schema": 4, "version": version}))
    assert "Install the version that wrote it or newer." in message_of(path)
    assert len(message_of(path)) < 300 + len(str(path))


@pytest.mark.parametrize("schema", [1, 4, 0, "2", None, [2], True, 2.0])
def test_an_unknown_schema_is_refused(tmp_path: Path, schema: Any) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(json.loads(record().text()) | {"schema": schema}))
    assert f"has schema {schema!r}" in message_of(path)
    assert "reads schemas 2 to 3" in message_of(path)


def test_only_a_finished_run_has_hashes(tmp_path: Path) -> None:
    for changes in ({"diverged": True}, EXTERNAL):
        table = json.loads(record(**changes).text())
        path = tmp_path / "record.json"
        path.write_text(json.dumps(table | {"hashes": hashes("tgan", 0)}))
        assert "hashes are those of a finished run" in message_of(path)


@pytest.mark.parametrize("text", ["", "ab", "AB" * 32, "g" * 64, "ab" * 32 + "\n"])
def test_a_hash_has_64_hexadecimal_digits(tmp_path: Path, text: str) -> None:
    table = json.loads(record().text())
    table["hashes"]["samples"] = text
    (tmp_path / "record.json").write_text(json.dumps(table))
    assert "hashes.samples:" in message_of(tmp_path / "record.json")
