"""Standard streams that are closed, full or broken: no traceback, the right exit code, and training that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.workplace import Workplace

QUICK = {"VIDGEN_BENCH_PLUGINS": "vidgen-bench"}
FULL = Path("/dev/full")

needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def shell(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which $V is vidgen-bench."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; V='{sys.executable} -m vidgen_bench'; {text}"],
        cwd=folder,
        env=os.environ | QUICK | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("$V tracks >&-", 0),
        ("$V plugins >&- 2>&-", 0),
        ("$V tracks <&- >&- 2>&-", 0),
        ("$V --help >&-", 0),
        ("$V tracks | true", 0),
        ("$V run nope 2>&-", 2),
        ("$V tracks --no-such-option 2>&-", 2),
        ("$V run nope >&- 2>&-", 2),
    ],
)
def test_a_closed_stream_changes_nothing_but_the_text(tmp_path: Path, text: str, code: int) -> None:
    done = shell(tmp_path, text)
    assert (done.returncode, done.stderr) == (code, "")


@needs_full
@pytest.mark.parametrize("command", ["tracks", "plugins --json", "--version", "--help"])
def test_a_full_standard_output_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = shell(tmp_path, f"$V {command} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("error: Standard output could not be written: No space left on device.")
    assert done.stderr.count("\n") == 1


@needs_full
def test_a_full_standard_error_keeps_the_exit_code(tmp_path: Path) -> None:
    done = shell(tmp_path, "$V run nope 2>/dev/full")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_file_is_opened_in_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    start = (
        "import os; from vidgen_bench.system.streams import harden_streams; harden_streams(); "
        "print([os.readlink(f'/proc/self/fd/{n}') for n in (0, 1)], open('x', 'w').fileno() > 2, file=open('told', 'w'))"
    )
    done = shell(tmp_path, f'{sys.executable} -c "{start}" <&- >&- 2>&-')
    assert done.returncode == 0
    assert (tmp_path / "told").read_text() == "['/dev/null', '/dev/null'] True\n"


def test_a_stream_that_is_not_ready_is_waited_for(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    start = "from vidgen_bench.system.streams import harden_streams; harden_streams(); print('word ' * 100_000)"
    done = subprocess.Popen([sys.executable, "-c", start], cwd=tmp_path, stdout=theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        assert stream.read().split() == [b"word"] * 100_000
    assert done.wait(timeout=60) == 0


@pytest.mark.parametrize("command", ["tracks", "tracks --help"])
def test_odd_terminal_sizes_leave_the_tables_as_they_are(tmp_path: Path, command: str) -> None:
    usual = shell(tmp_path, f"unset COLUMNS LINES TERMINAL_WIDTH; $V {command}")
    assert usual.stdout
    for columns in ("0", "1", "-5", "x", "", "²", "1e3", "999999999", "9" * 5000):
        sizes = {"COLUMNS": columns, "LINES": columns, "TERMINAL_WIDTH": columns}
        odd = shell(tmp_path, f"$V {command}", **sizes)
        assert (odd.returncode, odd.stdout, odd.stderr) == (0, usual.stdout, ""), columns


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stream", "code"),
    [("closed", ">&- 2>&-", 0), ("head", "| head -1", 0), pytest.param("full", ">/dev/full", 1, marks=needs_full)],
)
def test_training_goes_on_without_a_reader(prepared: Workplace, name: str, stream: str, code: int) -> None:
    runs = f"stream-{name}"
    words = " ".join(["run", "tgan+conv1d", *prepared.data_arguments, "--budget", "iterations=2", "--runs", runs])
    done = shell(prepared.root, f"$V {words} {stream}", **prepared.environment(), VIDGEN_BENCH_PLUGINS="")
    assert done.returncode == code, done.stderr
    (record,) = prepared.records(runs).values()
    assert record["status"] == "finished"


def test_an_unbuffered_stream_stays_unbuffered(tmp_path: Path) -> None:
    start = (
        "import os; from vidgen_bench.system.streams import harden_streams; harden_streams(); print('now'); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-u", "-c", start], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert done.stdout == "now\n"
