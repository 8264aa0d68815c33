"""``vidgen-bench plugins new``: what it prints, and what it refuses."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.kit.command import Command
from tests.kit.plugin_files import TEMPORAL, install


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def test_it_writes_a_package_and_says_what_to_type_next(command: Command) -> None:
    done = command("plugins", "new", "my-ode")
    assert (done.code, done.err) == (0, "")
    assert (command.folder / "my-ode" / "vidgen_my_ode" / "network.py").is_file()
    assert "my-ode is a package with the temporal generator my-ode." in done.out
    assert [line.strip() for line in done.out.splitlines() if line.startswith("  ")] == [
        "pip install -e my-ode",
        "vidgen-bench plugins check my-ode",
        "vidgen-bench run tgan+my-ode --budget iterations=3",
        "vidgen-bench leaderboard",
    ]


def test_a_backbone_goes_into_a_folder_that_is_made(command: Command) -> None:
    done = command("plugins", "new", "my-gan", "--kind", "backbone", "--into", "my work/plugins")
    assert (done.code, done.err) == (0, "")
    (line,) = [line for line in done.out.splitlines() if "pip install" in line]
    folder = command.folder / shlex.split(line)[-1]
    assert folder == command.folder / "my work" / "plugins" / "my-gan"
    assert (folder / "vidgen_my_gan" / "game.py").is_file()
    for spec in ("my-gan", "my-gan+ode1"):
        assert f"\n  vidgen-bench run {spec} --budget iterations=3\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["My-Ode"], "error: 'My-Ode' is not a valid plugin name: expected lower-case letters"),
        (["ode1"], "error: There is already a temporal generator 'ode1': vidgen-bench "),
        (["tgan", "--kind", "backbone"], "error: There is already a backbone 'tgan': vidgen-bench "),
        (["import"], "error: 'import' is a Python keyword. Choose another name, such as 'my-import'."),
        (["pairings"], "error: The package of 'pairings' would be named vidgen_pairings"),
        (["there"], "error: there exists already and is not overwritten. Remove it, or choose another name"),
        (["my-ode", "--into", "there/file"], "error: --into there/file: expected a folder, and this is a file."),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(command: Command, arguments: list[str], message: str) -> None:
    (command.folder / "there").mkdir()
    (command.folder / "there" / "file").write_text("mine")
    done = command("plugins", "new", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(message)
    assert sorted(p.name for p in command.folder.rglob("*")) == ["file", "there"]


def test_a_kind_that_cannot_be_begun_is_refused(command: Command) -> None:
    done = command("plugins", "new", "mine", "--kind", "metric")
    assert done.code == 2
    assert "'temporal', 'backbone'" in done.err


def test_a_folder_that_cannot_be_written_ends_without_a_traceback(command: Command) -> None:
    (command.folder / "file").write_text("mine")
    done = command("plugins", "new", "my-ode", "--into", "file/below")
    assert done.code == 1
    assert "could not be written" in done.err


def test_a_third_party_name_is_taken_and_its_prints_are_not_in_the_output(command: Command) -> None:
    site = command.folder / "site"
    install(site, "strange", "2.5", vidgen_still="print('hello')\n" + TEMPORAL.format(name="still"))
    there = {"PYTHONPATH": str(site)}
    taken = command.spawn("plugins", "new", "still", **there)
    assert (taken.code, taken.out) == (2, "")
    assert "There is already a temporal generator 'still': strange 2.5" in taken.err
    module = command.spawn("plugins", "new", "still", "--kind", "backbone", **there)
    assert module.code == 2
    assert "would be named vidgen_still, but a module with that name is installed" in module.err
    done = command.spawn("plugins", "new", "mine", **there)
    assert done.code == 0
    assert "hello" not in done.out


def test_no_torch_is_needed(command: Command) -> None:
    start = "import sys; sys.modules['torch'] = None; from vidgen_bench.cli.main import main; main()"
    assert command.spawn("plugins", "new", "my-ode", start=start).code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a folder's permissions are POSIX")
def test_the_folder_is_as_readable_as_any(command: Command) -> None:
    (command.folder / "ordinary").mkdir()
    command("plugins", "new", "my-ode")
    assert (command.folder / "my-ode").stat().st_mode == (command.folder / "ordinary").stat().st_mode
