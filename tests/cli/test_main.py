"""The console script: help, version, exit codes, and how errors look."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.kit.command import START, Command, Done
from vidgen_bench.cli.main import COMMANDS
from vidgen_bench.errors import DataError, DataWarning, Interrupted, VidgenBenchError
from vidgen_bench.version import __version__

LIGHT = [
    ["--help"],
    ["--version"],
    ["plugins"],
    ["plugins", "--json"],
    ["plugins", "show", "ode1"],
    ["tracks"],
    ["protocols"],
    ["leaderboard"],
]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def test_version(command: Command) -> None:
    assert command("--version") == Done(0, f"vidgen-bench {__version__}\n", "")


def test_help_names_every_command(command: Command) -> None:
    done = command("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert f"│ {name} " in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_with_one_command_is_that_of_all(command: Command, name: str) -> None:
    from typer.testing import CliRunner

    from vidgen_bench.cli.main import make_app

    pages = [CliRunner().invoke(make_app(only), [name, "--help"], prog_name="x").output for only in (None, name)]
    assert pages[0] == pages[1]
    assert pages[0].strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command: Command, name: str) -> None:
    done = command(name, "--help")
    assert done.code == 0
    assert f"Usage: vidgen-bench {name}" in done.out


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_what_must_start_quickly_imports_nothing_heavy(command: Command, arguments: list[str]) -> None:
    heavy = "{'torch', 'numpy', 'scipy', 'av', 'decord', 'PIL'}"
    start = f"import atexit, sys; atexit.register(lambda: print('heavy:', sorted({heavy} & set(sys.modules)))); {START}"
    done = command.spawn(*arguments, start=start, VIDGEN_BENCH_PLUGINS="vidgen-bench")
    assert done.code == 0, done.err
    assert done.out.endswith("heavy: []\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runn"], "No such command 'runn'"),
        (["--verbos"], "No such option: --verbos"),
        (["leaderboard", "--format", "xml"], "'xml'"),
        (["leaderboard", "extra"], "unexpected extra argument"),
        (["plugins", "ode1"], "No such command 'ode1'"),
        (["plugins", "show"], "Missing argument"),
    ],
)
def test_usage_errors_exit_with_2(command: Command, arguments: list[str], words: str) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


def _ending(command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Done:
    from vidgen_bench.cli import main

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(main, "make_app", lambda only: fail)
    return command()


@pytest.mark.parametrize(
    ("error", "code"),
    [(VidgenBenchError("It failed."), 1), (DataError("It was wrong."), 2), (Interrupted("It is saved."), 130)],
)
def test_our_errors_are_a_message_and_a_code(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: VidgenBenchError, code: int
) -> None:
    done = _ending(command, monkeypatch, error)
    said = "It is saved.\n" if code == 130 else f"error: {error}\n"  # a stop that was asked for is no error
    assert (done.code, done.out, done.err) == (code, "", said)


def test_flags_have_no_type_in_the_help(command: Command) -> None:
    for words in (
        ["--help"],
        ["run", "--help"],
        ["runs", "rm", "--help"],
        ["data", "prepare", "--help"],
        ["cache", "--help"],
    ):
        done = command(*words)
        assert done.code == 0
        assert "--help" in done.out
        assert "bool" not in done.out
    assert "<int range>" in command("run", "--help").out


def test_a_message_is_neither_markup_nor_folded(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"[red]not red[/red] :smile: {'/long' * 60}"
    assert _ending(command, monkeypatch, DataError(text)).err == f"error: {text}\n"


def test_a_warning_about_the_data_is_a_message(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(prog_name: str) -> None:
        warnings.warn("Nothing moves.", DataWarning, stacklevel=1)
        warnings.warn("Something else.", UserWarning, stacklevel=1)

    monkeypatch.setattr("vidgen_bench.cli.main.make_app", lambda only: warn)
    with pytest.warns(UserWarning, match="Something else"):
        done = command()
    assert (done.code, done.out) == (0, "")
    assert done.err == "warning: Nothing moves.\n"


def test_ctrl_c_inside_a_command_is_told_too(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vidgen_bench.config.track.shipped_tracks", interrupted)
    done = command("tracks")
    assert (done.code, done.out) == (130, "")
    assert done.err.startswith("interrupted: Finished work is kept")


def test_ctrl_c_exits_with_130(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _ending(command, monkeypatch, KeyboardInterrupt())
    assert (done.code, done.out) == (130, "")
    assert done.err == "interrupted: Finished work is kept. Run the same command again to resume.\n"


@pytest.mark.parametrize("error", [KeyError("oops\nline two"), RecursionError("deep"), OSError("no number")])
def test_an_internal_error_is_one_line_that_says_how_to_see_more(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.delenv("VIDGEN_BENCH_DEBUG", raising=False)
    done = _ending(command, monkeypatch, error)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert done.err.startswith(f"internal error: {type(error).__name__}: ")
    assert "please report it, with the traceback that VIDGEN_BENCH_DEBUG=1 prints" in done.err


def test_the_traceback_is_shown_when_asked_for(command: Command) -> None:
    start = "import vidgen_bench.cli.main as m\ndef fail(**_): raise KeyError('oops')\nm.make_app = lambda only: fail\nm.main()"
    quiet, loud = command.spawn(start=start), command.spawn(start=start, VIDGEN_BENCH_DEBUG="1")
    assert quiet.code == loud.code == 1
    assert "Traceback" not in quiet.err
    assert "Traceback (most recent call last)" in loud.err
    assert "in fail" in loud.err


def test_a_reader_that_goes_away_is_no_error(command: Command) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", START, "plugins", "--json"],
        cwd=command.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"VIDGEN_BENCH_PLUGINS": "vidgen-bench"},
    )
    assert first.stdout is not None
    assert first.stderr is not None
    first.stdout.close()
    assert first.stderr.read() == b""
    first.stderr.close()
    assert first.wait(timeout=60) in (0, 1)


def test_a_terminal_that_cannot_show_arrows_shows_something(command: Command) -> None:
    done = command.spawn("leaderboard", "--help", PYTHONIOENCODING="ascii")
    assert done.code == 0, done.err
    assert "--format" in done.out


def test_on_a_terminal_the_prefix_is_red_and_words_stay_whole(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    long = "/".join(["folder"] * 20)
    start = (
        "import vidgen_bench.cli.main as m\nfrom vidgen_bench.errors import DataError\n"
        f"def fail(**_): raise DataError('Not there: {long} [bold] ' + 'word ' * 30)\nm.make_app = lambda only: fail\nm.main()"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")} | {
        "TERM": "xterm",
        "COLUMNS": "40",
    }
    done = subprocess.Popen([sys.executable, "-c", start], cwd=tmp_path, stderr=theirs, env=environment)
    assert done.wait(timeout=60) == 2
    os.close(theirs)
    shown = os.read(ours, 65536).decode().replace("\r\n", "\n")
    os.close(ours)
    assert "\x1b[1;31merror:\x1b[0m" in shown
    assert long in shown
    assert "[bold]" in shown
    assert all(len(line) <= 40 for line in shown.splitlines() if "folder" not in line and "\x1b" not in line)
