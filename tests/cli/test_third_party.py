"""Third-party plugins written for another API, or that raise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.plugin_files import TEMPORAL, install

API = 'api: str = "1.0"'


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def site(command: Command, api: str = API) -> dict[str, str]:
    """Install a temporal generator ``still`` that states this API, under an entry point of another name."""
    assert API in TEMPORAL
    install(command.folder / "site", "strange", "2.5", strange_entry=TEMPORAL.replace(API, api).format(name="still"))
    return {"PYTHONPATH": str(command.folder / "site")}


@pytest.mark.parametrize(
    ("api", "advice"),
    [
        (
            'api: str = "2.0"',
            "it was written for API 2.0, and this vidgen-bench has 1.3; install a vidgen-bench with API 2",
        ),
        ('api: str = "0.9"', "for API 0.9, and this vidgen-bench has 1.3; install a release of the plugin for API 1"),
        ("", "'api' is None, expected the version of vidgen_bench.api it was written for; write api = \"1.3\""),
    ],
)
def test_another_api_is_listed_as_broken_with_what_to_do(command: Command, api: str, advice: str) -> None:
    listed = command.spawn("plugins", **site(command, api))
    assert listed.code == 0
    text = " ".join(listed.out.split())
    assert "broken strange 2.5 (entry point 'strange_entry') hook vidgen_temporal: temporal 'still': " in text
    assert advice in text


@pytest.mark.parametrize(
    "arguments", [["plugins", "show", "still"], ["plugins", "check", "still"], ["run", "tgan+still", "--dry-run"]]
)
def test_another_api_is_refused_by_every_command(command: Command, arguments: list[str]) -> None:
    refused = command.spawn(*arguments, **site(command, 'api: str = "2.0"'))
    assert (refused.code, refused.out) == (2, "")
    assert "'still' cannot be " in refused.err
    assert "strange 2.5 (entry point 'strange_entry') is broken: " in refused.err
    assert refused.err.endswith("install a vidgen-bench with API 2\n")


def test_a_later_release_of_this_api_is_taken(command: Command) -> None:
    shown = command.spawn("plugins", "show", "still", **site(command, 'api: str = "1.7"'))
    assert (shown.code, shown.err) == (0, "")


def test_a_plugin_that_ends_the_program_is_reported_as_a_failure(command: Command) -> None:
    end = "import vidgen_bench.config.track as t, strange_entry as s, vidgen_bench.cli.main as m; import torch\n"
    end += "t.shipped_tracks = lambda: s.Still().build(None, None)\nm.main()"
    there = site(command)
    module = command.folder / "site" / "strange_entry.py"
    module.write_text(module.read_text().replace("raise NotImplementedError", "raise SystemExit(0)"))
    ended = command.spawn("tracks", start=end, **there)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: The plugin package strange 2.5 (strange_entry.py, line ")
    assert "ended the program" in ended.err


def test_an_exception_of_a_plugin_is_reported_with_its_location(command: Command) -> None:
    failed = command.spawn("run", "tgan+still", "--dry-run", **site(command))
    assert failed.code == 1
    line = next(i for i, text in enumerate(TEMPORAL.splitlines(), 1) if "raise NotImplementedError" in text)
    place = f"(strange_entry.py, line {line}, in build)"
    assert failed.err.startswith(f"error: The plugin package strange 2.5 {place} raised NotImplementedError")
    assert "report" not in failed.err
    assert "Traceback" not in failed.err
