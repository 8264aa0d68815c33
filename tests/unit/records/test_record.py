"""Records: written whole, read back equal, and refused with place and fix where they were edited into nonsense."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.kit.record_files import DECLARED, EXTERNAL, STAMP, record
from vidgen_bench.config.track import load_track, track_fingerprint
from vidgen_bench.errors import RecordError
from vidgen_bench.records.entries import Score, mean_and_std
from vidgen_bench.records.record import read_record, write_record

Table = dict[str, Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A valid record's file."""
    write_record(tmp_path / "record.json", record())
    return tmp_path / "record.json"


def message_of(path: Path) -> str:
    with pytest.raises(RecordError) as caught:
        read_record(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_what_is_written_is_read_back(path: Path) -> None:
    assert read_record(path) == record()
    assert read_record(path).text() == path.read_text()


def test_measured_comes_last_and_the_schema_first() -> None:
    keys = list(json.loads(record().text()))
    assert keys[0] == "schema"
    assert keys[-1] == "measured"


def test_a_diverged_run_is_a_record_without_scores(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", record(diverged=True))
    assert read_record(tmp_path / "record.json").scores == {}


def _set(*keys: str | int, to: Any) -> Callable[[Table], None]:
    def change(table: Any) -> None:
        for key in keys[:-1]:
            table = table[key]
        table[keys[-1]] = to

    return change


def _drop(*keys: str) -> Callable[[Table], None]:
    def change(table: Any) -> None:
        for key in keys[:-1]:
            table = table[key]
        del table[keys[-1]]

    return change


NONSENSE: dict[str, tuple[Callable[[Table], None], list[str]]] = {
    "wrong type": (_set("seed", to="zero"), ["seed:", "valid integer", "found 'zero'"]),
    "list for a table": (_set("track", to=[]), ["track:", "valid dictionary"]),
    "text for a number": (_set("scores", "fid", "mean", to="good"), ["scores.fid.mean:", "found 'good'"]),
    "wrong mean": (_set("scores", "fid", "mean", to=1.0), ["scores.fid:", "mean 1.0", "do not match the values"]),
    "wrong spread": (_set("scores", "fid", "std", to=0.001), ["scores.fid:", "do not match the values"]),
    "a value changed": (_set("scores", "is", "values", 0, to=99.0), ["scores.is:", "do not match the values"]),
    "no values": (_set("scores", "is", "values", to=[]), ["scores.is.values:", "at least 1 item"]),
    "unknown key": (_set("sede", to=1), ["sede: unknown key. Did you mean 'seed'?"]),
    "unknown inner key": (_set("track", "finger", to=1), ["track.finger: unknown key. Did you mean 'fingerprint'?"]),
    "unknown key in a mapping": (
        _set("scores", "is", "men", to=1),
        ["scores.is.men: unknown key. Did you mean 'mean'?"],
    ),
    "missing key": (_drop("options"), ["options: this key is missing"]),
    "missing inner key": (_drop("track", "fingerprint"), ["track.fingerprint: this key is missing"]),
    "unknown status": (_set("status", to="excellent"), ["status:", "'finished', 'diverged' or 'external'"]),
    "unknown origin": (
        _set("options", "backbone.width", "origin", to="luck"),
        ["options.backbone.width.origin:", "found 'luck'"],
    ),
    "negative": (_set("spent", "iterations", to=-1), ["spent.iterations:", "greater than or equal to 0"]),
    "not a number": (_set("scores", "is", "mean", to=math.nan), ["scores.is.mean:", "finite number"]),
    "infinite": (_set("measured", "device_hours", to=math.inf), ["measured.device_hours:", "finite number"]),
    "track edited": (
        _set("track", "declared", "evaluation", "every", to=7),
        ["fingerprint does not match its declaration"],
    ),
    "fingerprint edited": (_set("track", "fingerprint", to="v1:0"), ["fingerprint does not match its declaration"]),
    "finished without scores": (_set("scores", to={}), ["a finished run must have scores"]),
    "finished without a best": (_set("best", to=None), ["a finished run must have scores and a best checkpoint"]),
    "metric not described": (_drop("metrics", "is"), ["metrics has no entry for is"]),
    "protocol not described": (
        _set("metrics", "is", "protocol", to="c3d-tgan-v9"),
        ["metrics names the protocol 'c3d-tgan-v9', which is missing from protocols"],
    ),
    "protocol edited": (
        _set("protocols", STAMP.id, "sha256", to="cd" * 32),
        ["protocols:", "is not the id of its entry", "edited by hand"],
    ),
    "external without clips": (
        _set("status", to="external"),
        ["status 'external' needs scores and the section external"],
    ),
    "clips of a run": (
        _set("external", to={"source": "s", "kind": "npy", "clips": 2, "used": 2, "sha256": "ab"}),
        ["status 'external'", "no other status may have"],
    ),
    "no protocol": (
        _set("protocols", "x", to={"protocol": {}, "instrument": "i", "sha256": "", "real": ""}),
        ["protocols.x.protocol:", "this is not a valid protocol", "name: this key is missing"],
    ),
    "samples in words": (
        _set("protocols", STAMP.id, "protocol", "samples", to="many"),
        ["protocol:", "samples:", "found 'many'"],
    ),
    "a key that no id covers": (
        _set("protocols", STAMP.id, "protocol", "summary", to="words"),
        ["this is not a valid protocol", "unknown key 'summary'; valid: name, version"],
    ),
    "watched under what is not there": (
        _set("watched", to="c3d-tgan-v9"),
        ["watched names the protocol 'c3d-tgan-v9', which is missing from protocols"],
    ),
    "watched under nothing": (_set("watched", to=None), ["watched is missing: it must name the protocol"]),
    "best by another metric": (
        _set("best", "metric", to="is"),
        ["best.metric is 'is', but the track selects by 'fid'"],
    ),
    "a better best": (
        _set("best", "value", to=1.0),
        ["best is not in trace: no evaluation of iteration 400 has fid = 1.0"],
    ),
    "best of another iteration": (_set("best", "iteration", to=7), ["best is not in trace", "iteration 7"]),
    "no plugins": (_set("plugins", to=[]), ["plugins does not list the instrument c3d-shapes"]),
    "a metric of nobody": (_set("plugins", 3, "name", to="si"), ["plugins does not list the metric is"]),
    "a backbone of nobody": (_set("plugins", 0, "kind", to="temporal"), ["plugins does not list the backbone"]),
    "a metric of two": (
        _set("plugins", 3, to={"kind": "metric", "name": "fid", "distribution": "evil", "version": "9"}),
        ["plugins lists the metric fid twice"],
    ),
    "scores of a run that diverged": (_set("status", to="diverged"), ["a run that diverged must not have scores"]),
    "a metric that no plugin could be called": (
        _set("metrics", "a (b)", to={"title": "A", "better": "higher", "protocol": STAMP.id}),
        ["metrics: expected a name of lower-case letters", "(found 'a (b)')"],
    ),
    "beyond every sum": (
        _set("scores", "is", to={"values": [1e200, -1e200], "mean": 0.0, "std": 1e200}),
        ["scores.is:", "beyond 1e+100"],
    ),
    "more parameters than there can be": (_set("parameters", "temporal", to=10**400), ["parameters.temporal:", "less"]),
    "more hours than there can be": (_set("measured", "device_hours", to=1e308), ["measured.device_hours:", "less"]),
    "metric in no direction": (
        _set("metrics", "is", "better", to="up"),
        ["metrics.is.better:", "'higher', 'lower' or 'neither'"],
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_with_its_place_and_a_fix(path: Path, name: str) -> None:
    change, words = NONSENSE[name]
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))
    message = message_of(path)
    for word in [*words, "or delete it and run the spec again"]:
        assert word in message


@pytest.mark.parametrize("content", [b"", b"{", b"null\x00", b"\x80\x81\xff\x00PK", b'{"schema": 1,}', b"[" * 100_000])
def test_what_is_no_json(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "is not valid JSON" in message_of(path)


def test_half_a_surrogate_pair_is_no_text(path: Path) -> None:
    path.write_text(path.read_text().replace('"value": 1.0', '"value": "\\ud800"'))
    assert "\\ud800" in path.read_text()
    assert "is not valid JSON" in message_of(path)


@pytest.mark.parametrize("depth", [60, 300, 700, 980])
def test_tables_in_tables_in_tables(path: Path, depth: int) -> None:
    table = json.loads(path.read_text())
    table["options"]["backbone.width"]["value"] = "deep"
    path.write_text(json.dumps(table).replace('"deep"', "[" * depth + "]" * depth))
    assert "is nested deeper than 50 levels" in message_of(path) or "is not valid JSON" in message_of(path)


def test_more_clips_measured_than_there_are(path: Path) -> None:
    made = json.loads(record(**EXTERNAL).text())
    made["external"]["used"] = 1101
    path.write_text(json.dumps(made))
    assert "external: 1101 clips were scored, but there are only 1100" in message_of(path)


def test_scores_under_another_protocol_keep_the_best_of_the_run(path: Path) -> None:
    """What ``vidgen-bench evaluate`` writes of a run: its checkpoint was selected by a metric that is not scored again."""
    entry = {"fvd": {"title": "FVD", "better": "lower", "protocol": STAMP.id}}
    again = record(metrics=entry, scores={"fvd": [900.0]}, anchors={})
    write_record(path, again)
    assert read_record(path).best == record().best


def test_a_record_cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "is not valid JSON" in message_of(path)


@pytest.mark.parametrize("content", ["[]", "3", '"text"', "null", "true"])
def test_json_that_is_no_table(path: Path, content: str) -> None:
    path.write_text(content)
    assert "the whole table:" in message_of(path)


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in message_of(tmp_path / "absent.json")
    assert "is a folder; expected a regular file" in message_of(tmp_path)


def test_many_faults_are_told_but_not_all(path: Path) -> None:
    path.write_text("{}")
    assert 5 <= message_of(path).count("this key is missing") <= 8


def test_score_is_mean_and_population_deviation() -> None:
    score = Score.of([1.0, 2.0, 4.0, 5.0])
    assert (score.mean, score.std) == (3.0, math.sqrt(2.5))
    assert mean_and_std([7.0]) == (7.0, 0.0)
    with pytest.raises(ValidationError, match="finite"):
        Score(values=(math.nan,), mean=math.nan, std=0.0)


def test_the_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    turned = {key: DECLARED[key] for key in reversed(DECLARED)}
    assert list(turned) != list(DECLARED)
    assert track_fingerprint(turned) == track_fingerprint(DECLARED)


def test_a_record_holds_what_its_track_declares() -> None:
    track = load_track("ucf101-64-paper")
    made = record(declared=track.declared)
    assert made.track.fingerprint == track.fingerprint


def test_a_record_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    changed = record().model_copy(update={"scores": {}})  # a copy skips the rules
    with pytest.raises(ValidationError, match="a finished run must have scores"):
        write_record(tmp_path / "record.json", changed)
    assert not (tmp_path / "record.json").exists()
