"""The process of one job as the first process sees it: its messages, and where a plugin's output goes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence

import pytest

from vidgen_bench.experiments.ablate.messages import Caution, Done, Failed, Message, Report, decode

START = """
import os, signal, sys, threading, time, warnings
from vidgen_bench.errors import DataWarning
from vidgen_bench.experiments.ablate import worker
from vidgen_bench.experiments.ablate.messages import Done
def execute(task, seed, threads, sender):
{body}
    return Done(False)
worker._execute = execute
worker.main()
"""
"""A process whose run does what a test says, without torch."""


def messages_of(body: str, before: Sequence[str] = ()) -> tuple[list[Message], str]:
    """Return the messages of a process until its standard output ends, and its standard error."""
    script = START.format(body=textwrap.indent(textwrap.dedent(body), "    "))
    done = subprocess.run(
        [*before, sys.executable, "-c", script],
        input=b"[{}, 0, 1]\n",
        capture_output=True,
        timeout=20,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    return [decode(line) for line in done.stdout.splitlines()], done.stderr.decode()


def test_what_a_plugin_prints_goes_to_standard_error_and_none_is_lost() -> None:
    body = """
    print("printed")
    sys.stdout.write("half a line")
    os.write(1, b"written to the descriptor ")
    os.system("echo by a program")
    """
    messages, text = messages_of(body)
    assert messages == [Done(False)]
    for part in ("printed", "half a line", "written to the descriptor", "by a program"):
        assert part in text


@pytest.mark.parametrize("place", ["2>&-", "2>/dev/full"])
def test_a_closed_or_full_standard_error_does_not_stop_a_run(place: str) -> None:
    body = """
    print("printed", flush=True)
    warnings.warn("not about the data")
    warnings.warn(DataWarning("about the data"))
    """
    messages, _ = messages_of(body, ["sh", "-c", f'exec "$@" {place}', "sh"])
    assert messages == [Caution("about the data"), Done(False)]


def test_a_shell_that_ignores_sigterm_does_not_keep_a_run_from_its_end() -> None:
    body = "assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL"
    assert messages_of(body, ["sh", "-c", "trap '' TERM; exec \"$@\"", "sh"])[0] == [Done(False)]


def test_a_process_that_a_plugin_forks_does_not_keep_the_messages_from_ending() -> None:
    body = """
    if not os.fork():
        warnings.warn(DataWarning("in the fork"))
        sender.stage("in the fork")
        for stream in (1, 2):
            os.close(stream)
        time.sleep(30)
        os._exit(0)
    time.sleep(0.1)
    os._exit(3)
    """
    assert messages_of(body)[0] == []


def test_numbers_of_any_library_arrive() -> None:
    body = """
    import numpy as np
    sender.progress("clips", np.int64(1), np.int32(2))
    sender.evaluated(4, {"fid": np.float32(0.5)}, 4)
    """
    messages, _ = messages_of(body)
    assert messages == [
        Report("progress", ["clips", 1, 2]),
        Report("evaluated", [4, {"fid": 0.5}, 4]),
        Done(False),
    ]


def test_ctrl_c_outside_of_an_iteration_is_a_stop() -> None:
    ignoring = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]  # as a shell does for a command in the background
    messages, text = messages_of("signal.raise_signal(signal.SIGINT); time.sleep(5)", ignoring)
    assert messages == [Failed("stopped", "Stopped at once.")]
    assert "Traceback" not in text
