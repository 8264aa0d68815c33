"""TOML and JSON of anyone: usable tables, or a ValueError; never a hang, a RecursionError or a number that Python refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.command import Command
from vidgen_bench.system.parsing import LARGEST, parse_json_text, parse_toml_text

DOTTED = ".".join(["a"] * 20_000)

HOSTILE = {
    "nested lists": ("x = " + "[" * 20_000, "nested too deeply"),
    "nested tables": ("x = " + "{a=" * 20_000, "nested too deeply"),
    "a long number": ("x = " + "9" * 5000, "digits"),
    "a long number in another base": (f"x = [{{ y = 0x{'f' * 4000} }}]", "more than 64 bits"),
    "a dotted key": (f"{DOTTED} = 1", "more than 32 parts"),
    "a dotted table": (f"[{DOTTED}]", "more than 32 parts"),
    "a dotted key with spaces": (f"{DOTTED.replace('.', ' . ')} = 1", "more than 32 parts"),
    "a dotted key with quotes": (f"x = {{{DOTTED.replace('a', chr(34) + 'a' + chr(34))} = 1}}", "more than 32 parts"),
    "a large file": ("#" * (LARGEST + 1), "at most 1,048,576 are read"),
    "no text": (b"\xff", "utf-8"),
    "a long word": ("a" * LARGEST, "Expected '='"),
    "a long quoted word": ("x = '" + "a" * 1000 + "\n" + "a" * (LARGEST - 2000), "end of document"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(60)
def test_hostile_toml_is_a_value_error(name: str) -> None:
    text, words = HOSTILE[name]
    with pytest.raises(ValueError, match=words):
        parse_toml_text(text if isinstance(text, bytes) else text.encode())


def test_usual_toml_is_read() -> None:
    dots = ". ".join(["A sentence"] * 20)
    text = f'summary = "{dots}..."\nurl = "https://a.b.c/d.e"\n[a.b."c.d"]\nx = 1.5\n'
    assert parse_toml_text(text.encode())["a"] == {"b": {"c.d": {"x": 1.5}}}


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, b"\xff", ""])
def test_hostile_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json_text(text)


@pytest.mark.parametrize("command", ["tracks show", "protocols show", "ablate"])
@pytest.mark.parametrize("name", HOSTILE)
def test_commands_refuse_hostile_files_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    text = HOSTILE[name][0]
    (tmp_path / "mine.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = Command(tmp_path, monkeypatch, capsys)(*command.split(), "mine.toml")
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert len(done.err) < 400
