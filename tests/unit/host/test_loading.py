"""What third-party modules may do while they are imported."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.kit.command import START
from tests.kit.forked import THREADS, run_command
from tests.kit.plugin_files import install
from vidgen_bench.host.loading import Announcer, EndedProcess, guarded


def test_leaving_is_possible_again_after_the_block() -> None:
    before = os._exit
    with pytest.raises(EndedProcess), guarded():
        os._exit(0)
    assert os._exit is before


def test_what_a_module_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    with guarded():
        print("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_a_plugin_that_loads_for_long_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    named = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            named.set()

    logger = logging.getLogger("vidgen_bench.host")
    handler = Handler()
    logger.addHandler(handler)
    try:
        with Announcer("Leave it out.", seconds=0.05) as announcer:
            announcer.begin("mine 1.0 (entry point 'x')")
            assert named.wait(30)
            named.clear()
            assert not named.wait(0.3)
    finally:
        logger.removeHandler(handler)
    assert caplog.messages == ["Still loading the plugin mine 1.0 (entry point 'x'). Leave it out."]


def call(folder: Path, *arguments: str, start: str | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | THREADS | {"PYTHONPATH": path, "COLUMNS": "200"}
    if start is None:
        return run_command(arguments, folder, environment)
    call = [sys.executable, "-c", start, *arguments]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import os; os._exit(0)", "EndedProcess: it called os._exit(0)"),
        ("class X(BaseException): pass\nraise X('mine')", "X: mine"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
    ],
)
def test_a_plugin_that_ends_at_import_is_listed_and_the_command_works(tmp_path: Path, source: str, cause: str) -> None:
    install(tmp_path, "naughty", wild=source)
    listed = call(tmp_path, "plugins")
    assert listed.returncode == 0, listed.stderr
    assert "naughty 1.0 (entry point 'wild')" in listed.stdout
    assert cause in listed.stdout
    assert call(tmp_path, "run", "tgan+conv1d", "--dry-run").returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_a_plugin_forks_does_not_run_the_command_again(tmp_path: Path) -> None:
    install(tmp_path, "naughty", wild="import os; os.fork()\nfrom vidgen_bench import hookimpl")
    assert call(tmp_path, "tracks", "--json").stdout == call(tmp_path, "tracks", "--json").stdout
    listed = call(tmp_path, "plugins")
    assert listed.stdout.count("naughty 1.0") == 1


def test_a_plugin_that_crashes_is_named_by_its_file(tmp_path: Path) -> None:
    install(tmp_path, "naughty", wild="import ctypes\nctypes.string_at(0)")
    done = call(tmp_path, "plugins")
    assert done.returncode != 0
    assert "wild.py" in done.stderr


def test_a_plugin_that_loops_is_named(tmp_path: Path) -> None:
    install(tmp_path, "naughty", wild="import time\nfor _ in range(20):\n    time.sleep(0.1)")
    start = "import vidgen_bench.host.loading as l; l.Announcer.__init__.__defaults__ = (0.5,); l.HELD = 1.5; " + START
    done = call(tmp_path, "plugins", start=start)
    assert "Still loading the plugin naughty 1.0 (entry point 'wild'). Set VIDGEN_BENCH_PLUGINS" in done.stderr
    assert "Timeout" not in done.stderr


def test_a_plugin_that_lets_no_other_thread_run_is_named_by_its_file(tmp_path: Path) -> None:
    install(
        tmp_path, "naughty", wild="import ctypes\nctypes.PyDLL(None).usleep(900_000)"
    )  # keeps the lock of the interpreter
    start = "import vidgen_bench.host.loading as l; l.HELD = 0.3; " + START
    done = call(tmp_path, "plugins", start=start)
    assert done.returncode == 0
    assert 'wild.py", line 2 in <module>' in done.stderr


@pytest.mark.parametrize(
    ("start", "thread", "module"),
    [
        ("threading.Thread(target=time.sleep, args=(3600,), name='mine').start()", "mine", "time"),
        # Python waits for these threads before it marks the main thread as ended
        ("pool = ThreadPoolExecutor(1, 'mine'); pool.submit(time.sleep, 3600)", "mine_0", "concurrent.futures.thread"),
    ],
)
def test_a_thread_that_a_plugin_leaves_does_not_keep_the_command(
    tmp_path: Path, start: str, thread: str, module: str
) -> None:
    imports = "import threading, time\nfrom concurrent.futures import ThreadPoolExecutor\n"
    install(tmp_path, "naughty", wild=imports + start)
    done = call(tmp_path, "plugins", start="import vidgen_bench.cli.leftover_threads as l; l.SECONDS = 0.2; " + START)
    assert done.returncode == 0
    assert f"warning: The thread {thread!r} of the module {module} was still running" in done.stderr
    assert "naughty" in done.stdout
