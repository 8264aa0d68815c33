"""Names in records follow the grammar of names; numbers that JSON does not have are texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from tests.kit.record_files import EXTERNAL, STAMP, record
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.track import load_track, shipped_tracks
from vidgen_bench.errors import RecordError
from vidgen_bench.host.host import Host, Kind
from vidgen_bench.host.options import listed
from vidgen_bench.records.entries import PluginEntry, Setting
from vidgen_bench.records.record import parse_record, read_record, write_record

HOST = Host.of_environment()

TEXT = record().text()

NAMES = {
    "spec": ('"spec": "tgan+ode1"', '"spec": {}', "spec: expected a spec such as tgan+ode1:equal"),
    "track": ('"name": "test-64"', '"name": {}', "track.name: expected a track's name"),
    "data set": ('"name": "shapes",\n    "fingerprint"', '"name": {},\n    "fingerprint"', "data.name: expected a name of"),
    "metric": ('"fid"', "{}", "expected a name of"),
    "anchor": ('"grey"', "{}", "anchors: expected a name of"),
    "plugin": ('"name": "ode1"', '"name": {}', "plugins.1.name: expected a name of"),
    "kind": ('"kind": "temporal"', '"kind": {}', "plugins.1.kind: expected a kind of plugin"),
    "option": ('"temporal.order"', "{}", "options: expected an option such as temporal.hidden"),
    "instrument": (f'"instrument": "{STAMP.instrument}"', '"instrument": {}', ".instrument: expected lower-case letters"),
    "protocol": ('"name": "c3d-tgan"', '"name": {}', "name: expected lower-case letters"),
    "change": ('"changes": []', '"changes": [{}]', ".changes: expected changes such as trim=16"),
}  # fmt: skip

BAD = [
    "",
    "[/x]",
    "=1+1",
    "a\u202eb",
    "a\x1b[2J",
    "A",
    "a b",
    "a|b",
    "<b>",
    "![x](y)",
    "../x",
    "a\n",
    "é",
    "a:b:c",
    "+a",
]


@pytest.mark.parametrize(
    ("name", "bad"),
    [(name, bad) for name in NAMES for bad in BAD if (name, bad) != ("kind", "a b")],  # a kind may have two words
)
def test_a_name_outside_its_grammar_is_refused_by_field(name: str, bad: str) -> None:
    before, after, words = NAMES[name]
    assert before in TEXT
    with pytest.raises(RecordError) as caught:
        parse_record(TEXT.replace(before, after.replace("{}", json.dumps(bad))).encode(), "x/record.json")
    assert words in str(caught.value)
    assert "x/record.json" in str(caught.value)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_installed_plugin_has_names_that_a_record_takes(kind: Kind) -> None:
    for plugin in HOST.of(kind):
        if kind in ("backbone", "temporal"):
            options = {f"{kind}.{o.name}": (o.default, "default") for o in listed(plugin.declaration.options)}
            variants = getattr(plugin.declaration, "variants", {})
            other = "tgan" if kind == "temporal" else None
            for variant in (None, *variants):
                spec = f"{other}+{plugin.name}" if other else plugin.name
                made = record(f"{spec}:{variant}" if variant else spec, options=options)
                assert parse_record(made.text().encode(), "x").text() == made.text()
        elif kind != "pairing":
            assert PluginEntry(kind=kind, name=plugin.name, distribution="x", version="1").name == plugin.name


@pytest.mark.parametrize("track", shipped_tracks())
@pytest.mark.parametrize(
    "budget", [None, Budget(iterations=5, device_hours=1e-5), Budget(flops=1e20, clips=7), Budget(device_hours=0.5)]
)
def test_every_shipped_track_with_any_budget_is_a_name(track: str, budget: Budget | None) -> None:
    chosen = load_track(track) if budget is None else load_track(track).derived(budget)
    assert record(track=chosen.name).track.name == chosen.name


def test_the_names_of_external_clips_are_specs() -> None:
    assert record("my-diffusion.v2_x", **EXTERNAL).spec == "my-diffusion.v2_x"


def test_a_number_that_json_does_not_have_is_written_as_a_text(tmp_path: Path) -> None:
    made = record(
        options={"temporal.limit": (float("inf"), "default"), "temporal.many": ((1.0, float("nan")), "given")}
    )
    write_record(tmp_path / "record.json", made)
    text = (tmp_path / "record.json").read_text()
    assert "Infinity" not in text
    assert "NaN" not in text
    read = read_record(tmp_path / "record.json")
    assert {name: s.value for name, s in read.options.items()} == {
        "temporal.limit": "inf",
        "temporal.many": [1.0, "nan"],
    }
    assert Setting(value=float("-inf"), origin="given").value == float("-inf")  # a plugin gets the number


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_number_that_json_does_not_have_is_a_text_or_refused(number: str) -> None:
    text = record(options={"temporal.limit": (12345.5, "given")}).text()
    (value,) = {s.value for s in parse_record(text.replace("12345.5", number).encode(), "x").options.values()}
    assert value in ("inf", "-inf", "nan")
    with pytest.raises(RecordError, match="device_hours: Input should be a finite number"):
        parse_record(text.replace("0.0778", number).encode(), "x")
    with pytest.raises(RecordError, match="the track's fingerprint does not match"):
        parse_record(text.replace('"iterations": 400\n      }', f'"iterations": {number}\n      }}').encode(), "x")
